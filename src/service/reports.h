/* SPDX-License-Identifier: ISC
 *
 * Disposition notifications (RFC 5438): the one that the server itself sends,
 * and what devices tell of display. */
#pragma once
#include "codec/imdn.h"
#include "service/service-priv.h"

/* message has been stored: <stored/> to its sender, when he asked for it. */
void report_stored (Service *service, const StoredMessage *message);

/* An IMDN of reader goes to writer: when it says that device (NULL: not known)
 * displayed a message, the ledger says so too. */
void report_note (Service *service, const MessageCommand *command,
                  const char *reader, const char *writer, const char *device);

/* The notification in a MESSAGE, alone or in CPIM, and its document (may be
 * NULL; the caller unrefs); NULL: none that can be read. */
Imdn *report_read (const MessageCommand *command, GBytes **document_out);

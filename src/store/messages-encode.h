/* SPDX-License-Identifier: ISC
 *
 * Messages between the port and the parameters and results of their statements. */
#pragma once
#include <libpq-fe.h>

#include "port/messages.h"

/* Is it one that PostgreSQL can have: text that is UTF-8, keys that fit into an
 * index, an id that is a number of SQL's? */
gboolean message_is_fit (const StoredMessage *message);
gboolean message_is_text (const char *text);
gboolean message_is_device (const char *device);

/* Without headers and body, for the ledger.  New. */
StoredMessage *message_copy_bare (const StoredMessage *message);

/* Appends a message to the columns of PUT_MESSAGES; times count from now. */
void message_encode (GByteArray *const *columns, const StoredMessage *message,
                     gint64 now);
/* Row i of READ_MESSAGES; now is the time of its now().  New. */
StoredMessage *message_decode (const PGresult *result, int i, gint64 now);

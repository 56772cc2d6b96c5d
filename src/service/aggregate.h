/* SPDX-License-Identifier: ISC
 *
 * Disposition notifications of a message to many, gathered into one (RFC 5438
 * 8.3): a sender who asked 200 recipients gets a few MESSAGEs, not 200.  On
 * when limits.imdn_window is not 0.
 *
 * What a recipient's device sends waits for at most that time; it is answered
 * when the MESSAGE in which it is has been delivered or stored, so nothing that
 * was answered is lost.  After a restart notifications go one by one. */
#pragma once
#include "service/service-priv.h"

Aggregates *aggregates_new (Service *service);
/* Who waits is not answered. */
void aggregates_free (Aggregates *self);

/* sender has sent a message with this imdn.Message-ID to many. */
void aggregate_expect (Aggregates *self, const char *sender,
                       const char *imdn_id);

/* A MESSAGE to recipient carries an IMDN: takes it, and answers later, when that
 * is about a message to many of his; FALSE: it goes on as it is. */
gboolean aggregate_take (Aggregates *self, const char *recipient,
                         const MessageCommand *command, MessageAnswerFn answer,
                         gpointer data);

/* Sends what is due. */
void aggregates_advance (Aggregates *self);
/* Sends all that wait. */
void aggregates_give_up (Aggregates *self);

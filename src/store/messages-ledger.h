/* SPDX-License-Identifier: ISC
 *
 * The ledger on its way to PostgreSQL: what is noted waits for a while, so that
 * much of it is one row, then goes in small parts, softly.  What does not fit is
 * forgotten, the oldest first, and counted. */
#pragma once
#include "store/messages-pg.h"

typedef struct Ledger Ledger;

/* Config is borrowed. */
Ledger *ledger_new (const PgMessagesConfig *config);
/* After the lane. */
void ledger_free (Ledger *self);

void ledger_message (Ledger *self, const StoredMessage *message);
void ledger_delivery (Ledger *self, guint64 id, const char *device,
                      MessagesState state, guint status);
void ledger_displayed (Ledger *self, const char *imdn_id, const char *sender,
                       const char *recipient, const char *device);

/* Begins to write all that is noted by now. */
void ledger_flush (Ledger *self);
/* All that was to be flushed is written. */
gboolean ledger_is_flushed (const Ledger *self);

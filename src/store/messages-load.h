/* SPDX-License-Identifier: ISC
 *
 * What the first load tells of messages. */
#pragma once
#include "port/store.h"
#include "store/control.h"

typedef struct MessagesLoad MessagesLoad;

/* Fns is borrowed. */
MessagesLoad *messages_load_new (const StoreLoadFns *fns, gpointer data);
void messages_load_free (MessagesLoad *self);
/* Forgets what was read, and reads it in the control's transaction. */
void messages_load_ask (MessagesLoad *self, Control *control);
/* Tells the next; FALSE when there is none. */
gboolean messages_load_tell (MessagesLoad *self);

/* SPDX-License-Identifier: ISC
 *
 * Sweeping messages: part by part on their lane, so that others get their turn in
 * between; then each recipient is counted, behind what was written for him. */
#pragma once
#include "store/messages-group.h"

typedef struct Sweeps Sweeps;

/* Both are borrowed. */
Sweeps *sweeps_new (const PgMessagesConfig *config, Groups *groups);
/* After the lane. */
void sweeps_free (Sweeps *self);
/* As in port/messages.h. */
void sweeps_start (Sweeps *self, guint keep, MessagesCountFn counted,
                   MessagesFn done, gpointer data);

/* SPDX-License-Identifier: ISC
 *
 * Which nonce counts were used: for each answered nonce a window of the last 64
 * (RFC 7616 3.4, nc).  The number of nonces is bounded; the first ones answered
 * are forgotten first, and then nothing as old as they is accepted.  It is
 * asked only after the response was found right, so strangers cannot fill
 * it. */
#pragma once
#include "auth/nonce.h"

typedef struct Replay Replay;

typedef enum {
  REPLAY_FRESH,     /* not seen before; it is now */
  REPLAY_SEEN,      /* seen, or more than 63 below the highest one */
  REPLAY_FORGOTTEN, /* it cannot be known any more */
} ReplayVerdict;

/* capacity: how many nonces at most, at least 1. */
Replay *replay_new (guint capacity);
void replay_free (Replay *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Replay, replay_free)

/* Notes that nc was used with the nonce.  Nonces issued before oldest (in
 * microseconds) are too old for any caller, and are let go. */
ReplayVerdict replay_use (Replay *self, const NonceStamp *nonce, guint32 nc,
                          gint64 oldest);

/* How many nonces are watched. */
guint replay_size (const Replay *self);

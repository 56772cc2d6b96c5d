/* SPDX-License-Identifier: ISC
 *
 * The table of a lock, for its tests. */
#pragma once
#include "im/lock.h"

typedef enum {
  LOCK_NONE,   /* no device has replied, or not lately */
  LOCK_HELD,   /* messages go to the device that replied */
  LOCK_ASLEEP, /* ...whose flow has closed */
  N_LOCK,
  LOCK_REJECT, /* as a row's target: the pair cannot be, nothing happens */
} LockState;

typedef enum {
  LOCK_REPLY,         /* a device replied, the locked one if there is one */
  LOCK_REPLY_OTHER,   /* ...another one */
  LOCK_REPLY_UNKNOWN, /* ...nobody knows which */
  LOCK_REPLY_AUTO,    /* something automatic was sent */
  LOCK_MESSAGE,       /* a message of a user is to be routed */
  LOCK_NOTICE,        /* something automatic is to be routed */
  LOCK_NOT_TAKEN,     /* the locked device did not take a message */
  LOCK_HERE,          /* it registered (again) */
  LOCK_CLOSED,        /* its flow closed */
  LOCK_GONE,          /* it unregistered or expired */
  LOCK_IDLE,          /* the idle time is over */
  N_LOCK_EVENTS
} LockEvent;

/* Actions of a row. */
enum {
  LOCK_SET = 1 << 0,   /* on the device of the event */
  LOCK_TOUCH = 1 << 1, /* the idle time starts anew */
  LOCK_ONE = 1 << 2,   /* the message goes to the locked device alone */
};

typedef struct {
  guint8 to, actions;
  const char *why;
} LockRow;

extern const LockRow lock_table[N_LOCK][N_LOCK_EVENTS];

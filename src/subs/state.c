/* SPDX-License-Identifier: ISC
 *
 * The life of a subscription: the state diagram of RFC 6665 4.2.2 as a table,
 * with the states that exist because an answer means "committed": NEW (its
 * resp_wait), CLOSING, and the tombstone.  What leaves as NOTIFY, and when, is
 * sender.c's; RFC 3857 4.7.1 says what watchers of watchers are told. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

#include "base/log.h"

/* Actions, carried out in this order. */
enum {
  YES = 1 << 0,   /* the policy's word is now: active */
  WAIT = 1 << 1,  /* ...pending */
  NO = 1 << 2,    /* ...terminated */
  WRITE = 1 << 3, /* SUBS_ACT_STORE */
  TELL = 1 << 4,  /* SUBS_ACT_WATCHER */
  SHOW = 1 << 5,  /* a NOTIFY, if the device can be reached */
  ASK = 1 << 6,   /* a NOTIFY, also to a suspended device: it was just heard, or
                     this is the terminating one */
  STOP = 1 << 7,  /* no NOTIFY any more */
  LAY = 1 << 8,   /* the tombstone: erased when its time is over */
  ERASE = 1 << 9, /* SUBS_ACT_ERASE */
  FREE = 1 << 10, /* SUBS_ACT_FREE */
};

/* clang-format off */
#define REJECT(why) { LIFE_REJECT, 0, why }
#define NO_TIMER REJECT ("no expiry is armed in this state")
#define NOT_OUT REJECT ("no terminating NOTIFY is out")
#define ENDED REJECT ("it is over: 481")
#define LATE(state) { LIFE_##state, 0, "a late write changes nothing" }

const SubsRow life_table[N_LIFE][N_LIFE_EVENTS] = {
  /* RFC 6665's resp_wait: decided, its row under way, no NOTIFY before that. */
  [LIFE_NEW] = {
    [LIFE_COMMITTED]    = { LIFE_GRANTED, TELL | ASK, "subscribed: the first NOTIFY" },
    [LIFE_ABORTED]      = { LIFE_GONE, STOP | ERASE | FREE, "its row was refused" },
    [LIFE_CLOSED]       = { LIFE_ENDING, ASK, "fetched: one NOTIFY, and over" },
    [LIFE_CLOSE_LOST]   = { LIFE_GONE, STOP | FREE, "the fetch was given up" },
    [LIFE_NOTED]        = REJECT ("only a refresh is quiet"),
    [LIFE_CLOSE_NOTED]  = REJECT ("only a dialog's end is quiet"),
    [LIFE_REFRESH]      = REJECT ("nobody knows its tag before the 200"),
    [LIFE_UNSUBSCRIBE]  = REJECT ("nobody knows its tag before the 200"),
    [LIFE_REPEATED]     = { LIFE_NEW, 0, "repeated; the NOTIFY follows the commit" },
    [LIFE_CHANGED]      = { LIFE_NEW, 0, "the first NOTIFY will have it" },
    [LIFE_ALLOW]        = { LIFE_NEW, YES | WRITE, "the first NOTIFY will be active" },
    [LIFE_HOLD]         = { LIFE_NEW, WAIT | WRITE, "the first NOTIFY will be pending" },
    [LIFE_REFUSE]       = { LIFE_NEW, NO, "the first NOTIFY will terminate it" },
    [LIFE_EXPIRED]      = NO_TIMER,
    [LIFE_EXPIRED_AWAY] = NO_TIMER,
    [LIFE_DEAD]         = REJECT ("no NOTIFY has been sent"),
    [LIFE_LAST_SENT]    = REJECT ("no NOTIFY may leave yet"),
    [LIFE_LAST_DONE]    = NOT_OUT,
  },
  [LIFE_PENDING] = {
    [LIFE_COMMITTED]    = { LIFE_PENDING, ASK, "refreshed: NOTIFY" },
    [LIFE_ABORTED]      = { LIFE_PENDING, 0, "the refresh was not written: the old expiry stands" },
    [LIFE_CLOSED]       = REJECT ("no unsubscription is under way"),
    [LIFE_CLOSE_LOST]   = REJECT ("no unsubscription is under way"),
    [LIFE_NOTED]        = { LIFE_PENDING, 0, "refreshed; it has what there is" },
    [LIFE_CLOSE_NOTED]  = REJECT ("no unsubscription is under way"),
    [LIFE_REFRESH]      = { LIFE_PENDING, WRITE, "a refresh" },
    [LIFE_UNSUBSCRIBE]  = { LIFE_CLOSING, WRITE, "unsubscribed; to be committed" },
    [LIFE_REPEATED]     = { LIFE_PENDING, ASK, "repeated: NOTIFY once more" },
    [LIFE_CHANGED]      = { LIFE_PENDING, 0, "a pending watcher is not told" },
    [LIFE_ALLOW]        = { LIFE_ACTIVE, YES | WRITE | TELL | SHOW, "approved" },
    [LIFE_HOLD]         = { LIFE_PENDING, 0, "it is pending already" },
    [LIFE_REFUSE]       = { LIFE_ENDING, NO | TELL | ASK, "refused" },
    [LIFE_EXPIRED]      = { LIFE_ENDING, TELL | ASK, "not refreshed in time" },
    [LIFE_EXPIRED_AWAY] = { LIFE_GONE, TELL | STOP | ERASE | FREE, "expired while suspended" },
    [LIFE_DEAD]         = { LIFE_GONE, TELL | STOP | ERASE | FREE, "the answer to its NOTIFY ends it" },
    [LIFE_LAST_SENT]    = REJECT ("it has not ended"),
    [LIFE_LAST_DONE]    = NOT_OUT,
  },
  [LIFE_ACTIVE] = {
    [LIFE_COMMITTED]    = { LIFE_ACTIVE, ASK, "refreshed: NOTIFY" },
    [LIFE_ABORTED]      = { LIFE_ACTIVE, 0, "the refresh was not written: the old expiry stands" },
    [LIFE_CLOSED]       = REJECT ("no unsubscription is under way"),
    [LIFE_CLOSE_LOST]   = REJECT ("no unsubscription is under way"),
    [LIFE_NOTED]        = { LIFE_ACTIVE, 0, "refreshed; it has the newest state" },
    [LIFE_CLOSE_NOTED]  = REJECT ("no unsubscription is under way"),
    [LIFE_REFRESH]      = { LIFE_ACTIVE, WRITE, "a refresh" },
    [LIFE_UNSUBSCRIBE]  = { LIFE_CLOSING, WRITE, "unsubscribed; to be committed" },
    [LIFE_REPEATED]     = { LIFE_ACTIVE, ASK, "repeated: NOTIFY once more" },
    [LIFE_CHANGED]      = { LIFE_ACTIVE, SHOW, "the presentity's state changed" },
    [LIFE_ALLOW]        = { LIFE_ACTIVE, 0, "it is active already" },
    [LIFE_HOLD]         = { LIFE_PENDING, WAIT | WRITE | TELL | SHOW, "the approval was taken back" },
    [LIFE_REFUSE]       = { LIFE_ENDING, NO | TELL | ASK, "refused" },
    [LIFE_EXPIRED]      = { LIFE_ENDING, TELL | ASK, "not refreshed in time" },
    [LIFE_EXPIRED_AWAY] = { LIFE_GONE, TELL | STOP | ERASE | FREE, "expired while suspended" },
    [LIFE_DEAD]         = { LIFE_GONE, TELL | STOP | ERASE | FREE, "the answer to its NOTIFY ends it" },
    [LIFE_LAST_SENT]    = REJECT ("it has not ended"),
    [LIFE_LAST_DONE]    = NOT_OUT,
  },
  /* Unsubscribed, answered only when that is committed; live until then. */
  [LIFE_CLOSING] = {
    [LIFE_COMMITTED]    = { LIFE_CLOSING, 0, "the terminating NOTIFY serves this refresh too" },
    [LIFE_ABORTED]      = { LIFE_CLOSING, 0, "the refresh before was not written" },
    [LIFE_CLOSED]       = { LIFE_ENDING, TELL | ASK, "unsubscribed: the terminating NOTIFY" },
    [LIFE_CLOSE_LOST]   = { LIFE_GRANTED, SHOW, "the end was not written: it goes on, with what changed meanwhile" },
    [LIFE_NOTED]        = { LIFE_CLOSING, 0, "the end follows" },
    [LIFE_CLOSE_NOTED]  = { LIFE_TOMB, TELL | STOP | LAY, "unsubscribed; it has the newest state" },
    [LIFE_REFRESH]      = ENDED,
    [LIFE_UNSUBSCRIBE]  = ENDED,
    [LIFE_REPEATED]     = { LIFE_CLOSING, 0, "repeated; the NOTIFY follows the commit" },
    [LIFE_CHANGED]      = { LIFE_CLOSING, 0, "the terminating NOTIFY will have it" },
    [LIFE_ALLOW]        = { LIFE_CLOSING, YES, "granted, should the end not be written" },
    [LIFE_HOLD]         = { LIFE_CLOSING, WAIT, "pending, should the end not be written" },
    [LIFE_REFUSE]       = { LIFE_ENDING, NO | TELL | ASK, "refused before its own end" },
    [LIFE_EXPIRED]      = NO_TIMER,
    [LIFE_EXPIRED_AWAY] = NO_TIMER,
    [LIFE_DEAD]         = { LIFE_TOMB, TELL | STOP | LAY, "the answer to its NOTIFY ends it; its own end is answered from the tombstone" },
    [LIFE_LAST_SENT]    = REJECT ("its end is not committed"),
    [LIFE_LAST_DONE]    = NOT_OUT,
  },
  /* Over; the terminating NOTIFY waits for the one in flight, for a CSeq or for
   * its device.  The timer is when to give up. */
  [LIFE_ENDING] = {
    [LIFE_COMMITTED]    = LATE (ENDING),
    [LIFE_ABORTED]      = LATE (ENDING),
    [LIFE_CLOSED]       = LATE (ENDING),
    [LIFE_CLOSE_LOST]   = LATE (ENDING),
    [LIFE_NOTED]        = LATE (ENDING),
    [LIFE_CLOSE_NOTED]  = LATE (ENDING),
    [LIFE_REFRESH]      = ENDED,
    [LIFE_UNSUBSCRIBE]  = ENDED,
    [LIFE_REPEATED]     = { LIFE_ENDING, ASK, "repeated: the terminating NOTIFY is owed" },
    [LIFE_CHANGED]      = { LIFE_ENDING, 0, "the terminating NOTIFY will have it" },
    [LIFE_ALLOW]        = REJECT ("it is over"),
    [LIFE_HOLD]         = { LIFE_ENDING, WAIT, "the terminating NOTIFY will have no state" },
    [LIFE_REFUSE]       = { LIFE_ENDING, NO, "the terminating NOTIFY will have no state" },
    [LIFE_EXPIRED]      = { LIFE_GONE, STOP | ERASE | FREE, "its end could not be told in time" },
    [LIFE_EXPIRED_AWAY] = { LIFE_GONE, STOP | ERASE | FREE, "its end could not be told to a device that is away" },
    [LIFE_DEAD]         = { LIFE_TOMB, STOP | LAY, "the device has ended it already" },
    [LIFE_LAST_SENT]    = { LIFE_LAST, 0, "the terminating NOTIFY leaves" },
    [LIFE_LAST_DONE]    = NOT_OUT,
  },
  /* However the terminating NOTIFY ends, nothing follows it. */
  [LIFE_LAST] = {
    [LIFE_COMMITTED]    = LATE (LAST),
    [LIFE_ABORTED]      = LATE (LAST),
    [LIFE_CLOSED]       = LATE (LAST),
    [LIFE_CLOSE_LOST]   = LATE (LAST),
    [LIFE_NOTED]        = LATE (LAST),
    [LIFE_CLOSE_NOTED]  = LATE (LAST),
    [LIFE_REFRESH]      = ENDED,
    [LIFE_UNSUBSCRIBE]  = ENDED,
    [LIFE_REPEATED]     = { LIFE_LAST, 0, "repeated; the terminating NOTIFY is out" },
    [LIFE_CHANGED]      = { LIFE_LAST, 0, "nothing follows the terminating NOTIFY" },
    [LIFE_ALLOW]        = REJECT ("it is over"),
    [LIFE_HOLD]         = REJECT ("it is over"),
    [LIFE_REFUSE]       = REJECT ("it is over"),
    [LIFE_EXPIRED]      = NO_TIMER,
    [LIFE_EXPIRED_AWAY] = NO_TIMER,
    [LIFE_DEAD]         = REJECT ("any answer to the terminating NOTIFY is its end"),
    [LIFE_LAST_SENT]    = REJECT ("there is one terminating NOTIFY"),
    [LIFE_LAST_DONE]    = { LIFE_TOMB, STOP | LAY, "the terminating NOTIFY ended" },
  },
  [LIFE_TOMB] = {
    [LIFE_COMMITTED]    = LATE (TOMB),
    [LIFE_ABORTED]      = LATE (TOMB),
    [LIFE_CLOSED]       = LATE (TOMB),
    [LIFE_CLOSE_LOST]   = LATE (TOMB),
    [LIFE_NOTED]        = LATE (TOMB),
    [LIFE_CLOSE_NOTED]  = LATE (TOMB),
    [LIFE_REFRESH]      = ENDED,
    [LIFE_UNSUBSCRIBE]  = ENDED,
    [LIFE_REPEATED]     = { LIFE_TOMB, 0, "repeated; the terminating NOTIFY has been sent" },
    [LIFE_CHANGED]      = { LIFE_TOMB, 0, "nothing follows the terminating NOTIFY" },
    [LIFE_ALLOW]        = REJECT ("it is over"),
    [LIFE_HOLD]         = REJECT ("it is over"),
    [LIFE_REFUSE]       = REJECT ("it is over"),
    [LIFE_EXPIRED]      = { LIFE_GONE, ERASE | FREE, "the tombstone has served" },
    [LIFE_EXPIRED_AWAY] = REJECT ("a tombstone sends nothing"),
    [LIFE_DEAD]         = REJECT ("no NOTIFY is out"),
    [LIFE_LAST_SENT]    = REJECT ("there is one terminating NOTIFY"),
    [LIFE_LAST_DONE]    = NOT_OUT,
  },
  /* Somebody's callback still holds it. */
  [LIFE_GONE] = {
    [LIFE_COMMITTED]    = REJECT ("it is gone"),
    [LIFE_ABORTED]      = REJECT ("it is gone"),
    [LIFE_CLOSED]       = REJECT ("it is gone"),
    [LIFE_CLOSE_LOST]   = REJECT ("it is gone"),
    [LIFE_NOTED]        = REJECT ("it is gone"),
    [LIFE_CLOSE_NOTED]  = REJECT ("it is gone"),
    [LIFE_REFRESH]      = ENDED,
    [LIFE_UNSUBSCRIBE]  = ENDED,
    [LIFE_REPEATED]     = ENDED,
    [LIFE_CHANGED]      = REJECT ("it is gone"),
    [LIFE_ALLOW]        = REJECT ("it is gone"),
    [LIFE_HOLD]         = REJECT ("it is gone"),
    [LIFE_REFUSE]       = REJECT ("it is gone"),
    [LIFE_EXPIRED]      = NO_TIMER,
    [LIFE_EXPIRED_AWAY] = NO_TIMER,
    [LIFE_DEAD]         = REJECT ("it is gone"),
    [LIFE_LAST_SENT]    = REJECT ("it is gone"),
    [LIFE_LAST_DONE]    = REJECT ("it is gone"),
  },
};
/* clang-format on */

const char *
life_name (LifeState state)
{
  static const char *const names[N_LIFE]
      = { "new",    "pending", "active", "closing",
          "ending", "last",    "tomb",   "gone" };

  return state < N_LIFE ? names[state] : "?";
}

gboolean
life_is_live (const Sub *sub)
{
  return sub->life == LIFE_PENDING || sub->life == LIFE_ACTIVE
         || sub->life == LIFE_CLOSING;
}

gint64
life_deadline (const Sub *sub)
{
  switch ((LifeState)sub->life) {
  case LIFE_PENDING:
  case LIFE_ACTIVE: /* a refresh under way must not be overtaken */
    return MAX (sub->expires_at, sub->agreed_until);
  case LIFE_ENDING:
  case LIFE_TOMB:
    return sub->expires_at;
  default:
    return 0;
  }
}

static LifeState
granted_life (const Sub *sub)
{
  switch ((SubsState)sub->granted) {
  case SUBS_PENDING:
    return LIFE_PENDING;
  case SUBS_ACTIVE:
    return LIFE_ACTIVE;
  case SUBS_TERMINATED:
    break;
  }
  return LIFE_ENDING;
}

/* What belongs to being in a state. */
static void
enter (const Turn *turn, Sub *sub, LifeState to)
{
  gboolean was_live = life_is_live (sub);

  sub->life = to;
  turn->subs->n_live += life_is_live (sub) - was_live;
  if (to >= LIFE_ENDING && sub->reason == SUBS_NO_REASON)
    sub->reason = SUBS_TIMEOUT;
  if (to == LIFE_ENDING)
    sub->expires_at
        = turn->now + (gint64)turn->subs->limits.tombstone * G_USEC_PER_SEC;
  if (to == LIFE_GONE)
    table_remove (turn->subs, sub);
}

static void
set_granted (const Turn *turn, Sub *sub, guint actions)
{
  if (actions & (YES | WAIT))
    sub->is_approved = (actions & YES) && sub->life == LIFE_PENDING;
  if (actions & YES)
    sub->granted = SUBS_ACTIVE;
  if (actions & WAIT)
    sub->granted = SUBS_PENDING;
  if (actions & NO)
    sub->granted = SUBS_TERMINATED;
  if ((actions & NO) && sub->life < LIFE_ENDING)
    sub->reason = turn->reason;
}

/* A fetch is transient: its watchers of watchers hear nothing (RFC 3857 4.7.2)
 * and it has no row. */
static void
act (const Turn *turn, Sub *sub, guint actions, WriteKind kind)
{
  if ((actions & WRITE) && !sub->is_fetch)
    write_begin (turn, sub, kind, sub->remote_cseq);
  if ((actions & TELL) && !sub->is_fetch) {
    SubsAction *action = sub_act (turn, sub, SUBS_ACT_WATCHER);
    action->state = sub_state (sub);
    action->reason = sub->reason;
    action->expires = sub_seconds_left (sub->expires_at, turn->now);
  }
  if (actions
      & (ASK | YES | WAIT)) /* it says more than the presentity's state */
    sub->must = TRUE;
  if (actions & SHOW)
    sender_move (turn, sub, SENDER_CHANGED);
  if (actions & ASK)
    sender_move (turn, sub, SENDER_ASKED);
  if (actions & STOP)
    sender_move (turn, sub, SENDER_STOP);
}

/* The end: ERASE, FREE, or first the tombstone's time. */
static void
act_end (const Turn *turn, Sub *sub, guint actions)
{
  if ((actions & LAY)
      && (!sub->is_unsubscribed || sub->expires_at <= turn->now))
    life_move (turn, sub, LIFE_EXPIRED);
  if ((actions & ERASE) && !sub->is_fetch)
    sub_act (turn, sub, SUBS_ACT_ERASE);
  if (actions & FREE)
    sub_act (turn, sub, SUBS_ACT_FREE);
}

static WriteKind
write_kind (LifeEvent event)
{
  if (event == LIFE_REFRESH)
    return WRITE_SUBSCRIBE;
  return event == LIFE_UNSUBSCRIBE ? WRITE_CLOSE : WRITE_OTHER;
}

static void
log_row (const Sub *sub, const SubsRow *row, LifeState to)
{
  log_debug ("%s watches %s (%s): %s -> %s: %s", sub->watcher, sub->presentity,
             sub_package (sub), life_name (sub->life),
             to == LIFE_REJECT ? "rejected" : life_name (to), row->why);
}

gboolean
life_move (const Turn *turn, Sub *sub, LifeEvent event)
{
  const SubsRow *row = &life_table[sub->life][event];
  LifeState to = row->to == LIFE_GRANTED ? granted_life (sub) : row->to;

  log_row (sub, row, to);
  if (to == LIFE_REJECT)
    return FALSE;
  set_granted (turn, sub, row->actions);
  if (to != (LifeState)sub->life)
    enter (turn, sub, to);
  act (turn, sub, row->actions, write_kind (event));
  act_end (turn, sub, row->actions);
  return TRUE;
}

/* SPDX-License-Identifier: ISC
 *
 * The sender of a dialog's NOTIFYs (RFC 6665 4.2.2): one in flight, whatever
 * changes meanwhile is one NOTIFY after it, whose body the caller makes when it
 * sends.  It does not know why a NOTIFY is owed; state.c does. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

#include "base/log.h"

/* Actions of a row. */
enum {
  SEND = 1 << 0,    /* SUBS_ACT_NOTIFY, or SENDER_DRY */
  RETRY = 1 << 1,   /* SENDER_DUE after retry_after_timeout */
  LATER = 1 << 2,   /* SENDER_DUE after the answer's Retry-After */
  RESERVE = 1 << 3, /* SUBS_ACT_RESERVE, unless one is under way */
  OFFER = 1 << 4,   /* SEND where max-rate allows it now, else SENDER_EARLY */
  PACE = 1 << 5,    /* SENDER_DUE when it does */
};

/* clang-format off */
#define REJECT(why) { SENDER_REJECT, 0, why }
#define NOT_OUT REJECT ("no NOTIFY is in flight")
#define NOT_DUE REJECT ("no try is due")
#define NOT_DRY REJECT ("no NOTIFY is about to leave")
#define NOT_EARLY REJECT ("no NOTIFY is about to leave")
#define OVER(why) { SENDER_OVER, 0, why }

const SubsRow sender_table[N_SENDER][N_SENDER_EVENTS] = {
  [SENDER_HELD] = {
    [SENDER_CHANGED]       = { SENDER_HELD, 0, "the first NOTIFY will have it" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT, SEND, "the first NOTIFY" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = NOT_DUE,
    [SENDER_RESUMED]       = { SENDER_HELD, 0, "nothing leaves before the commit" },
    [SENDER_CUT]           = { SENDER_HELD, 0, "the first try will find out" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = REJECT ("only a dialog is quiet"),
    [SENDER_RANGE]         = { SENDER_HELD, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("it ends before the first NOTIFY"),
  },
  [SENDER_IDLE] = {
    [SENDER_CHANGED]       = { SENDER_IN_FLIGHT, OFFER, "NOTIFY the change" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT, SEND, "NOTIFY as asked" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = { SENDER_IN_FLIGHT, SEND, "NOTIFY as a rate asks for it" },
    [SENDER_RESUMED]       = { SENDER_IDLE, 0, "a new way, nothing is owed" },
    [SENDER_CUT]           = { SENDER_SUSPENDED_CLEAN, 0, "its flow closed" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = { SENDER_IDLE, 0, "it has it" },
    [SENDER_RANGE]         = { SENDER_IDLE, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("nothing more to tell"),
  },
  [SENDER_IN_FLIGHT] = {
    [SENDER_CHANGED]       = { SENDER_IN_FLIGHT_DIRTY, 0, "changed; after the one in flight" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT_ASKED, 0, "asked; after the one in flight" },
    [SENDER_OK]            = { SENDER_IDLE, 0, "the watcher has it" },
    [SENDER_REFUSED]       = { SENDER_IDLE, 0, "refused: lost until the next change" },
    [SENDER_REFUSED_LATER] = { SENDER_BACKOFF, LATER, "refused for a while" },
    [SENDER_LOST]          = { SENDER_SUSPENDED, RETRY, "no answer: suspended" },
    [SENDER_DUE]           = NOT_DUE,
    [SENDER_RESUMED]       = { SENDER_IN_FLIGHT_ASKED, 0, "a new way; once more over it" },
    [SENDER_CUT]           = { SENDER_IN_FLIGHT, 0, "its transaction will report" },
    [SENDER_DRY]           = { SENDER_WAITING_RANGE, RESERVE, "no reserved number is left" },
    [SENDER_EARLY]         = { SENDER_PACED, PACE, "not before max-rate allows it" },
    [SENDER_SKIPPED]       = { SENDER_IDLE, 0, "it would have said nothing new" },
    [SENDER_QUIET]         = { SENDER_IN_FLIGHT, 0, "it has it" },
    [SENDER_RANGE]         = { SENDER_IN_FLIGHT, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("the one in flight was the last"),
  },
  [SENDER_IN_FLIGHT_DIRTY] = {
    [SENDER_CHANGED]       = { SENDER_IN_FLIGHT_DIRTY, 0, "coalesced" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT_ASKED, 0, "asked; after the one in flight" },
    [SENDER_OK]            = { SENDER_IN_FLIGHT, OFFER, "NOTIFY what changed meanwhile" },
    [SENDER_REFUSED]       = { SENDER_IN_FLIGHT, OFFER, "refused; it has changed meanwhile" },
    [SENDER_REFUSED_LATER] = { SENDER_BACKOFF, LATER, "refused for a while" },
    [SENDER_LOST]          = { SENDER_SUSPENDED, RETRY, "no answer: suspended" },
    [SENDER_DUE]           = NOT_DUE,
    [SENDER_RESUMED]       = { SENDER_IN_FLIGHT_ASKED, 0, "a new way; once more over it" },
    [SENDER_CUT]           = { SENDER_IN_FLIGHT_DIRTY, 0, "its transaction will report" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = { SENDER_IDLE, 0, "the newest would have said nothing new" },
    [SENDER_QUIET]         = { SENDER_IN_FLIGHT, 0, "it has what changed" },
    [SENDER_RANGE]         = { SENDER_IN_FLIGHT_DIRTY, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("what changed is told no more"),
  },
  [SENDER_IN_FLIGHT_ASKED] = {
    [SENDER_CHANGED]       = { SENDER_IN_FLIGHT_ASKED, 0, "coalesced" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT_ASKED, 0, "coalesced" },
    [SENDER_OK]            = { SENDER_IN_FLIGHT, OFFER, "NOTIFY as asked meanwhile" },
    [SENDER_REFUSED]       = { SENDER_IN_FLIGHT, OFFER, "NOTIFY as asked meanwhile" },
    [SENDER_REFUSED_LATER] = { SENDER_IN_FLIGHT, OFFER, "refused for a while, but asked meanwhile" },
    [SENDER_LOST]          = { SENDER_IN_FLIGHT, OFFER, "no answer, but asked meanwhile" },
    [SENDER_DUE]           = NOT_DUE,
    [SENDER_RESUMED]       = { SENDER_IN_FLIGHT_ASKED, 0, "once more over the new way" },
    [SENDER_CUT]           = { SENDER_IN_FLIGHT_ASKED, 0, "its transaction will report" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = { SENDER_IN_FLIGHT, SEND, "NOTIFY as asked" },
    [SENDER_QUIET]         = { SENDER_IN_FLIGHT, 0, "it has what it asked for" },
    [SENDER_RANGE]         = { SENDER_IN_FLIGHT_ASKED, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("what was asked is told no more"),
  },
  [SENDER_WAITING_RANGE] = {
    [SENDER_CHANGED]       = { SENDER_WAITING_RANGE, 0, "coalesced" },
    [SENDER_ASKED]         = { SENDER_WAITING_RANGE, 0, "coalesced" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = { SENDER_WAITING_RANGE, RESERVE, "the reservation once more" },
    [SENDER_RESUMED]       = { SENDER_WAITING_RANGE, 0, "a new way; the number is still to come" },
    [SENDER_CUT]           = { SENDER_SUSPENDED, RETRY, "its flow closed" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = { SENDER_IDLE, 0, "it has it; nothing is owed" },
    [SENDER_RANGE]         = { SENDER_IN_FLIGHT, SEND, "NOTIFY with a number reserved now" },
    [SENDER_STOP]          = OVER ("what is owed is told no more"),
  },
  [SENDER_BACKOFF] = {
    [SENDER_CHANGED]       = { SENDER_BACKOFF, 0, "coalesced" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT, SEND, "NOTIFY as asked, Retry-After or not" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = { SENDER_IN_FLIGHT, OFFER, "Retry-After is over" },
    [SENDER_RESUMED]       = { SENDER_BACKOFF, 0, "a new way, but not before Retry-After" },
    [SENDER_CUT]           = { SENDER_SUSPENDED, RETRY, "its flow closed" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = { SENDER_IDLE, 0, "it has it; nothing is owed" },
    [SENDER_RANGE]         = { SENDER_BACKOFF, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("what is owed is told no more"),
  },
  [SENDER_PACED] = {
    [SENDER_CHANGED]       = { SENDER_IN_FLIGHT, OFFER, "changed, while max-rate holds one back" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT, SEND, "NOTIFY as asked, max-rate or not" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = { SENDER_IN_FLIGHT, SEND, "NOTIFY the newest, as max-rate allows" },
    [SENDER_RESUMED]       = { SENDER_PACED, 0, "a new way, but not before max-rate allows it" },
    [SENDER_CUT]           = { SENDER_SUSPENDED, RETRY, "its flow closed" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = { SENDER_IDLE, 0, "it has it; nothing is owed" },
    [SENDER_RANGE]         = { SENDER_PACED, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("what is owed is told no more"),
  },
  [SENDER_SUSPENDED_CLEAN] = {
    [SENDER_CHANGED]       = { SENDER_SUSPENDED, RETRY, "changed while it cannot be reached" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT, SEND, "one try as asked" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = NOT_DUE,
    [SENDER_RESUMED]       = { SENDER_IDLE, 0, "resumed, nothing was missed" },
    [SENDER_CUT]           = { SENDER_SUSPENDED_CLEAN, 0, "it was suspended already" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = { SENDER_SUSPENDED_CLEAN, 0, "it has it" },
    [SENDER_RANGE]         = { SENDER_SUSPENDED_CLEAN, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("it ends while suspended"),
  },
  [SENDER_SUSPENDED] = {
    [SENDER_CHANGED]       = { SENDER_SUSPENDED, 0, "coalesced" },
    [SENDER_ASKED]         = { SENDER_IN_FLIGHT, SEND, "one try as asked" },
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = { SENDER_IN_FLIGHT, OFFER, "one try while suspended" },
    [SENDER_RESUMED]       = { SENDER_IN_FLIGHT, OFFER, "resumed: NOTIFY what was missed" },
    [SENDER_CUT]           = { SENDER_SUSPENDED, 0, "it was suspended already" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = { SENDER_SUSPENDED_CLEAN, 0, "it has it; nothing is owed" },
    [SENDER_RANGE]         = { SENDER_SUSPENDED, 0, "numbers are there" },
    [SENDER_STOP]          = OVER ("it ends while suspended"),
  },
  [SENDER_OVER] = {
    [SENDER_CHANGED]       = REJECT ("nothing follows the end"),
    [SENDER_ASKED]         = REJECT ("nothing follows the end"),
    [SENDER_OK]            = NOT_OUT,
    [SENDER_REFUSED]       = NOT_OUT,
    [SENDER_REFUSED_LATER] = NOT_OUT,
    [SENDER_LOST]          = NOT_OUT,
    [SENDER_DUE]           = NOT_DUE,
    [SENDER_RESUMED]       = REJECT ("nothing follows the end"),
    [SENDER_CUT]           = { SENDER_OVER, 0, "its flow closed after the end" },
    [SENDER_DRY]           = NOT_DRY,
    [SENDER_EARLY]         = NOT_EARLY,
    [SENDER_SKIPPED]       = NOT_OUT,
    [SENDER_QUIET]         = REJECT ("nothing follows the end"),
    [SENDER_RANGE]         = { SENDER_OVER, 0, "numbers nobody needs" },
    [SENDER_STOP]          = OVER ("it was over already"),
  },
};
/* clang-format on */

const char *
sender_name (SenderState state)
{
  static const char *const names[N_SENDER] = { "held",
                                               "idle",
                                               "in flight",
                                               "in flight, dirty",
                                               "in flight, asked",
                                               "waiting for a range",
                                               "backoff",
                                               "paced",
                                               "suspended, clean",
                                               "suspended",
                                               "over" };

  return state < N_SENDER ? names[state] : "?";
}

gboolean
sender_is_suspended (const Sub *sub)
{
  return sub->sender == SENDER_SUSPENDED
         || sub->sender == SENDER_SUSPENDED_CLEAN;
}

gboolean
sender_is_in_flight (const Sub *sub)
{
  return sub->sender == SENDER_IN_FLIGHT
         || sub->sender == SENDER_IN_FLIGHT_DIRTY
         || sub->sender == SENDER_IN_FLIGHT_ASKED;
}

/* A body goes to whom the policy grants it, also with the end that the watcher
 * or the clock chose (RFC 6665 4.2.1.4), not with one that refuses. */
static gboolean
wants_body (const Sub *sub)
{
  if (sub->granted != SUBS_ACTIVE)
    return FALSE;
  return sub_state (sub) == SUBS_ACTIVE || sub->reason == SUBS_TIMEOUT;
}

static void
send (const Turn *turn, Sub *sub)
{
  SubsAction *action;

  if (range_is_dry (sub)) {
    sender_move (turn, sub, SENDER_DRY);
    return;
  }
  action = sub_act (turn, sub, SUBS_ACT_NOTIFY);
  action->cseq = ++sub->cseq;
  action->state = sub_state (sub);
  action->wants_body = wants_body (sub);
  action->must = sub->must;
  action->is_periodic = sub->is_periodic && !sub->must;
  sub->must_sent = sub->must;
  sub->must = FALSE;
  if (sub->shape != NULL)
    rate_sent (sub->shape, turn->now);
  if (action->state == SUBS_TERMINATED)
    action->reason = sub->reason;
  else
    action->expires = sub_seconds_left (sub->agreed_until, turn->now);
  range_ask_early (turn, sub);
  if (sub->life == LIFE_ENDING)
    life_move (turn, sub, LIFE_LAST_SENT);
}

/* RFC 6446 5.2: but what a SUBSCRIBE asks for, an approval and the end. */
static void
offer (const Turn *turn, Sub *sub)
{
  if (sub->shape == NULL || sub->must || rate_next (sub->shape) <= turn->now)
    send (turn, sub);
  else
    sender_move (turn, sub, SENDER_EARLY);
}

static void
act (const Turn *turn, Sub *sub, guint actions)
{
  gint64 wait = turn->subs->limits.retry_after_timeout;

  if (actions & LATER)
    wait = turn->retry_after;
  if (actions & (RETRY | LATER))
    sub->retry_at = turn->now + wait * G_USEC_PER_SEC;
  if ((actions & PACE) && sub->shape != NULL)
    sub->retry_at = rate_next (sub->shape);
  if (actions & RESERVE)
    range_ask (turn, sub);
  if (actions & SEND)
    send (turn, sub);
  if (actions & OFFER)
    offer (turn, sub);
}

/* RFC 6446 6.2, 7.2. */
static void
rest (const Turn *turn, Sub *sub)
{
  if (sub->sender == SENDER_IDLE && sub->life == LIFE_ACTIVE)
    sub->retry_at = rate_latest (sub->shape, turn->now);
}

gboolean
sender_move (const Turn *turn, Sub *sub, SenderEvent event)
{
  const SubsRow *row = &sender_table[sub->sender][event];

  log_debug ("%s watches %s (%s): NOTIFY %s -> %s: %s", sub->watcher,
             sub->presentity, sub_package (sub), sender_name (sub->sender),
             row->to == SENDER_REJECT ? "rejected" : sender_name (row->to),
             row->why);
  if (row->to == SENDER_REJECT)
    return FALSE;
  if (row->to != sub->sender) {
    sub->retry_at = 0;
    sub->sender = row->to;
    table_set_suspended (turn->subs, sub);
  }
  act (turn, sub, row->actions);
  if (sub->shape != NULL)
    rest (turn, sub);
  return TRUE;
}

static SenderEvent
sender_event (SubsNotifyResult result, guint retry_after)
{
  switch (result) {
  case SUBS_NOTIFY_OK:
    return SENDER_OK;
  case SUBS_NOTIFY_REFUSED:
    return retry_after > 0 ? SENDER_REFUSED_LATER : SENDER_REFUSED;
  case SUBS_NOTIFY_DEAD:
  case SUBS_NOTIFY_SUSPENDED:
    break;
  }
  return SENDER_LOST;
}

void
subs_notified (Subs *self, Sub *sub, guint32 cseq, SubsNotifyResult result,
               guint retry_after, gint64 now, GArray *actions)
{
  Turn turn = {
    .subs = self, .now = now, .actions = actions, .retry_after = retry_after
  };

  if (!sender_is_in_flight (sub) || cseq != sub->cseq)
    return; /* the subscription has ended meanwhile */
  if (result != SUBS_NOTIFY_OK && sub->must_sent)
    sub->must = TRUE; /* until it arrives */
  sub->must_sent = FALSE;
  if (sub->life == LIFE_LAST)
    life_move (&turn, sub, LIFE_LAST_DONE);
  else if (result == SUBS_NOTIFY_DEAD)
    life_move (&turn, sub, LIFE_DEAD);
  else
    sender_move (&turn, sub, sender_event (result, retry_after));
  sub_touch (self, sub);
}

void
subs_skipped (Subs *self, Sub *sub, guint32 cseq, gint64 now, GArray *actions)
{
  if (!sender_is_in_flight (sub) || cseq != sub->cseq)
    return;
  sub->cseq--;
  if (sub->shape != NULL) {
    sub->shape->sent_at = sub->shape->sent_before;
    sub->shape->told_at = now;
  }
  sender_move (TURN (self, now, actions), sub, SENDER_SKIPPED);
  sub_touch (self, sub);
}

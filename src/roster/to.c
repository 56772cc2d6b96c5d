/* SPDX-License-Identifier: ISC
 *
 * The user watches the contact: what is found out, asked for and known (RFC 6121
 * 3.1, 4.3; RFC 8048 5.3).  A server that says nothing to a probe has no
 * subscription (Prosody), keeps a request that its user has not answered, or does
 * not answer for who is not there: each gets the request (again), which the last
 * grants by itself (RFC 6121 3.1.3). */
#define G_LOG_DOMAIN "roster"
#include "roster/roster-priv.h"

/* Actions, carried out in this order. */
enum {
  PROBE = 1 << 0,
  ASK = 1 << 1,
  LEAVE = 1 << 2, /* unsubscribe */
  CLEAR = 1 << 3, /* what was known of him is not */
  REST = 1 << 4,  /* the timer: how long he is left alone */
  RETRY = 1 << 5, /* the timer: when to try again */
  NEWS = 1 << 6,
};

/* clang-format off */
#define REJECT(why) { ROSTER_REJECT, 0, why }
#define NO_TIMER REJECT ("no timer runs in this state")
#define STAYS(state, why) { ROSTER_TO_##state, 0, why }

const RosterRow to_table[N_TO][N_TO_EVENTS] = {
  [ROSTER_TO_NONE] = {
    [TO_WANT]        = { ROSTER_TO_PROBING, PROBE, "is there a subscription?" },
    [TO_AGAIN]       = REJECT ("there was nothing before"),
    [TO_IDLE]        = STAYS (NONE, "nobody wants to know"),
    [TO_SEEN]        = STAYS (NONE, "nobody wants to know"),
    [TO_LEFT]        = STAYS (NONE, "nobody wants to know"),
    [TO_GRANTED]     = STAYS (NONE, "nobody asked"),
    [TO_DENIED]      = STAYS (NONE, "nobody asked"),
    [TO_DENIED_IDLE] = STAYS (NONE, "nobody asked"),
    [TO_FORBIDDEN]   = STAYS (NONE, "nobody asked"),
    [TO_NOT_THERE]   = STAYS (NONE, "nobody asked"),
    [TO_NOT_NOW]     = STAYS (NONE, "nobody asked"),
    [TO_DUE]         = NO_TIMER,
    [TO_DUE_IDLE]    = NO_TIMER,
    [TO_UP]          = STAYS (NONE, "nobody wants to know"),
    [TO_DOWN]        = STAYS (NONE, "nothing was known"),
    [TO_DOWN_IDLE]   = STAYS (NONE, "nothing was known"),
    [TO_DROP]        = { ROSTER_TO_NONE, LEAVE, "whatever was before this process" },
  },
  [ROSTER_TO_PROBING] = {
    [TO_WANT]        = STAYS (PROBING, "the answer is to come"),
    [TO_AGAIN]       = STAYS (PROBING, "the answer is to come"),
    [TO_IDLE]        = STAYS (PROBING, "the answer will be known to the next"),
    [TO_SEEN]        = { ROSTER_TO_ON, NEWS, "he shows himself: subscribed" },
    [TO_LEFT]        = { ROSTER_TO_ON, NEWS, "not there: subscribed" },
    [TO_GRANTED]     = { ROSTER_TO_ON, NEWS, "granted, an earlier request" },
    [TO_DENIED]      = { ROSTER_TO_ASKED, ASK | NEWS, "not subscribed: ask" },
    [TO_DENIED_IDLE] = { ROSTER_TO_NONE, CLEAR | NEWS, "not subscribed, and nobody asks" },
    [TO_FORBIDDEN]   = { ROSTER_TO_REFUSED, REST | NEWS, "refused" },
    [TO_NOT_THERE]   = { ROSTER_TO_MISSING, REST | NEWS, "there is no such user" },
    [TO_NOT_NOW]     = { ROSTER_TO_TROUBLE, RETRY | NEWS, "his server cannot be asked" },
    [TO_DUE]         = { ROSTER_TO_ASKED, ASK | NEWS, "no answer: ask" },
    [TO_DUE_IDLE]    = { ROSTER_TO_NONE, CLEAR | NEWS, "no answer, and nobody asks" },
    [TO_UP]          = { ROSTER_TO_PROBING, PROBE, "is there a subscription?" },
    [TO_DOWN]        = STAYS (PROBING, "once more when the link is up"),
    [TO_DOWN_IDLE]   = { ROSTER_TO_NONE, CLEAR | NEWS, "nobody wants to know" },
    [TO_DROP]        = { ROSTER_TO_NONE, LEAVE | CLEAR | NEWS, "unsubscribed" },
  },
  [ROSTER_TO_ASKED] = {
    [TO_WANT]        = STAYS (ASKED, "the request waits for him"),
    [TO_AGAIN]       = STAYS (ASKED, "the request waits for him"),
    [TO_IDLE]        = STAYS (ASKED, "his answer will be known to the next"),
    [TO_SEEN]        = { ROSTER_TO_ON, NEWS, "he shows himself: subscribed" },
    [TO_LEFT]        = STAYS (ASKED, "that may say that the request was heard"),
    [TO_GRANTED]     = { ROSTER_TO_ON, PROBE | NEWS, "granted" },
    [TO_DENIED]      = { ROSTER_TO_REFUSED, REST | NEWS, "he refused" },
    [TO_DENIED_IDLE] = { ROSTER_TO_REFUSED, REST | NEWS, "he refused" },
    [TO_FORBIDDEN]   = { ROSTER_TO_REFUSED, REST | NEWS, "refused" },
    [TO_NOT_THERE]   = { ROSTER_TO_MISSING, REST | NEWS, "there is no such user" },
    [TO_NOT_NOW]     = { ROSTER_TO_TROUBLE, RETRY | NEWS, "his server cannot be asked" },
    [TO_DUE]         = NO_TIMER,
    [TO_DUE_IDLE]    = NO_TIMER,
    [TO_UP]          = { ROSTER_TO_PROBING, PROBE, "is there a subscription by now?" },
    [TO_DOWN]        = { ROSTER_TO_PROBING, NEWS, "his answer may be lost" },
    [TO_DOWN_IDLE]   = { ROSTER_TO_NONE, CLEAR | NEWS, "nobody wants to know" },
    [TO_DROP]        = { ROSTER_TO_NONE, LEAVE | NEWS, "the request is taken back" },
  },
  [ROSTER_TO_ON] = {
    [TO_WANT]        = STAYS (ON, "it is known how he is"),
    [TO_AGAIN]       = STAYS (ON, "it is known how he is"),
    [TO_IDLE]        = STAYS (ON, "it stays known: his server tells of it"),
    [TO_SEEN]        = { ROSTER_TO_ON, NEWS, "his presence changed" },
    [TO_LEFT]        = { ROSTER_TO_ON, NEWS, "his presence changed" },
    [TO_GRANTED]     = STAYS (ON, "granted already"),
    [TO_DENIED]      = { ROSTER_TO_REFUSED, CLEAR | REST | NEWS, "he took it back" },
    [TO_DENIED_IDLE] = { ROSTER_TO_NONE, CLEAR | NEWS, "he took it back; nobody minds" },
    [TO_FORBIDDEN]   = { ROSTER_TO_REFUSED, CLEAR | REST | NEWS, "refused" },
    [TO_NOT_THERE]   = { ROSTER_TO_MISSING, CLEAR | REST | NEWS, "he is gone for good" },
    [TO_NOT_NOW]     = { ROSTER_TO_TROUBLE, CLEAR | RETRY | NEWS, "his server is away" },
    [TO_DUE]         = NO_TIMER,
    [TO_DUE_IDLE]    = NO_TIMER,
    [TO_UP]          = { ROSTER_TO_PROBING, CLEAR | PROBE, "how is he by now?" },
    [TO_DOWN]        = { ROSTER_TO_PROBING, CLEAR | NEWS, "nothing is known of him" },
    [TO_DOWN_IDLE]   = { ROSTER_TO_NONE, CLEAR | NEWS, "nobody wants to know" },
    [TO_DROP]        = { ROSTER_TO_NONE, LEAVE | CLEAR | NEWS, "unsubscribed" },
  },
  [ROSTER_TO_REFUSED] = {
    [TO_WANT]        = STAYS (REFUSED, "he is not asked again so soon"),
    [TO_AGAIN]       = { ROSTER_TO_ASKED, ASK | NEWS, "asked once more" },
    [TO_IDLE]        = STAYS (REFUSED, "he is not asked again so soon"),
    [TO_SEEN]        = STAYS (REFUSED, "he shows himself, but refused"),
    [TO_LEFT]        = STAYS (REFUSED, "nobody wants to know"),
    [TO_GRANTED]     = { ROSTER_TO_ON, PROBE | NEWS, "granted after all" },
    [TO_DENIED]      = STAYS (REFUSED, "refused already"),
    [TO_DENIED_IDLE] = STAYS (REFUSED, "refused already"),
    [TO_FORBIDDEN]   = STAYS (REFUSED, "refused already"),
    [TO_NOT_THERE]   = STAYS (REFUSED, "refused already"),
    [TO_NOT_NOW]     = STAYS (REFUSED, "refused already"),
    [TO_DUE]         = STAYS (REFUSED, "he may be asked again"),
    [TO_DUE_IDLE]    = { ROSTER_TO_NONE, NEWS, "forgotten" },
    [TO_UP]          = STAYS (REFUSED, "refused already"),
    [TO_DOWN]        = STAYS (REFUSED, "nothing was known"),
    [TO_DOWN_IDLE]   = STAYS (REFUSED, "nothing was known"),
    [TO_DROP]        = { ROSTER_TO_NONE, LEAVE | NEWS, "the request is taken back" },
  },
  [ROSTER_TO_MISSING] = {
    [TO_WANT]        = STAYS (MISSING, "there is nobody to ask"),
    [TO_AGAIN]       = { ROSTER_TO_PROBING, PROBE | NEWS, "is he there by now?" },
    [TO_IDLE]        = STAYS (MISSING, "there is nobody to ask"),
    [TO_SEEN]        = { ROSTER_TO_ON, NEWS, "he is there" },
    [TO_LEFT]        = STAYS (MISSING, "there is nobody to ask"),
    [TO_GRANTED]     = { ROSTER_TO_ON, PROBE | NEWS, "granted" },
    [TO_DENIED]      = STAYS (MISSING, "there is nobody to ask"),
    [TO_DENIED_IDLE] = STAYS (MISSING, "there is nobody to ask"),
    [TO_FORBIDDEN]   = STAYS (MISSING, "there is nobody to ask"),
    [TO_NOT_THERE]   = STAYS (MISSING, "there is nobody to ask"),
    [TO_NOT_NOW]     = STAYS (MISSING, "there is nobody to ask"),
    [TO_DUE]         = STAYS (MISSING, "he may be looked for again"),
    [TO_DUE_IDLE]    = { ROSTER_TO_NONE, NEWS, "forgotten" },
    [TO_UP]          = { ROSTER_TO_PROBING, PROBE | NEWS, "is he there by now?" },
    [TO_DOWN]        = STAYS (MISSING, "nothing was known"),
    [TO_DOWN_IDLE]   = { ROSTER_TO_NONE, NEWS, "nobody wants to know" },
    [TO_DROP]        = { ROSTER_TO_NONE, NEWS, "there was nobody" },
  },
  [ROSTER_TO_TROUBLE] = {
    [TO_WANT]        = STAYS (TROUBLE, "tried again later"),
    [TO_AGAIN]       = STAYS (TROUBLE, "tried again later"),
    [TO_IDLE]        = STAYS (TROUBLE, "tried again later"),
    [TO_SEEN]        = { ROSTER_TO_ON, NEWS, "he shows himself: subscribed" },
    [TO_LEFT]        = STAYS (TROUBLE, "he does not show himself"),
    [TO_GRANTED]     = { ROSTER_TO_ON, PROBE | NEWS, "granted" },
    [TO_DENIED]      = { ROSTER_TO_ASKED, ASK | NEWS, "not subscribed: ask" },
    [TO_DENIED_IDLE] = { ROSTER_TO_NONE, NEWS, "not subscribed, and nobody asks" },
    [TO_FORBIDDEN]   = { ROSTER_TO_REFUSED, REST | NEWS, "refused" },
    [TO_NOT_THERE]   = { ROSTER_TO_MISSING, REST | NEWS, "there is no such user" },
    [TO_NOT_NOW]     = STAYS (TROUBLE, "tried again later"),
    [TO_DUE]         = { ROSTER_TO_PROBING, PROBE | NEWS, "tried again" },
    [TO_DUE_IDLE]    = { ROSTER_TO_NONE, NEWS, "nobody wants to know" },
    [TO_UP]          = { ROSTER_TO_PROBING, PROBE | NEWS, "tried again" },
    [TO_DOWN]        = { ROSTER_TO_PROBING, NEWS, "once more when the link is up" },
    [TO_DOWN_IDLE]   = { ROSTER_TO_NONE, NEWS, "nobody wants to know" },
    [TO_DROP]        = { ROSTER_TO_NONE, LEAVE | NEWS, "unsubscribed" },
  },
};
/* clang-format on */

const char *
roster_to_name (RosterTo to)
{
  static const char *const names[N_TO]
      = { "none",    "probing", "asked",  "subscribed",
          "refused", "missing", "trouble" };

  return names[to];
}

void
pair_clear_known (RosterPair *pair)
{
  g_clear_pointer (&pair->resources, g_ptr_array_unref);
  g_clear_pointer (&pair->last, roster_resource_free);
  pair->is_known = FALSE;
}

static void
act (Roster *self, RosterPair *pair, guint actions, gint64 now)
{
  const RosterLimits *limits = &self->limits;

  if (actions & PROBE)
    pair_owe (self, pair, ROSTER_OWES_PROBE);
  if (actions & ASK)
    pair_owe (self, pair, ROSTER_OWES_SUBSCRIBE);
  if (actions & LEAVE)
    pair_owe (self, pair, ROSTER_OWES_UNSUBSCRIBE);
  if (actions & CLEAR)
    pair_clear_known (pair);
  if (actions & REST)
    wheel_arm (self->timers, &pair->timer, now + limits->ask_again);
  if (actions & RETRY)
    wheel_arm (self->timers, &pair->timer, now + limits->retry);
  if (actions & NEWS)
    pair_note_news (self, pair);
}

/* What was to be sent belongs to the state before. */
static void
leave_state (Roster *self, RosterPair *pair)
{
  wheel_cancel (self->timers, &pair->timer);
  pair_owe_not (self, pair, ROSTER_OWES_SUBSCRIBE | ROSTER_OWES_PROBE);
}

static void
move (Roster *self, RosterPair *pair, ToEvent event, gint64 now)
{
  const RosterRow *row = &to_table[pair->to][event];

  g_debug ("%s watches %s: %s -> %s: %s", pair->user, pair->contact,
           roster_to_name (pair->to),
           row->to == ROSTER_REJECT ? "rejected" : roster_to_name (row->to),
           row->why);
  if (row->to == ROSTER_REJECT)
    return;
  if (row->to != pair->to)
    leave_state (self, pair);
  if (row->to == ROSTER_TO_ON)
    pair->is_new = FALSE;
  pair->to = row->to;
  act (self, pair, row->actions, now);
}

void
to_probed (Roster *self, RosterPair *pair, gint64 now)
{
  const RosterLimits *limits = &self->limits;
  gboolean is_brief
      = pair->is_new
        && (self->denied_at == 0 || now > self->denied_at + limits->ask_again);

  if (pair->to == ROSTER_TO_PROBING)
    wheel_arm (self->timers, &pair->timer,
               now + (is_brief ? limits->first_wait : limits->probe_wait));
}

void
to_timer (Roster *self, RosterPair *pair, gint64 now)
{
  gboolean is_asked = pair->to == ROSTER_TO_PROBING ? pair->n_asking > 0
                                                    : pair->n_holders > 0;


  move (self, pair, is_asked ? TO_DUE : TO_DUE_IDLE, now);
  roster_tidy (self, pair);
}

void
to_set_up (Roster *self, RosterPair *pair, gboolean is_up, gint64 now)
{
  if (is_up)
    move (self, pair, TO_UP, now);
  else
    move (self, pair, pair->n_holders > 0 ? TO_DOWN : TO_DOWN_IDLE, now);
}

static gboolean
is_no (const RosterPair *pair)
{
  return pair->to == ROSTER_TO_REFUSED || pair->to == ROSTER_TO_MISSING;
}

/* Was that long ago? */
static gboolean
is_over (const RosterPair *pair)
{
  return is_no (pair) && !wheel_is_armed (&pair->timer);
}

gboolean
roster_may_ask (const RosterPair *pair)
{
  return !is_no (pair) || is_over (pair);
}

void
roster_hold (Roster *self, RosterPair *pair, RosterHold how, gint64 now)
{
  gboolean asks = how != ROSTER_FETCH;
  gboolean is_first = pair->n_holders++ == 0;
  gboolean is_again = asks && is_over (pair);

  if (asks)
    pair->n_asking++;
  if (pair->to == ROSTER_TO_NONE)
    pair->is_new = how == ROSTER_ASK;
  if (is_again)
    move (self, pair, TO_AGAIN, now);
  else if (is_first || pair->to == ROSTER_TO_NONE)
    move (self, pair, TO_WANT, now);
}

void
roster_release (Roster *self, RosterPair *pair, gboolean asks, gint64 now)
{
  g_return_if_fail (pair->n_holders > 0);
  pair->n_holders--;
  if (asks)
    pair->n_asking--;
  if (pair->n_holders > 0)
    return;
  move (self, pair, TO_IDLE, now);
  if (is_over (pair))
    move (self, pair, TO_DUE_IDLE, now);
}

guint
roster_n_holders (const RosterPair *pair)
{
  return pair->n_holders;
}

void
roster_drop (Roster *self, RosterPair *pair, gint64 now)
{
  move (self, pair, TO_DROP, now);
}

void
roster_answered (Roster *self, RosterPair *pair, RosterAnswer answer,
                 gint64 now)
{
  static const ToEvent events[] = {
    [ROSTER_GRANTED] = TO_GRANTED,     [ROSTER_DENIED] = TO_DENIED,
    [ROSTER_FORBIDDEN] = TO_FORBIDDEN, [ROSTER_NOT_THERE] = TO_NOT_THERE,
    [ROSTER_NOT_NOW] = TO_NOT_NOW,
  };
  ToEvent event = events[answer];

  if (!self->is_up)
    return;
  if (event == TO_DENIED && pair->to == ROSTER_TO_PROBING)
    self->denied_at = now;
  if (event == TO_DENIED && pair->n_asking == 0)
    event = TO_DENIED_IDLE;
  move (self, pair, event, now);
}

/* --- What is known of him --- */

static int
find_resource (const RosterPair *pair, const char *name)
{
  for (guint i = 0; pair->resources != NULL && i < pair->resources->len; i++) {
    const RosterResource *resource = pair->resources->pdata[i];

    if (g_strcmp0 (resource->name, name) == 0)
      return (int)i;
  }
  return -1;
}

static gboolean
is_shown (const RosterPair *pair)
{
  return pair->to == ROSTER_TO_ON;
}

/* FALSE: there is no room for it, or it says nothing new. */
static gboolean
put_resource (Roster *self, RosterPair *pair, const RosterResource *resource)
{
  int at = find_resource (pair, resource->name);
  gpointer *slot = at >= 0 ? &pair->resources->pdata[at] : NULL;

  if (slot != NULL && roster_resource_equal (*slot, resource))
    return FALSE;
  if (slot != NULL) {
    roster_resource_free (*slot);
    *slot = roster_resource_copy (resource);
    return TRUE;
  }
  if (pair->resources == NULL)
    pair->resources
        = g_ptr_array_new_with_free_func ((GDestroyNotify)roster_resource_free);
  if (pair->resources->len >= self->limits.max_resources)
    return FALSE;
  g_ptr_array_add (pair->resources, roster_resource_copy (resource));
  return TRUE;
}

void
roster_seen (Roster *self, RosterPair *pair, const RosterResource *resource,
             gint64 now)
{
  gboolean was_shown = is_shown (pair);

  if (!self->is_up)
    return;
  if (!was_shown)
    move (self, pair, TO_SEEN, now);
  if (!is_shown (pair))
    return;
  if (put_resource (self, pair, resource) && was_shown)
    move (self, pair, TO_SEEN, now);
  g_clear_pointer (&pair->last, roster_resource_free);
  pair->is_known = TRUE;
}

/* FALSE: it was not there. */
static gboolean
drop_resource (RosterPair *pair, const char *name)
{
  int at = find_resource (pair, name);
  gboolean had_some = pair->resources != NULL && pair->resources->len > 0;

  if (name == NULL)
    g_clear_pointer (&pair->resources, g_ptr_array_unref);
  else if (at >= 0)
    g_ptr_array_remove_index (pair->resources, (guint)at);
  return name == NULL ? had_some : at >= 0;
}

void
roster_left (Roster *self, RosterPair *pair, const RosterResource *resource,
             gint64 now)
{
  gboolean was_shown = is_shown (pair), was_known = pair->is_known;
  gboolean is_new;

  if (!self->is_up)
    return;
  if (!was_shown)
    move (self, pair, TO_LEFT, now);
  if (!is_shown (pair))
    return;
  is_new = drop_resource (pair, resource->name) || !was_known;
  pair->is_known = TRUE;
  if (roster_resources (pair) == NULL && (is_new || pair->last == NULL)) {
    roster_resource_free (pair->last);
    pair->last = roster_resource_copy (resource);
  }
  if (is_new && was_shown)
    move (self, pair, TO_LEFT, now);
}

RosterTo
roster_to (const RosterPair *pair)
{
  return pair->to;
}

gboolean
roster_is_known (const RosterPair *pair)
{
  return is_shown (pair) && pair->is_known;
}

const GPtrArray *
roster_resources (const RosterPair *pair)
{
  return pair->resources != NULL && pair->resources->len > 0 ? pair->resources
                                                             : NULL;
}

const RosterResource *
roster_last (const RosterPair *pair)
{
  return pair->last;
}

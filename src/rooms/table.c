/* SPDX-License-Identifier: ISC
 *
 * The state table of an occupancy (XEP-0045 7.1, 7.2, 7.14), and moving in
 * it. */
#define G_LOG_DOMAIN "rooms"
#include "rooms/rooms-priv.h"

#include "base/log.h"

#include <string.h>

/* What a row asks for; carried out in this order. */
enum {
  ASK = 1 << 0,  /* to be let in */
  QUIT = 1 << 1, /* tell the room */
  STORE = 1 << 2,
  ERASE = 1 << 3,
  IN = 1 << 4,       /* tell: he is in */
  REFUSE = 1 << 5,   /* tell: he was not let in */
  END = 1 << 6,      /* tell: he is not in any more */
  AWAY = 1 << 7,     /* tell: he waits */
  DENY = 1 << 8,     /* tell: that nick is not to be had */
  BACK_OFF = 1 << 9, /* again after a while, which grows */
  FREE = 1 << 10,
  PING = 1 << 11, /* is he still in? */
};

/* clang-format off */
#define LATE { REJECT, 0, "too late: nothing waits for this" }
#define NOT_NOW { REJECT, 0, "it is nobody's turn" }
#define NO_TIMER { REJECT, 0, "no timer runs in this state" }
#define STAYS(state, why) { state, 0, why }
#define NOT_LET_IN(why) { MEMBER_OUT, REFUSE | FREE, why }
#define OVER(why) { MEMBER_OUT, ERASE | END | FREE, why }
#define LATER(why) { MEMBER_WAITING, BACK_OFF | AWAY, why }
#define OUT(why) { MEMBER_OUT, FREE, why }

const RoomsRow rooms_table[N_STATES][N_EVENTS] = {
  [MEMBER_JOINING] = {
    [EVENT_JOIN]    = STAYS (MEMBER_JOINING, "he is being let in"),
    [EVENT_LEAVE]   = { MEMBER_LEAVING, QUIT | REFUSE, "he changed his mind" },
    [EVENT_ENTERED] = { MEMBER_IN, STORE | IN, "let in" },
    [EVENT_NICK]    = { NEXT_NICK, ASK, "the nick is taken: another" },
    [EVENT_REFUSED] = NOT_LET_IN ("refused"),
    [EVENT_FAILED]  = NOT_LET_IN ("it failed"),
    [EVENT_REMOVED] = NOT_LET_IN ("removed while he came in"),
    [EVENT_GONE]    = STAYS (MEMBER_JOINING, "that was an earlier stay"),
    [EVENT_DOWN]    = NOT_LET_IN ("the service shuts down"),
    [EVENT_LOST]    = STAYS (MEMBER_JOINING, "that was an earlier stay"),
    [EVENT_UNLINK]  = NOT_LET_IN ("the link is down"),
    [EVENT_TURN]    = NOT_NOW,
    [EVENT_DUE]     = { MEMBER_OUT, QUIT | REFUSE | FREE, "no answer" },
  },
  [MEMBER_IN] = {
    [EVENT_JOIN]    = STAYS (MEMBER_IN, "he is in"),
    [EVENT_LEAVE]   = { MEMBER_LEAVING, QUIT | ERASE | END, "he leaves" },
    [EVENT_ENTERED] = STAYS (MEMBER_IN, "he is in still"),
    [EVENT_NICK]    = { MEMBER_IN, DENY, "the new nick is taken" },
    [EVENT_REFUSED] = { MEMBER_IN, DENY, "the new nick is refused" },
    [EVENT_FAILED]  = { MEMBER_IN, DENY, "the new nick is refused" },
    [EVENT_REMOVED] = OVER ("removed"),
    [EVENT_GONE]    = OVER ("the room is closed"),
    [EVENT_DOWN]    = { MEMBER_WAITING, BACK_OFF | AWAY, "the service shuts down" },
    [EVENT_LOST]    = { MEMBER_REJOINING, ASK, "the room forgot him: again" },
    [EVENT_UNLINK]  = { MEMBER_WAITING, AWAY, "the link is down" },
    [EVENT_TURN]    = NOT_NOW,
    [EVENT_DUE]     = { MEMBER_IN, PING, "silence: is he still in?" },
  },
  [MEMBER_LEAVING] = {
    [EVENT_JOIN]    = { MEMBER_JOINING, ASK, "back before he was out" },
    [EVENT_LEAVE]   = STAYS (MEMBER_LEAVING, "he is leaving"),
    [EVENT_ENTERED] = STAYS (MEMBER_LEAVING, "let in after he left"),
    [EVENT_NICK]    = OUT ("he was not let in"),
    [EVENT_REFUSED] = OUT ("he was not let in"),
    [EVENT_FAILED]  = OUT ("he was not let in"),
    [EVENT_REMOVED] = OUT ("out"),
    [EVENT_GONE]    = OUT ("out"),
    [EVENT_DOWN]    = OUT ("out"),
    [EVENT_LOST]    = OUT ("out"),
    [EVENT_UNLINK]  = OUT ("out with the link"),
    [EVENT_TURN]    = NOT_NOW,
    [EVENT_DUE]     = OUT ("the room says nothing"),
  },
  [MEMBER_WAITING] = {
    [EVENT_JOIN]    = STAYS (MEMBER_WAITING, "he waits to be in again"),
    [EVENT_LEAVE]   = OVER ("he leaves while he waits"),
    [EVENT_ENTERED] = LATE,
    [EVENT_NICK]    = LATE,
    [EVENT_REFUSED] = LATE,
    [EVENT_FAILED]  = LATE,
    [EVENT_REMOVED] = LATE,
    [EVENT_GONE]    = LATE,
    [EVENT_DOWN]    = LATE,
    [EVENT_LOST]    = LATE,
    [EVENT_UNLINK]  = STAYS (MEMBER_WAITING, "the link is down"),
    [EVENT_TURN]    = { MEMBER_REJOINING, ASK, "the link is up: in again" },
    [EVENT_DUE]     = { MEMBER_REJOINING, ASK, "tried again" },
  },
  [MEMBER_REJOINING] = {
    [EVENT_JOIN]    = STAYS (MEMBER_REJOINING, "he is being let in again"),
    [EVENT_LEAVE]   = { MEMBER_LEAVING, QUIT | ERASE | END, "he leaves" },
    [EVENT_ENTERED] = { MEMBER_IN, STORE | IN, "in again" },
    [EVENT_NICK]    = { NEXT_NICK, ASK, "the nick was given away: another" },
    [EVENT_REFUSED] = OVER ("not let in again"),
    [EVENT_FAILED]  = LATER ("it failed"),
    [EVENT_REMOVED] = OVER ("removed while he came in"),
    [EVENT_GONE]    = STAYS (MEMBER_REJOINING, "that was an earlier stay"),
    [EVENT_DOWN]    = LATER ("the service shuts down"),
    [EVENT_LOST]    = STAYS (MEMBER_REJOINING, "that was an earlier stay"),
    [EVENT_UNLINK]  = { MEMBER_WAITING, AWAY, "the link is down" },
    [EVENT_TURN]    = NOT_NOW,
    [EVENT_DUE]     = LATER ("no answer"),
  },
  /* Not asked yet; or gone, and somebody's answer still holds him. */
  [MEMBER_OUT] = {
    [EVENT_JOIN]    = { MEMBER_JOINING, ASK, "he wants in" },
    [EVENT_LEAVE]   = LATE,
    [EVENT_ENTERED] = LATE,
    [EVENT_NICK]    = LATE,
    [EVENT_REFUSED] = LATE,
    [EVENT_FAILED]  = LATE,
    [EVENT_REMOVED] = LATE,
    [EVENT_GONE]    = LATE,
    [EVENT_DOWN]    = LATE,
    [EVENT_LOST]    = LATE,
    [EVENT_UNLINK]  = LATE,
    [EVENT_TURN]    = NOT_NOW,
    [EVENT_DUE]     = NO_TIMER,
  },
};
/* clang-format on */

const char *
member_state_name (MemberState state)
{
  static const char *const names[]
      = { "joining", "in", "leaving", "waiting", "rejoining", "out" };

  return state <= MEMBER_OUT ? names[state] : "rejected";
}

void
rooms_act (Rooms *self, Member *member, RoomsActionKind kind, gboolean is_again)
{
  const RoomsAction action
      = { kind, member_ref (member), member->reason, is_again };

  g_array_append_val (self->actions, action);
}

/* The name with a number behind it, within what a resource may have. */
static void
number_nick (Member *member)
{
  g_autofree char *number = g_strdup_printf ("%u", ++member->n_nicks + 1);
  gsize len = strlen (member->base), most = NICK_BYTES - strlen (number);
  const char *end = member->base + MIN (len, most);

  while (end > member->base && len > most && (*end & 0xc0) == 0x80)
    end--;
  g_free (member->nick);
  member->is_stored = FALSE;
  member->nick = g_strdup_printf ("%.*s%s", (int)(end - member->base),
                                  member->base, number);
}

/* From WAIT_MIN up, not all at one time. */
static gint64
pause_of (const Member *member)
{
  guint doublings = MIN (member->n_tries, 16);
  gint64 wait = MIN ((gint64)WAIT_MIN << doublings, WAIT_MAX) * SECOND;

  return wait + wait / 4 * (g_str_hash (member->user) % 64) / 64;
}

static void
queue_for_link (Rooms *self, Member *member)
{
  if (member->is_queued)
    return;
  member->link.data = member;
  g_queue_push_tail_link (&self->waiting, &member->link);
  member->is_queued = TRUE;
}

static void
leave_queue (Rooms *self, Member *member)
{
  if (member->is_queued)
    g_queue_unlink (&self->waiting, &member->link);
  member->is_queued = FALSE;
}

void
rooms_arm (Rooms *self, Member *member)
{
  gint64 due = member->due;

  if (member->absent_due != 0)
    due = due == 0 ? member->absent_due : MIN (due, member->absent_due);
  if (due != 0 && member->state != MEMBER_OUT)
    wheel_arm (self->wheel, &member->timer, due);
  else
    wheel_cancel (self->wheel, &member->timer);
}

/* When a silent room is asked. */
static gint64
ping_at (const Rooms *self, const Member *member)
{
  gint64 wait = self->limits.ping * SECOND;

  return wait == 0 ? 0
                   : MAX (member->heard_at, self->now) + wait
                         + wait / 4 * (g_str_hash (member->user) % 64) / 64;
}

/* What belongs to being in a state. */
static void
enter (Rooms *self, Member *member, MemberState to, gboolean backs_off)
{
  gboolean was_in = member->state == MEMBER_IN;

  if (member->state != to)
    member->since = self->now;
  member->state = to;
  member->due = 0;
  g_clear_pointer (&member->heard, g_hash_table_unref);
  leave_queue (self, member);
  if (to == MEMBER_JOINING || to == MEMBER_REJOINING || to == MEMBER_LEAVING)
    member->due = self->now + ANSWER;
  if (to == MEMBER_JOINING || to == MEMBER_REJOINING) {
    member->is_back = to == MEMBER_REJOINING;
    member->has_subject = FALSE;
  }
  if (to == MEMBER_WAITING && backs_off)
    member->due = self->now + pause_of (member);
  else if (to == MEMBER_WAITING)
    queue_for_link (self, member);
  if (to == MEMBER_IN)
    member->due = ping_at (self, member);
  if (to == MEMBER_IN)
    member->n_nicks = member->n_tries = 0;
  if (was_in)
    member->away_since = self->now;
  if (was_in && to != MEMBER_IN)
    room_lost_reporter (member->room, member);
}

static void
act (Rooms *self, Member *member, guint actions, gboolean is_again)
{
  static const struct {
    guint flag;
    RoomsActionKind kind;
  } rows[] = {
    { ASK, ROOMS_ACT_JOIN },
    { QUIT, ROOMS_ACT_LEAVE },
    { STORE, ROOMS_ACT_STORE },
    { ERASE, ROOMS_ACT_ERASE },
    { IN, ROOMS_ACT_IN },
    { REFUSE, ROOMS_ACT_REFUSED },
    { END, ROOMS_ACT_ENDED },
    { AWAY, ROOMS_ACT_AWAY },
    { DENY, ROOMS_ACT_NICK_REFUSED },
    { PING, ROOMS_ACT_PING },
  };

  if (member->is_stored)
    actions &= ~STORE;
  if (actions & (STORE | ERASE))
    member->is_stored = (actions & STORE) != 0;
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    if (actions & rows[i].flag)
      rooms_act (self, member, rows[i].kind, is_again);
}

static const RoomsRow *
row_of (const Member *member, RoomsEvent event)
{
  const RoomsRow *row = &rooms_table[member->state][event];

  return row->to == NEXT_NICK && member->n_nicks >= NICKS_MAX
             ? &rooms_table[member->state][EVENT_REFUSED]
             : row;
}

gboolean
rooms_move (Rooms *self, Member *member, RoomsEvent event)
{
  const RoomsRow *row = row_of (member, event);
  MemberState from = member->state;
  MemberState to = row->to == NEXT_NICK ? from : (MemberState)row->to;
  gboolean is_again = from == MEMBER_REJOINING || from == MEMBER_WAITING
                      || (from == MEMBER_IN && to == MEMBER_REJOINING);

  log_debug ("%s in %s: %s -> %s: %s", member->user, member->address,
             member_state_name (from),
             row->to == REJECT ? "rejected" : member_state_name (to), row->why);
  if (row->to == REJECT)
    return FALSE;
  if (row->to == NEXT_NICK)
    number_nick (member);
  if (to != from || (row->actions & ASK))
    enter (self, member, to, (row->actions & BACK_OFF) != 0);
  if (row->actions & PING)
    member->due = ping_at (self, member);
  if (row->actions & BACK_OFF)
    member->n_tries++;
  if (event == EVENT_UNLINK && to == MEMBER_WAITING) {
    member->due = 0;
    queue_for_link (self, member);
  }
  rooms_arm (self, member);
  act (self, member, row->actions, is_again);
  if (row->actions & FREE) {
    room_remove (member->room, member);
    rooms_act (self, member, ROOMS_ACT_FREE, FALSE);
  }
  return TRUE;
}

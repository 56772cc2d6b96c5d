/* SPDX-License-Identifier: ISC
 *
 * The state table of a watch (RFC 6665 4.1.2), and what SIP answers and reasons
 * mean in it. */
#define G_LOG_DOMAIN "watch"
#include "watch/watch-priv.h"

#include "base/log.h"

/* What a row asks for; carried out in this order. */
enum {
  TAKE = 1 << 0,  /* what the NOTIFY says is what is known */
  FAIL = 1 << 1,  /* known is: terminated */
  COUNT = 1 << 2, /* one more failure */
  FRESH = 1 << 3, /* a new dialog, and its SUBSCRIBE */
  ASK = 1 << 4,   /* a SUBSCRIBE in the dialog */
  QUIT = 1 << 5,  /* ...with Expires: 0 */
  FREE = 1 << 6,
  LINGER
  = 1 << 7, /* the refresh failed, the dialog stands: once more before its
                      end, when there is time */
};

/* clang-format off */
#define REJECT(why) { LIFE_REJECT, 0, why }
#define LATE REJECT ("nothing is out that this could answer")
#define NO_DIALOG REJECT ("there is no dialog")
#define NO_TIMER REJECT ("no such timer runs in this state")
#define HAS_ROOM REJECT ("it has its room")
#define ONCE REJECT ("it is over: nobody holds it")
#define AT_ONCE(why) { LIFE_RETRY, COUNT, why }
#define PAUSE(why) { LIFE_RESTING, FAIL | COUNT, why }
#define FOR_GOOD(why) { LIFE_OVER, FAIL, why }
#define STANDS(why) { LIFE_UP, LINGER, why }
#define ENDURES(why) { LIFE_UP, 0, why }

const WatchRow watch_table[N_LIFE][N_EVENTS] = {
  [LIFE_WAITING] = {
    [EVENT_ROOM]      = { LIFE_ASKING, FRESH, "there is room: SUBSCRIBE" },
    [EVENT_ACCEPTED]  = LATE,
    [EVENT_QUIET]     = LATE,
    [EVENT_BRIEF]     = LATE,
    [EVENT_FAILED]    = LATE,
    [EVENT_LOST]      = LATE,
    [EVENT_NO_DIALOG] = LATE,
    [EVENT_BARRED]    = LATE,
    [EVENT_TOLD]      = NO_DIALOG,
    [EVENT_AGAIN]     = NO_DIALOG,
    [EVENT_LATER]     = NO_DIALOG,
    [EVENT_CLOSED]    = NO_DIALOG,
    [EVENT_DUE]       = NO_TIMER,
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_GONE, FREE, "nobody waits for it any more" },
  },
  /* RFC 6665's notify_wait is this and the next. */
  [LIFE_ASKING] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = { LIFE_ACCEPTED, 0, "accepted: a NOTIFY will follow" },
    [EVENT_QUIET]     = { LIFE_ACCEPTED, 0, "accepted; without a NOTIFY it comes to nothing" },
    [EVENT_BRIEF]     = { LIFE_ASKING, FRESH, "423: again, for as long as it wants" },
    [EVENT_FAILED]    = PAUSE ("it failed"),
    [EVENT_LOST]      = PAUSE ("it was refused for now"),
    [EVENT_NO_DIALOG] = PAUSE ("481 to what is no dialog"),
    [EVENT_BARRED]    = FOR_GOOD ("it was refused"),
    [EVENT_TOLD]      = { LIFE_EARLY, TAKE, "the NOTIFY came before the 2xx" },
    [EVENT_AGAIN]     = AT_ONCE ("ended by its first NOTIFY, to be tried at once"),
    [EVENT_LATER]     = PAUSE ("ended by its first NOTIFY"),
    [EVENT_CLOSED]    = FOR_GOOD ("ended by its first NOTIFY, for good"),
    [EVENT_DUE]       = PAUSE ("Timer N: neither answer nor NOTIFY"),
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_GONE, FREE, "given up: 481 to its NOTIFY will end it" },
  },
  [LIFE_ACCEPTED] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = LATE,
    [EVENT_QUIET]     = LATE,
    [EVENT_BRIEF]     = LATE,
    [EVENT_FAILED]    = LATE,
    [EVENT_LOST]      = LATE,
    [EVENT_NO_DIALOG] = LATE,
    [EVENT_BARRED]    = LATE,
    [EVENT_TOLD]      = { LIFE_UP, TAKE, "the first NOTIFY: a dialog" },
    [EVENT_AGAIN]     = AT_ONCE ("ended by its first NOTIFY, to be tried at once"),
    [EVENT_LATER]     = PAUSE ("ended by its first NOTIFY"),
    [EVENT_CLOSED]    = FOR_GOOD ("ended by its first NOTIFY, for good"),
    [EVENT_DUE]       = PAUSE ("Timer N: accepted, but no NOTIFY"),
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_GONE, FREE, "given up: 481 to its NOTIFY will end it" },
  },
  [LIFE_EARLY] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = { LIFE_UP, 0, "accepted, after its NOTIFY" },
    [EVENT_QUIET]     = { LIFE_UP, 0, "accepted, after its NOTIFY" },
    [EVENT_BRIEF]     = STANDS ("423, but the NOTIFY says that there is a dialog"),
    [EVENT_FAILED]    = STANDS ("it failed, but there is a dialog"),
    [EVENT_LOST]      = PAUSE ("refused after its NOTIFY"),
    [EVENT_NO_DIALOG] = AT_ONCE ("the dialog is not known there: a new one"),
    [EVENT_BARRED]    = ENDURES ("refused, but there is a dialog until its expiry"),
    [EVENT_TOLD]      = { LIFE_EARLY, TAKE, "news" },
    [EVENT_AGAIN]     = AT_ONCE ("ended, to be tried at once"),
    [EVENT_LATER]     = PAUSE ("ended"),
    [EVENT_CLOSED]    = FOR_GOOD ("ended for good"),
    [EVENT_DUE]       = NO_TIMER,
    [EVENT_EXPIRED]   = AT_ONCE ("it expired: a new dialog"),
    [EVENT_LEFT]      = { LIFE_LEAVING, QUIT, "nobody holds it: unsubscribe" },
  },
  [LIFE_UP] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = LATE,
    [EVENT_QUIET]     = LATE,
    [EVENT_BRIEF]     = LATE,
    [EVENT_FAILED]    = LATE,
    [EVENT_LOST]      = LATE,
    [EVENT_NO_DIALOG] = LATE,
    [EVENT_BARRED]    = LATE,
    [EVENT_TOLD]      = { LIFE_UP, TAKE, "news" },
    [EVENT_AGAIN]     = AT_ONCE ("ended, to be tried at once"),
    [EVENT_LATER]     = PAUSE ("ended"),
    [EVENT_CLOSED]    = FOR_GOOD ("ended for good"),
    [EVENT_DUE]       = { LIFE_RENEWING, ASK, "time to refresh" },
    [EVENT_EXPIRED]   = AT_ONCE ("it expired: a new dialog"),
    [EVENT_LEFT]      = { LIFE_LEAVING, QUIT, "nobody holds it: unsubscribe" },
  },
  [LIFE_RENEWING] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = { LIFE_RENEWED, 0, "refreshed: a NOTIFY will follow" },
    [EVENT_QUIET]     = { LIFE_UP, 0, "refreshed, without a NOTIFY" },
    [EVENT_BRIEF]     = { LIFE_RENEWING, ASK, "423: again, for as long as it wants" },
    [EVENT_FAILED]    = STANDS ("the refresh failed: the dialog stands until its expiry"),
    [EVENT_LOST]      = PAUSE ("the answer to the refresh ends it"),
    [EVENT_NO_DIALOG] = AT_ONCE ("the dialog is not known there: a new one"),
    [EVENT_BARRED]    = ENDURES ("the refresh was refused: the dialog stands until its expiry"),
    [EVENT_TOLD]      = { LIFE_EARLY, TAKE, "the NOTIFY came before the 2xx" },
    [EVENT_AGAIN]     = AT_ONCE ("ended, to be tried at once"),
    [EVENT_LATER]     = PAUSE ("ended"),
    [EVENT_CLOSED]    = FOR_GOOD ("ended for good"),
    [EVENT_DUE]       = AT_ONCE ("Timer N: the refresh has no answer"),
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_LEAVING, QUIT, "nobody holds it: unsubscribe" },
  },
  [LIFE_RENEWED] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = LATE,
    [EVENT_QUIET]     = LATE,
    [EVENT_BRIEF]     = LATE,
    [EVENT_FAILED]    = LATE,
    [EVENT_LOST]      = LATE,
    [EVENT_NO_DIALOG] = LATE,
    [EVENT_BARRED]    = LATE,
    [EVENT_TOLD]      = { LIFE_UP, TAKE, "the NOTIFY of the refresh" },
    [EVENT_AGAIN]     = AT_ONCE ("ended, to be tried at once"),
    [EVENT_LATER]     = PAUSE ("ended"),
    [EVENT_CLOSED]    = FOR_GOOD ("ended for good"),
    [EVENT_DUE]       = AT_ONCE ("Timer N: refreshed, but no NOTIFY"),
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_LEAVING, QUIT, "nobody holds it: unsubscribe" },
  },
  [LIFE_RESTING] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = LATE,
    [EVENT_QUIET]     = LATE,
    [EVENT_BRIEF]     = LATE,
    [EVENT_FAILED]    = LATE,
    [EVENT_LOST]      = LATE,
    [EVENT_NO_DIALOG] = LATE,
    [EVENT_BARRED]    = LATE,
    [EVENT_TOLD]      = NO_DIALOG,
    [EVENT_AGAIN]     = NO_DIALOG,
    [EVENT_LATER]     = NO_DIALOG,
    [EVENT_CLOSED]    = NO_DIALOG,
    [EVENT_DUE]       = { LIFE_ASKING, FRESH, "tried again" },
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_GONE, FREE, "nobody holds it" },
  },
  [LIFE_OVER] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = LATE,
    [EVENT_QUIET]     = LATE,
    [EVENT_BRIEF]     = LATE,
    [EVENT_FAILED]    = LATE,
    [EVENT_LOST]      = LATE,
    [EVENT_NO_DIALOG] = LATE,
    [EVENT_BARRED]    = LATE,
    [EVENT_TOLD]      = NO_DIALOG,
    [EVENT_AGAIN]     = NO_DIALOG,
    [EVENT_LATER]     = NO_DIALOG,
    [EVENT_CLOSED]    = NO_DIALOG,
    [EVENT_DUE]       = NO_TIMER,
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = { LIFE_GONE, FREE, "nobody holds it" },
  },
  [LIFE_LEAVING] = {
    [EVENT_ROOM]      = HAS_ROOM,
    [EVENT_ACCEPTED]  = { LIFE_LEAVING, 0, "unsubscribed: the last NOTIFY will follow" },
    [EVENT_QUIET]     = { LIFE_GONE, FREE, "unsubscribed, without a NOTIFY" },
    [EVENT_BRIEF]     = { LIFE_GONE, FREE, "it will expire" },
    [EVENT_FAILED]    = { LIFE_GONE, FREE, "it will expire" },
    [EVENT_LOST]      = { LIFE_GONE, FREE, "it has ended" },
    [EVENT_NO_DIALOG] = { LIFE_GONE, FREE, "it had ended" },
    [EVENT_BARRED]    = { LIFE_GONE, FREE, "it will expire" },
    [EVENT_TOLD]      = { LIFE_LEAVING, 0, "news for nobody" },
    [EVENT_AGAIN]     = { LIFE_GONE, FREE, "the last NOTIFY" },
    [EVENT_LATER]     = { LIFE_GONE, FREE, "the last NOTIFY" },
    [EVENT_CLOSED]    = { LIFE_GONE, FREE, "the last NOTIFY" },
    [EVENT_DUE]       = { LIFE_GONE, FREE, "Timer N: no last NOTIFY" },
    [EVENT_EXPIRED]   = NO_TIMER,
    [EVENT_LEFT]      = ONCE,
  },
  /* Somebody's answer still holds it. */
  [LIFE_GONE] = {
    [EVENT_ROOM]      = ONCE,
    [EVENT_ACCEPTED]  = ONCE,
    [EVENT_QUIET]     = ONCE,
    [EVENT_BRIEF]     = ONCE,
    [EVENT_FAILED]    = ONCE,
    [EVENT_LOST]      = ONCE,
    [EVENT_NO_DIALOG] = ONCE,
    [EVENT_BARRED]    = ONCE,
    [EVENT_TOLD]      = ONCE,
    [EVENT_AGAIN]     = ONCE,
    [EVENT_LATER]     = ONCE,
    [EVENT_CLOSED]    = ONCE,
    [EVENT_DUE]       = ONCE,
    [EVENT_EXPIRED]   = ONCE,
    [EVENT_LEFT]      = ONCE,
  },
};
/* clang-format on */

/* --- answers --- */

/* Outside a dialog, and inside (RFC 6665 4.1.2.2).  The first row that fits. */
static const struct {
  guint first, last;
  WatchEvent outside, inside;
  WatchReason reason;
} ANSWERS[] = {
  { 204, 204, EVENT_QUIET, EVENT_QUIET, WATCH_NO_REASON },
  { 200, 299, EVENT_ACCEPTED, EVENT_ACCEPTED, WATCH_NO_REASON },
  /* Nobody gave us credentials for other domains. */
  { 401, 401, EVENT_BARRED, EVENT_BARRED, WATCH_REJECTED },
  { 403, 403, EVENT_BARRED, EVENT_BARRED, WATCH_REJECTED },
  { 404, 404, EVENT_LOST, EVENT_LOST, WATCH_NORESOURCE },
  { 405, 405, EVENT_BARRED, EVENT_LOST, WATCH_REJECTED },
  { 406, 406, EVENT_BARRED, EVENT_BARRED, WATCH_REJECTED },
  { 407, 407, EVENT_BARRED, EVENT_BARRED, WATCH_REJECTED },
  { 410, 410, EVENT_LOST, EVENT_LOST, WATCH_NORESOURCE },
  { 416, 416, EVENT_BARRED, EVENT_LOST, WATCH_REJECTED },
  { 420, 421, EVENT_BARRED, EVENT_BARRED, WATCH_REJECTED },
  { 423, 423, EVENT_BRIEF, EVENT_BRIEF, WATCH_PROBATION },
  { 481, 481, EVENT_NO_DIALOG, EVENT_NO_DIALOG, WATCH_PROBATION },
  { 480, 485, EVENT_LOST, EVENT_LOST, WATCH_PROBATION },
  { 489, 489, EVENT_BARRED, EVENT_LOST, WATCH_REJECTED },
  { 501, 501, EVENT_BARRED, EVENT_LOST, WATCH_REJECTED },
  { 603, 603, EVENT_BARRED, EVENT_BARRED, WATCH_REJECTED },
  { 604, 604, EVENT_LOST, EVENT_LOST, WATCH_NORESOURCE },
  { 0, G_MAXUINT, EVENT_FAILED, EVENT_FAILED, WATCH_PROBATION },
};

static guint
answer_row (guint status)
{
  guint i = 0;

  while (status < ANSWERS[i].first || status > ANSWERS[i].last)
    i++;
  return i;
}

WatchEvent
watch_event_of (guint status, gboolean is_in_dialog)
{
  guint row = answer_row (status);

  return is_in_dialog ? ANSWERS[row].inside : ANSWERS[row].outside;
}

WatchReason
watch_reason_of (guint status)
{
  return ANSWERS[answer_row (status)].reason;
}

/* --- moving --- */

static const char *
life_name (guint life)
{
  static const char *const names[]
      = { "waiting", "asking",  "accepted", "early",   "up",  "renewing",
          "renewed", "resting", "over",     "leaving", "gone" };

  return life < N_LIFE ? names[life] : "rejected";
}

void
watch_act (Watches *self, Watch *watch, WatchActionKind kind, guint32 expires)
{
  const WatchAction action = { kind, watch, watch->cseq, expires };

  g_array_append_val (self->actions, action);
}

static void
send (Watches *self, Watch *watch, gboolean is_end)
{
  watch->cseq++;
  watch->answer_by = self->now + TIMER_N;
  watch->asked = MAX (self->limits.expires, watch->min_asked);
  watch->refresh_at = watch->expires_at;
  watch_act (self, watch, WATCH_ACT_SEND, is_end ? 0 : watch->asked);
}

gint64
watch_spread (const Watch *watch, gint64 n)
{
  guint hash
      = g_str_hash (watch->local_tag != NULL ? watch->local_tag : watch->key);

  return n / 10 * (hash % 64) / 64;
}

static gint64
pause_of (const Watch *watch)
{
  guint doublings = MIN (watch->tries > 0 ? watch->tries - 1 : 0, 16);
  gint64 wait = MIN ((gint64)WAIT_MIN << doublings, WAIT_MAX);

  wait = MAX (wait, MIN (watch->wait, HEEDED_MAX)) * SECOND;
  return wait + watch_spread (watch, wait);
}

static void
linger (Watches *self, Watch *watch)
{
  gint64 wait = MAX (WAIT_MIN, watch->wait) * SECOND;

  watch->refresh_at = MIN (self->now + wait, watch->expires_at);
}

/* What belongs to being in a state. */
static void
enter (Watches *self, Watch *watch, WatchLife to)
{
  watch->life = to;
  if (to == LIFE_RESTING || to == LIFE_OVER || to == LIFE_GONE)
    watch_end_dialog (self, watch);
  if (to == LIFE_RESTING) {
    watch->min_asked = 0;
    watch->retry_at = self->now + pause_of (watch);
  }
}

static gint64
deadline (const Watch *watch)
{
  switch ((WatchLife)watch->life) {
  case LIFE_ASKING:
  case LIFE_ACCEPTED:
  case LIFE_RENEWING:
  case LIFE_RENEWED:
  case LIFE_LEAVING:
    return watch->answer_by;
  case LIFE_EARLY:
    return watch->expires_at;
  case LIFE_UP:
    return MIN (watch->refresh_at, watch->expires_at);
  case LIFE_RESTING:
    return watch->retry_at;
  default:
    return 0;
  }
}

static void
arm (Watches *self, Watch *watch)
{
  gint64 due = deadline (watch);

  if (due != 0)
    wheel_arm (self->wheel, &watch->timer, due);
  else
    wheel_cancel (self->wheel, &watch->timer);
}

static void
act (Watches *self, Watch *watch, guint actions)
{
  if (actions & TAKE)
    watch_take_news (self, watch);
  if (actions & FAIL)
    watch_set_known (self, watch, WATCH_TERMINATED, watch->failure, FALSE);
  if (actions & FRESH) {
    watch_start_dialog (self, watch);
    send (self, watch, FALSE);
  }
  if (actions & ASK)
    send (self, watch, FALSE);
  if (actions & QUIT)
    send (self, watch, TRUE);
  if (actions & LINGER)
    linger (self, watch);
}

/* A dialog that lasted makes good for what went before. */
static void
forgive (const Watches *self, Watch *watch)
{
  if (watch->up_since != 0 && self->now - watch->up_since >= LASTED)
    watch->tries = 0;
}

gboolean
watch_move (Watches *self, Watch *watch, WatchEvent event)
{
  const WatchRow *row = &watch_table[watch->life][event];
  guint to = row->to, actions = row->actions;

  forgive (self, watch);
  if (to == LIFE_RETRY) {
    to = watch->tries == 0 ? LIFE_ASKING : LIFE_RESTING;
    actions |= to == LIFE_ASKING ? FRESH : FAIL;
  }
  log_debug ("%s watches %s (%s): %s -> %s: %s", watch->user, watch->to,
             watch->package, life_name (watch->life), life_name (to), row->why);
  if (to == LIFE_REJECT)
    return FALSE;
  if (actions & COUNT)
    watch->tries++;
  if (to != watch->life)
    enter (self, watch, to);
  act (self, watch, actions);
  arm (self, watch);
  if (actions & FREE) {
    watch_forget (self, watch);
    watch_act (self, watch, WATCH_ACT_FREE, 0);
  }
  return TRUE;
}

/* SPDX-License-Identifier: ISC
 *
 * The table of all watches: sharing among holders, bounds, answers, time. */
#define G_LOG_DOMAIN "watch"
#include "watch/watch-priv.h"

#include "base/ids.h"

#include <string.h>

/* Bits of a tag: nobody else can make a NOTIFY that fits. */
#define TAG_BITS 80
/* The first CSeq is below this, so that it never leaves its 31 bits. */
#define CSEQ_START 1

/* --- one watch --- */

static guint
wish_hash (gconstpointer data)
{
  const Watch *watch = data;

  return g_str_hash (watch->user) ^ 31 * g_str_hash (watch->key)
         ^ 37 * g_str_hash (watch->package);
}

static gboolean
wish_equal (gconstpointer a, gconstpointer b)
{
  const Watch *x = a, *y = b;

  return strcmp (x->key, y->key) == 0 && strcmp (x->user, y->user) == 0
         && strcmp (x->package, y->package) == 0;
}

static Watch *
watch_new (const WatchWish *wish)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->refs = 1;
  watch->link.data = watch;
  watch->cseq = CSEQ_START - 1;
  watch->user = g_strdup (wish->user);
  watch->from = g_strdup (wish->from);
  watch->to = g_strdup (wish->target);
  watch->key = g_strdup (wish->key);
  watch->package = g_strdup (wish->package);
  watch->accept = g_strdup (wish->accept);
  watch->wish = (WatchWish){ .user = watch->user,
                             .from = watch->from,
                             .target = watch->to,
                             .key = watch->key,
                             .package = watch->package,
                             .accept = watch->accept };
  return watch;
}

Watch *
watch_ref (Watch *watch)
{
  watch->refs++;
  return watch;
}

static void
drop_dialog (Watch *watch)
{
  g_clear_pointer (&watch->call_id, g_free);
  g_clear_pointer (&watch->local_tag, g_free);
  g_clear_pointer (&watch->remote_tag, g_free);
  g_clear_pointer (&watch->target, g_free);
  g_clear_pointer (&watch->route_set, g_free);
}

void
watch_unref (Watch *watch)
{
  if (watch == NULL || --watch->refs > 0)
    return;
  drop_dialog (watch);
  g_clear_pointer (&watch->body, g_bytes_unref);
  g_free (watch->content_type);
  g_free (watch->user);
  g_free (watch->from);
  g_free (watch->to);
  g_free (watch->key);
  g_free (watch->package);
  g_free (watch->accept);
  g_free (watch);
}

void
watch_look (const Watch *watch, WatchView *out)
{
  *out = (WatchView){ .state = watch->state,
                      .reason = watch->reason,
                      .content_type = watch->content_type,
                      .body = watch->body,
                      .version = watch->version };
}

const WatchWish *
watch_wish (const Watch *watch)
{
  return &watch->wish;
}

void
watch_dialog (const Watch *watch, WatchDialog *out)
{
  *out = (WatchDialog){ .call_id = watch->call_id,
                        .local_tag = watch->local_tag,
                        .remote_tag = watch->remote_tag,
                        .target
                        = watch->target != NULL ? watch->target : watch->to,
                        .route_set = watch->route_set };
}

/* --- dialogs --- */

void
watch_end_dialog (Watches *self, Watch *watch)
{
  if (watch->local_tag != NULL)
    g_hash_table_remove (self->dialogs, watch->local_tag);
  drop_dialog (watch);
  watch->heard = 0;
  watch->up_since = 0;
  watch->expires_at = 0;
}

/* A fresh Call-ID and From tag (RFC 6665 4.1.2.2). */
void
watch_start_dialog (Watches *self, Watch *watch)
{
  watch_end_dialog (self, watch);
  watch->call_id = rc_token_new (TAG_BITS);
  watch->local_tag = rc_token_new (TAG_BITS);
  g_hash_table_insert (self->dialogs, watch->local_tag, watch);
}

/* --- room --- */

static guint
count_of (const Watches *self, const char *user)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->users, user));
}

static void
set_count (Watches *self, const char *user, guint n)
{
  if (n > 0)
    g_hash_table_replace (self->users, g_strdup (user), GUINT_TO_POINTER (n));
  else
    g_hash_table_remove (self->users, user);
}

static gboolean
has_room (const Watches *self, const char *user)
{
  return self->n_room < self->limits.max
         && count_of (self, user) < self->limits.max_per_user;
}

static void
enter_room (Watches *self, Watch *watch)
{
  watch->is_counted = TRUE;
  self->n_room++;
  set_count (self, watch->user, count_of (self, watch->user) + 1);
  watch_move (self, watch, EVENT_ROOM);
}

static void
leave_room (Watches *self, Watch *watch)
{
  if (!watch->is_counted) {
    g_queue_unlink (&self->waiting, &watch->link);
    return;
  }
  watch->is_counted = FALSE;
  self->n_room--;
  set_count (self, watch->user, count_of (self, watch->user) - 1);
  self->has_room = TRUE;
}

void
watch_forget (Watches *self, Watch *watch)
{
  wheel_cancel (self->wheel, &watch->timer);
  leave_room (self, watch);
  if (!g_hash_table_remove (self->leaving, watch))
    g_hash_table_remove (self->all, watch);
}

/* First come, first served, but for those whose user has too many. */
static void
give_room (Watches *self)
{
  GList *next;

  self->has_room = FALSE;
  for (GList *at = self->waiting.head;
       at != NULL && self->n_room < self->limits.max; at = next) {
    Watch *watch = at->data;

    next = at->next;
    if (!has_room (self, watch->user))
      continue;
    g_queue_unlink (&self->waiting, at);
    enter_room (self, watch);
  }
}

/* --- all of them --- */

static void
due_cb (WheelTimer *timer, gpointer data)
{
  Watches *self = data;
  Watch *watch = (Watch *)timer;
  gboolean is_expired
      = watch->life == LIFE_EARLY
        || (watch->life == LIFE_UP && self->now >= watch->expires_at);

  watch->failure = is_expired ? WATCH_TIMEOUT : WATCH_PROBATION;
  watch->wait = 0;
  watch_move (self, watch, is_expired ? EVENT_EXPIRED : EVENT_DUE);
}

GArray *
watch_actions_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (WatchAction));
}

Watches *
watches_new (const WatchLimits *limits, gint64 now)
{
  Watches *self = g_new0 (Watches, 1);

  self->limits = *limits;
  self->now = now;
  self->wheel = wheel_new (now, due_cb, self);
  self->all = g_hash_table_new (wish_hash, wish_equal);
  self->leaving = g_hash_table_new (NULL, NULL);
  self->dialogs = g_hash_table_new (g_str_hash, g_str_equal);
  self->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

static void
free_set (GHashTable *set)
{
  g_autoptr (GList) watches = g_hash_table_get_keys (set);

  g_hash_table_unref (set);
  for (GList *at = watches; at != NULL; at = at->next)
    watch_unref (at->data);
}

void
watches_free (Watches *self)
{
  if (self == NULL)
    return;
  wheel_free (self->wheel);
  g_hash_table_unref (self->dialogs);
  g_hash_table_unref (self->users);
  free_set (self->all);
  free_set (self->leaving);
  g_free (self);
}

void
watches_set_limits (Watches *self, const WatchLimits *limits)
{
  self->limits = *limits;
  self->has_room = TRUE;
}

guint
watches_size (const Watches *self)
{
  return self->n_room;
}

guint
watches_waiting (const Watches *self)
{
  return self->waiting.length;
}

/* --- holders --- */

static Watch *
add (Watches *self, const WatchWish *wish)
{
  Watch *watch = watch_new (wish);

  g_hash_table_add (self->all, watch);
  if (has_room (self, wish->user))
    enter_room (self, watch);
  else
    g_queue_push_tail_link (&self->waiting, &watch->link);
  return watch;
}

Watch *
watches_take (Watches *self, const WatchWish *wish, gint64 now,
              gboolean *is_bounded_out, GArray *actions)
{
  const Watch like = { .user = (char *)wish->user,
                       .key = (char *)wish->key,
                       .package = (char *)wish->package };
  Watch *watch = g_hash_table_lookup (self->all, &like);

  self->now = now;
  self->actions = actions;
  if (watch == NULL)
    watch = add (self, wish);
  watch->holders++;
  *is_bounded_out = watch->life == LIFE_WAITING;
  return watch;
}

void
watches_drop (Watches *self, Watch *watch, gint64 now, GArray *actions)
{
  g_return_if_fail (watch->holders > 0);
  if (--watch->holders > 0)
    return;
  self->now = now;
  self->actions = actions;
  watch_move (self, watch, EVENT_LEFT);
  if (watch->life == LIFE_LEAVING) { /* who comes now gets one of his own */
    g_hash_table_remove (self->all, watch);
    g_hash_table_add (self->leaving, watch);
  }
}

/* --- answers and time --- */

/* A 423 is heeded once for each time that it is tried. */
static gboolean
heeds_brief (const Watch *watch, const WatchAnswer *answer)
{
  return watch->min_asked == 0 && answer->min_expires > watch->asked
         && answer->min_expires <= HEEDED_MAX;
}

static void
take_accepted (Watches *self, Watch *watch, const WatchAnswer *answer)
{
  if (watch->life == LIFE_LEAVING)
    return;
  watch_set_expiry (self, watch, answer->expires);
  if (watch->remote_tag == NULL || answer->target == NULL)
    return;
  g_free (watch->target);
  watch->target = g_strdup (answer->target);
}

void
watches_answered (Watches *self, Watch *watch, guint32 cseq,
                  const WatchAnswer *answer, gint64 now, GArray *actions)
{
  WatchEvent event = watch_event_of (answer->status, watch->remote_tag != NULL);

  if (cseq != watch->cseq || watch->life == LIFE_GONE)
    return;
  self->now = now;
  self->actions = actions;
  watch->failure = watch_reason_of (answer->status);
  watch->wait = MIN (answer->retry_after, HEEDED_MAX);
  if (event == EVENT_BRIEF && !heeds_brief (watch, answer))
    event = EVENT_FAILED;
  if (event == EVENT_BRIEF)
    watch->min_asked = answer->min_expires;
  if (event == EVENT_ACCEPTED || event == EVENT_QUIET)
    take_accepted (self, watch, answer);
  watch_move (self, watch, event);
}

void
watches_advance (Watches *self, gint64 now, GArray *actions)
{
  self->now = now;
  self->actions = actions;
  wheel_advance (self->wheel, now);
  if (self->has_room)
    give_room (self);
}

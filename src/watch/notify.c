/* SPDX-License-Identifier: ISC
 *
 * NOTIFYs of other servers (RFC 6665 4.1.3, 4.4.1): whose they are, whether they
 * are in order, and what of them is known afterwards. */
#define G_LOG_DOMAIN "watch"
#include "watch/watch-priv.h"

#include <string.h>

static const struct {
  const char *name;
  WatchReason reason;
  WatchEvent event;
} REASONS[] = {
  { "deactivated", WATCH_DEACTIVATED, EVENT_AGAIN },
  { "timeout", WATCH_TIMEOUT, EVENT_AGAIN },
  { "probation", WATCH_PROBATION, EVENT_LATER },
  { "giveup", WATCH_GIVEUP, EVENT_LATER },
  { "rejected", WATCH_REJECTED, EVENT_CLOSED },
  { "noresource", WATCH_NORESOURCE, EVENT_CLOSED },
  { "invariant", WATCH_INVARIANT, EVENT_CLOSED },
};

/* --- what is known --- */

void
watch_set_known (Watches *self, Watch *watch, WatchState state,
                 WatchReason reason, gboolean has_new_body)
{
  if (state != WATCH_ACTIVE) {
    g_clear_pointer (&watch->body, g_bytes_unref);
    g_clear_pointer (&watch->content_type, g_free);
  }
  if (watch->state == state && watch->reason == reason && !has_new_body)
    return;
  watch->state = state;
  watch->reason = reason;
  watch->version++;
  watch_act (self, watch, WATCH_ACT_CHANGED, 0);
}

void
watch_set_expiry (Watches *self, Watch *watch, gint64 seconds)
{
  gint64 granted, margin;

  if (seconds < 0 || seconds > watch->asked)
    seconds = watch->asked;
  granted = MAX (seconds, GRANTED_MIN) * SECOND;
  margin = MIN (granted / 2, MARGIN);
  watch->expires_at = self->now + granted;
  watch->refresh_at
      = watch->expires_at - margin - watch_spread (watch, granted - margin);
}

/* RFC 3856 6.7: a NOTIFY without a document leaves the one before. */
static gboolean
take_body (Watch *watch, const WatchNotify *notify)
{
  if (notify->body == NULL || notify->content_type == NULL)
    return FALSE;
  if (watch->body != NULL && g_bytes_equal (watch->body, notify->body)
      && g_strcmp0 (watch->content_type, notify->content_type) == 0)
    return FALSE;
  g_clear_pointer (&watch->body, g_bytes_unref);
  watch->body = g_bytes_ref (notify->body);
  g_free (watch->content_type);
  watch->content_type = g_strdup (notify->content_type);
  return TRUE;
}

/* RFC 6665 4.4.1: the NOTIFY makes the dialog, and gives its route set. */
static void
make_dialog (const Watches *self, Watch *watch, const WatchNotify *notify)
{
  watch->remote_tag = g_strdup (notify->remote_tag);
  watch->route_set = g_strdup (notify->route_set);
  watch->up_since = self->now;
}

void
watch_take_news (Watches *self, Watch *watch)
{
  const WatchNotify *notify = self->notify;
  gboolean is_active = g_ascii_strcasecmp (notify->state, "active") == 0;

  if (watch->remote_tag == NULL)
    make_dialog (self, watch, notify);
  if (notify->expires >= 0 || watch->expires_at == 0)
    watch_set_expiry (self, watch, notify->expires);
  if (notify->target != NULL) {
    g_free (watch->target);
    watch->target = g_strdup (notify->target);
  }
  watch_set_known (self, watch, is_active ? WATCH_ACTIVE : WATCH_PENDING,
                   WATCH_NO_REASON, is_active && take_body (watch, notify));
}

/* --- what it is --- */

/* N_EVENTS: Subscription-State is none (an unknown state is no other,
 * RFC 6665 8.4: it is refused). */
static WatchEvent
event_of (const WatchNotify *notify, Watch *watch)
{
  if (notify->state == NULL)
    return N_EVENTS;
  if (g_ascii_strcasecmp (notify->state, "active") == 0
      || g_ascii_strcasecmp (notify->state, "pending") == 0)
    return EVENT_TOLD;
  if (g_ascii_strcasecmp (notify->state, "terminated") != 0)
    return N_EVENTS;
  watch->wait = (guint)CLAMP (notify->retry_after, 0, HEEDED_MAX);
  for (guint i = 0; notify->reason != NULL && i < G_N_ELEMENTS (REASONS); i++)
    if (g_ascii_strcasecmp (notify->reason, REASONS[i].name) == 0) {
      watch->failure = REASONS[i].reason;
      if (REASONS[i].event == EVENT_AGAIN)
        watch->wait = 0;
      return REASONS[i].event;
    }
  watch->failure = WATCH_PROBATION;
  return EVENT_LATER;
}

static gboolean
is_of_event (const Watch *watch, const WatchNotify *notify)
{
  return notify->event != NULL && !notify->has_id
         && g_ascii_strcasecmp (notify->event, watch->package) == 0;
}

/* Is type, without its parameters, the item that begins at accept? */
static gboolean
is_item (const char *accept, const char *type)
{
  gsize len = strcspn (type, "; \t");

  return g_ascii_strncasecmp (accept, type, len) == 0
         && strchr (",; \t", accept[len]) != NULL; /* the NUL counts too */
}

static gboolean
is_accepted (const Watch *watch, const WatchNotify *notify)
{
  const char *at = watch->accept;

  if (notify->body == NULL || at == NULL)
    return TRUE;
  for (; notify->content_type != NULL && at != NULL; at = strchr (at, ',')) {
    at += strspn (at, ", \t");
    if (is_item (at, notify->content_type))
      return TRUE;
  }
  return FALSE;
}

static Watch *
find (Watches *self, const WatchNotify *notify)
{
  Watch *watch = notify->local_tag != NULL
                     ? g_hash_table_lookup (self->dialogs, notify->local_tag)
                     : NULL;

  if (watch == NULL || notify->remote_tag == NULL
      || g_strcmp0 (watch->call_id, notify->call_id) != 0
      || !is_of_event (watch, notify))
    return NULL;
  if (watch->remote_tag != NULL
      && strcmp (watch->remote_tag, notify->remote_tag) != 0)
    return NULL; /* another fork */
  return watch;
}

static WatchVerdict
check (Watches *self, const Watch *watch, const WatchNotify *notify,
       const char **accept_out)
{
  if (watch->remote_tag != NULL && notify->cseq < watch->heard)
    return WATCH_OUT_OF_ORDER;
  if (notify->body != NULL
      && g_bytes_get_size (notify->body) > self->limits.max_body)
    return WATCH_TOO_LARGE;
  if (is_accepted (watch, notify))
    return WATCH_OK;
  if (accept_out != NULL)
    *accept_out = watch->accept;
  return WATCH_BAD_TYPE;
}

WatchVerdict
watches_notified (Watches *self, const WatchNotify *notify, gint64 now,
                  const char **accept_out, GArray *actions)
{
  Watch *watch = find (self, notify);
  WatchVerdict verdict;
  WatchEvent event;

  if (watch == NULL)
    return WATCH_GONE;
  event = event_of (notify, watch);
  verdict
      = event == N_EVENTS ? WATCH_BAD : check (self, watch, notify, accept_out);
  if (verdict != WATCH_OK)
    return verdict;
  if (watch->remote_tag != NULL && notify->cseq == watch->heard)
    return WATCH_OK; /* repeated */
  watch->heard = notify->cseq;
  self->now = now;
  self->actions = actions;
  self->notify = notify;
  watch_move (self, watch, event);
  self->notify = NULL;
  return WATCH_OK;
}

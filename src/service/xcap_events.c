/* SPDX-License-Identifier: ISC
 *
 * Watches: see the header.  A watch is the list of one SUBSCRIBE, the state that
 * was read last and the one that was told last (RFC 5875 4.7). */
#define G_LOG_DOMAIN "service"
#include "service/xcap_events.h"
#include "service/judge.h"
#include "service/reread.h"
#include "service/xcap_state.h"

#include "addr/aor.h"
#include "base/log.h"

/* RFC 5875 4.10 is about a rate: so many changes are told at once before it
 * counts. */
#define BURST 4

struct XcapWatch {
  Service *service; /* NULL: it is over */
  Sub *sub;         /* NULL: its SUBSCRIBE is still being decided */
  XcapList *list;
  SubsBody *body;           /* of which the list was made, or NULL */
  XcapState *now;           /* as read last; NULL: not yet */
  XcapState *told, *flying; /* in the last NOTIFY with a 2xx; in the one out */
  XcapWatchFn fn;           /* who waits for the first reading, or NULL */
  gpointer data;
  LoopTimer *timer;
  gint64 next_at; /* when the rate alone would allow the next reading */
  guint8 state;   /* RereadState */
  gboolean wakes; /* its dialog is to be woken when it has been read */
};

struct XcapEvents {
  GHashTable *owners; /* AoR -> GPtrArray of XcapWatch, all there are */
  GHashTable *by_sub; /* Sub -> XcapWatch */
};

static void move (XcapWatch *self, RereadEvent event);

/* --- The index --- */

static void
index_add (XcapEvents *self, XcapWatch *watch)
{
  const char *owner = watch->list->owner;
  GPtrArray *watches = g_hash_table_lookup (self->owners, owner);

  if (watches == NULL) {
    watches = g_ptr_array_new ();
    g_hash_table_insert (self->owners, g_strdup (owner), watches);
  }
  g_ptr_array_add (watches, watch);
}

static void
index_remove (XcapEvents *self, XcapWatch *watch)
{
  const char *owner = watch->list->owner;
  GPtrArray *watches = g_hash_table_lookup (self->owners, owner);

  g_ptr_array_remove_fast (watches, watch);
  if (watches->len == 0)
    g_hash_table_remove (self->owners, owner);
}

/* --- One watch --- */

static void
watch_clear (gpointer data)
{
  XcapWatch *self = data;

  xcap_list_unref (self->list);
  subs_body_unref (self->body);
  xcap_state_unref (self->now);
  xcap_state_unref (self->told);
  xcap_state_unref (self->flying);
}

static void
unref_watch (gpointer data)
{
  g_rc_box_release_full (data, watch_clear);
}

/* A reading that is under way still holds it. */
static void
watch_end (XcapWatch *self)
{
  Service *service = self->service;

  index_remove (service->xcap, self);
  if (self->timer != NULL)
    service->loop->remove_timer (service->loop->self,
                                 g_steal_pointer (&self->timer));
  self->service = NULL;
  self->sub = NULL;
  unref_watch (self);
}

void
xcap_watch_free (XcapWatch *self)
{
  if (self != NULL)
    watch_end (self);
}

/* NULL: the body is wrong. */
static XcapWatch *
watch_new (Service *service, const char *owner, const SubsBody *body,
           GError **error)
{
  XcapList *list
      = xcap_list_new (owner, body != NULL ? body->bytes : NULL,
                       service->xcap_root, service->limits.xcap_uris, error);
  XcapWatch *self;

  if (list == NULL)
    return NULL;
  self = g_rc_box_new0 (XcapWatch);
  self->service = service;
  self->list = list;
  self->body = subs_body_ref ((SubsBody *)body);
  self->state = REREAD_DUE;
  index_add (service->xcap, self);
  return self;
}

static XcapWatch *
watch_of (Service *service, Sub *sub)
{
  return g_hash_table_lookup (service->xcap->by_sub, sub);
}

/* What is in a NOTIFY that is out is told again if that is lost. */
static void
show (XcapWatch *self)
{
  const XcapState *known = self->flying != NULL ? self->flying : self->told;
  Service *service = self->service;
  GArray *actions;

  if (known != NULL && xcap_state_equal (known, self->now))
    return;
  actions = subs_actions_new ();
  subs_show (service->subs, self->sub, service_now (service), actions);
  service_act (service, actions);
}

static void
tell (XcapWatch *self)
{
  XcapWatchFn fn = self->fn;

  self->fn = NULL;
  if (fn != NULL) {
    fn (self, self->data);
    return;
  }
  if (self->now == NULL || self->sub == NULL)
    return;
  if (self->wakes) {
    self->wakes = FALSE;
    judge_again (self->service, self->sub, JUDGE_WAKE);
  } else {
    show (self);
  }
}

static void
read_cb (XcapState *state, gpointer data)
{
  XcapWatch *self = data;

  if (self->service != NULL && state != NULL) {
    xcap_state_unref (self->now);
    self->now = xcap_state_ref (state);
  }
  if (self->service != NULL)
    move (self, state != NULL ? REREAD_GOT : REREAD_FAILED);
  unref_watch (self);
}

static void
time_cb (gpointer data)
{
  XcapWatch *self = data;

  self->timer = NULL;
  move (self, REREAD_TIME);
}

static void
arm (XcapWatch *self, guint ms)
{
  LoopPort *loop = self->service->loop;

  if (self->timer != NULL)
    loop->remove_timer (loop->self, self->timer);
  self->timer = loop->after (loop->self, ms, time_cb, self);
}

static void
pace (XcapWatch *self)
{
  gint64 interval
      = (gint64)self->service->limits.xcap_interval * G_USEC_PER_SEC;
  gint64 now = service_now (self->service);
  gint64 wait = self->next_at - (BURST - 1) * interval - now;

  self->next_at = MAX (self->next_at, now) + interval;
  arm (self, (guint)(MAX (wait, 0) / 1000));
}

static void
act (XcapWatch *self, guint actions)
{
  if (actions & REREAD_DO_READ)
    xcap_state_read (self->service->documents_port, self->list, read_cb,
                     g_rc_box_acquire (self));
  if (actions & REREAD_DO_RETRY)
    arm (self, REREAD_RETRY_MS);
  if (actions & REREAD_DO_WAIT)
    pace (self);
  if (actions & REREAD_DO_TELL)
    tell (self);
}

static void
move (XcapWatch *self, RereadEvent event)
{
  const RereadRow *row = reread_row (self->state, event);

  log_debug ("documents of %s: watch %d -> %d: %s", self->list->owner,
             self->state, row->to, row->why);
  if (row->to == REREAD_REJECT)
    return;
  if (row->to != self->state && self->timer != NULL)
    self->service->loop->remove_timer (self->service->loop->self,
                                       g_steal_pointer (&self->timer));
  self->state = row->to;
  act (self, row->actions);
}

/* --- SUBSCRIBEs --- */

gboolean
xcap_events_prepare (Service *service, const char *owner, const SubsBody *body,
                     XcapWatchFn fn, gpointer data, GError **error)
{
  XcapWatch *watch = watch_new (service, owner, body, error);

  if (watch == NULL)
    return FALSE;
  watch->fn = fn;
  watch->data = data;
  move (watch, REREAD_TIME);
  return TRUE;
}

static void
put_in (Service *service, Sub *sub, XcapWatch *watch)
{
  XcapWatch *old = watch_of (service, sub);

  if (old != NULL) {
    watch->next_at = old->next_at;
    watch_end (old);
  }
  watch->sub = sub;
  g_hash_table_insert (service->xcap->by_sub, sub, watch);
}

void
xcap_events_attach (Service *service, Sub *sub, XcapWatch *watch)
{
  if (watch != NULL)
    put_in (service, sub, watch);
}

/* A row that was written when the bounds were wider is of no use any more. */
static XcapWatch *
watch_again (Service *service, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  g_autoptr (GError) error = NULL;
  XcapWatch *watch
      = watch_new (service, dialog->presentity, dialog->body, &error);

  if (watch == NULL)
    g_warning ("documents that %s watches (Call-ID %s): %s", dialog->watcher,
               dialog->call_id, error->message);
  else
    put_in (service, sub, watch);
  return watch;
}

void
xcap_events_revert (Service *service, Sub *sub)
{
  XcapWatch *watch = watch_of (service, sub);

  if (watch == NULL || sub_is_gone (sub)
      || watch->body == sub_dialog (sub)->body)
    return;
  watch = watch_again (service, sub);
  if (watch != NULL)
    move (watch, REREAD_TIME);
}

/* The watch of a dialog that came back from the store and has none yet. */
static XcapWatch *
restored (Service *service, Sub *sub)
{
  if (!g_str_equal (sub_dialog (sub)->package, XCAP_DIFF)
      || service->xcap_root == NULL || sub_state (sub) == SUBS_TERMINATED
      || watch_of (service, sub) != NULL)
    return NULL;
  return watch_again (service, sub);
}

gboolean
xcap_events_restore (Service *service, Sub *sub, gboolean wakes)
{
  XcapWatch *watch = restored (service, sub);

  if (watch == NULL)
    return FALSE;
  watch->wakes = wakes;
  move (watch, REREAD_TIME);
  return wakes;
}

gboolean
xcap_events_may_tell (Sub *sub, gpointer data)
{
  Service *service = data;
  XcapWatch *watch = watch_of (service, sub);

  if (watch == NULL) {
    watch = restored (service, sub);
    if (watch != NULL)
      arm (watch, 0);
  }
  if (watch == NULL || watch->now != NULL)
    return TRUE;
  watch->wakes = TRUE;
  return FALSE;
}

/* --- NOTIFYs --- */

GBytes *
xcap_events_document (Service *service, Sub *sub)
{
  XcapWatch *watch = watch_of (service, sub);

  if (watch == NULL || watch->now == NULL)
    return NULL;
  xcap_state_unref (watch->flying);
  watch->flying = xcap_state_ref (watch->now);
  return xcap_state_tell (service->xcap_root, watch->told, watch->now);
}

void
xcap_events_notified (Service *service, Sub *sub, gboolean is_told)
{
  XcapWatch *watch = watch_of (service, sub);

  if (watch == NULL || watch->flying == NULL)
    return;
  if (is_told) {
    xcap_state_unref (watch->told);
    watch->told = xcap_state_ref (watch->flying);
  }
  g_clear_pointer (&watch->flying, xcap_state_unref);
}

void
xcap_events_forget (Service *service, Sub *sub)
{
  XcapWatch *watch = watch_of (service, sub);

  if (watch == NULL)
    return;
  g_hash_table_remove (service->xcap->by_sub, sub);
  watch_end (watch);
}

/* --- Changes --- */

/* References to those of owner (NULL: of everybody), for what follows may end
 * some. */
static GPtrArray *
watches_of (XcapEvents *self, const char *owner)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (unref_watch);
  GHashTableIter iter;
  gpointer key, watches;

  g_hash_table_iter_init (&iter, self->owners);
  if (owner != NULL) {
    watches = g_hash_table_lookup (self->owners, owner);
    for (guint i = 0; watches != NULL && i < ((GPtrArray *)watches)->len; i++)
      g_ptr_array_add (out,
                       g_rc_box_acquire (((GPtrArray *)watches)->pdata[i]));
    return out;
  }
  while (g_hash_table_iter_next (&iter, &key, &watches))
    for (guint i = 0; i < ((GPtrArray *)watches)->len; i++)
      g_ptr_array_add (out,
                       g_rc_box_acquire (((GPtrArray *)watches)->pdata[i]));
  return out;
}

void
xcap_events_read_again (Service *service, Sub *sub)
{
  XcapWatch *watch = watch_of (service, sub);

  if (watch != NULL)
    move (watch, watch->state == REREAD_AWAY ? REREAD_BACK : REREAD_CHANGED);
}

void
xcap_events_changed (const char *auid, const char *owner, const char *name,
                     gpointer data)
{
  Service *service = data;
  g_autoptr (GPtrArray) watches = watches_of (service->xcap, owner);

  for (guint i = 0; i < watches->len; i++) {
    XcapWatch *watch = watches->pdata[i];

    if (watch->service == NULL
        || !xcap_list_selects (watch->list, auid, owner, name))
      continue;
    if (owner != NULL || watch->sub == NULL)
      move (watch, REREAD_CHANGED);
    else
      service_pace (service, PACE_READ, watch->sub);
  }
  service_pace_start (service);
}

void
xcap_events_retry (Service *service)
{
  g_autoptr (GPtrArray) watches = watches_of (service->xcap, NULL);

  for (guint i = 0; i < watches->len; i++) {
    XcapWatch *watch = watches->pdata[i];

    if (watch->service != NULL && watch->sub != NULL
        && watch->state == REREAD_AWAY)
      service_pace (service, PACE_READ, watch->sub);
  }
  service_pace_start (service);
}

/* --- Life --- */

XcapEvents *
xcap_events_new (void)
{
  XcapEvents *self = g_new0 (XcapEvents, 1);

  self->owners = g_hash_table_new_full (aor_hash, aor_equal, g_free,
                                        (GDestroyNotify)g_ptr_array_unref);
  self->by_sub = g_hash_table_new (NULL, NULL);
  return self;
}

void
xcap_events_free (XcapEvents *self)
{
  g_autoptr (GPtrArray) watches = NULL;

  if (self == NULL)
    return;
  watches = watches_of (self, NULL);
  for (guint i = 0; i < watches->len; i++)
    watch_end (watches->pdata[i]);
  g_hash_table_unref (self->by_sub);
  g_hash_table_unref (self->owners);
  g_free (self);
}

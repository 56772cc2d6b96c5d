/* SPDX-License-Identifier: ISC
 *
 * Watcher information for the presentity's owner (RFC 3857 4, RFC 3858). */
#define G_LOG_DOMAIN "service"
#include "service/watchers.h"
#include "service/facts.h"
#include "service/lists.h"
#include "service/packages.h"

#include "addr/aor.h"
#include "codec/winfo.h"

#include <string.h>

/* A watcher that ended is named in documents for this long. */
#define ENDED_SECONDS 64
/* ...if it is among the newest: who comes and goes fills no memory. */
#define ENDED_MAX 100

typedef struct {
  char *id, *watcher;
  const char *package; /* that was watched; interned */
  WinfoEvent event;
  gint64 at;
} Ended;

struct Watchers {
  GHashTable *ended; /* presentity -> GQueue of Ended, oldest first */
  GHashTable *told;  /* winfo Sub -> gint64 time of its last document */
};

static void
ended_free (gpointer data)
{
  Ended *self = data;

  g_free (self->id);
  g_free (self->watcher);
  g_free (self);
}

static void
ended_queue_free (gpointer data)
{
  g_queue_free_full (data, ended_free);
}

Watchers *
watchers_new (void)
{
  Watchers *self = g_new0 (Watchers, 1);

  self->ended
      = g_hash_table_new_full (aor_hash, aor_equal, g_free, ended_queue_free);
  self->told = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return self;
}

void
watchers_free (Watchers *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->ended);
  g_hash_table_unref (self->told);
  g_free (self);
}

static WinfoEvent
event_of (SubsReason reason, SubsState state)
{
  static const WinfoEvent events[] = {
    [SUBS_NO_REASON] = WINFO_SUBSCRIBE,
    [SUBS_DEACTIVATED] = WINFO_DEACTIVATED,
    [SUBS_PROBATION] = WINFO_PROBATION,
    [SUBS_REJECTED] = WINFO_REJECTED,
    [SUBS_TIMEOUT] = WINFO_TIMEOUT,
    [SUBS_GIVEUP] = WINFO_GIVEUP,
    [SUBS_NORESOURCE] = WINFO_NORESOURCE,
    [SUBS_INVARIANT] = WINFO_TIMEOUT,
  };

  return state == SUBS_TERMINATED && reason == SUBS_NO_REASON ? WINFO_TIMEOUT
                                                              : events[reason];
}

void
watchers_note_ended (Service *service, const char *presentity,
                     const char *package, const char *id, const char *watcher,
                     SubsReason reason)
{
  Watchers *self = service->watchers;
  GQueue *queue = g_hash_table_lookup (self->ended, presentity);
  Ended *ended;

  if (queue == NULL) {
    queue = g_queue_new ();
    g_hash_table_insert (self->ended, g_strdup (presentity), queue);
  }
  ended = g_new0 (Ended, 1);
  ended->id = g_strdup (id);
  ended->watcher = aor_to_uri (watcher);
  ended->package = g_intern_string (package);
  ended->event = event_of (reason, SUBS_TERMINATED);
  ended->at = service_now (service);
  g_queue_push_tail (queue, ended);
  if (queue->length > ENDED_MAX)
    ended_free (g_queue_pop_head (queue));
}

void
watchers_note (Service *service, const SubsAction *action)
{
  const SubsDialog *dialog = sub_dialog (action->sub);

  if (action->state == SUBS_TERMINATED)
    watchers_note_ended (service, dialog->presentity, dialog->package,
                         sub_id (action->sub), dialog->watcher, action->reason);
}

void
watchers_forget (Service *service, Sub *sub)
{
  g_hash_table_remove (service->watchers->told, sub);
}

static gboolean
prune_cb (gpointer key, gpointer value, gpointer data)
{
  gint64 oldest = *(gint64 *)data;
  Ended *ended;

  while ((ended = g_queue_peek_head (value)) != NULL && ended->at < oldest)
    ended_free (g_queue_pop_head (value));
  return g_queue_is_empty (value);
}

void
watchers_advance (Service *service)
{
  gint64 oldest = service_now (service) - ENDED_SECONDS * G_USEC_PER_SEC;

  g_hash_table_foreach_remove (service->watchers->ended, prune_cb, &oldest);
}

typedef struct {
  WinfoDoc *doc;
  gint64 now;
  GHashTable *live; /* watchers' AoRs */
} Listing;

static void
list_cb (Sub *sub, gpointer data)
{
  Listing *listing = data;
  gboolean is_pending = sub_state (sub) == SUBS_PENDING;
  g_autofree char *uri = aor_to_uri (sub_dialog (sub)->watcher);
  WinfoWatcher *watcher;

  g_hash_table_add (listing->live, (gpointer)sub_dialog (sub)->watcher);
  watcher = winfo_doc_add (listing->doc, sub_id (sub), uri,
                           is_pending ? WINFO_PENDING : WINFO_ACTIVE,
                           sub_is_approved (sub) ? WINFO_APPROVED
                                                 : WINFO_SUBSCRIBE);

  watcher->subscribed_for
      = (listing->now - sub_created_at (sub)) / G_USEC_PER_SEC;
  watcher->expiration
      = MAX (0, sub_expires_at (sub) - listing->now) / G_USEC_PER_SEC;
}

static void
list_member_cb (const ListsWatch *watch, gpointer data)
{
  Listing *listing = data;
  g_autofree char *uri = aor_to_uri (watch->watcher);
  WinfoWatcher *watcher;

  g_hash_table_add (listing->live, (gpointer)watch->watcher);
  watcher = winfo_doc_add (listing->doc, watch->id, uri,
                           watch->is_pending ? WINFO_PENDING : WINFO_ACTIVE,
                           WINFO_SUBSCRIBE);
  watcher->subscribed_for = (listing->now - watch->since) / G_USEC_PER_SEC;
  watcher->expiration
      = MAX (0, watch->expires_at - listing->now) / G_USEC_PER_SEC;
}

static void
list_ended (Service *service, Sub *sub, WinfoDoc *doc)
{
  Watchers *self = service->watchers;
  const char *presentity = sub_dialog (sub)->presentity;
  GQueue *queue = g_hash_table_lookup (self->ended, presentity);
  gint64 *told = g_hash_table_lookup (self->told, sub);

  if (told == NULL || queue == NULL)
    return;
  for (GList *l = queue->head; l != NULL; l = l->next) {
    Ended *ended = l->data;

    if (ended->at >= *told && strcmp (ended->package, doc->package) == 0)
      winfo_doc_add (doc, ended->id, ended->watcher, WINFO_TERMINATED,
                     ended->event);
  }
}

/* Who asked and is gone again waits for the decision (RFC 3857 4.7.1). */
static void
list_waiting_cb (const char *watcher, gpointer data)
{
  Listing *listing = data;
  g_autofree char *uri = NULL;

  if (g_hash_table_contains (listing->live, watcher))
    return;
  uri = aor_to_uri (watcher);
  winfo_doc_add (listing->doc, watcher, uri, WINFO_WAITING, WINFO_TIMEOUT);
}

typedef struct {
  Service *service;
  char *presentity;
} Reading;

static void
read_cb (PolicyUser *user, gpointer data)
{
  Reading *self = data;

  if (user != NULL && policy_user_asked (user, NULL, NULL) > 0)
    watchers_changed (self->service, self->presentity);
  g_free (self->presentity);
  g_free (self);
}

/* Those are in the next document where they have to be read first. */
static void
list_waiting (Service *service, const char *presentity, Listing *listing)
{
  PolicyUser *user = facts_peek (service->facts, presentity);
  Reading *reading;

  if (user != NULL) {
    policy_user_asked (user, list_waiting_cb, listing);
    return;
  }
  reading = g_new0 (Reading, 1);
  reading->service = service;
  reading->presentity = g_strdup (presentity);
  facts_want (service->facts, presentity, read_cb, reading);
}

void
watchers_changed (Service *service, const char *presentity)
{
  GArray *actions = subs_actions_new ();

  subs_changed (service->subs, presentity,
                g_intern_static_string ("presence.winfo"),
                service_now (service), actions);
  service_act (service, actions);
}

static void
mark_told (Watchers *self, Sub *sub, gint64 now)
{
  gint64 *told = g_hash_table_lookup (self->told, sub);

  if (told == NULL) {
    told = g_new (gint64, 1);
    g_hash_table_insert (self->told, sub, told);
  }
  *told = now;
}

static GBytes *
compose (Service *service, Sub *sub, guint32 version)
{
  const SubsDialog *dialog = sub_dialog (sub);
  g_autofree char *resource = aor_to_uri (dialog->presentity);
  const char *package = package_find (dialog->package)->watched;
  g_autoptr (WinfoDoc) doc = winfo_doc_new (resource, package, version, TRUE);
  g_autoptr (GHashTable) live = g_hash_table_new (aor_hash, aor_equal);
  Listing listing = { doc, service_now (service), live };

  subs_foreach (service->subs, dialog->presentity, g_intern_string (package),
                list_cb, &listing);
  lists_foreach (service, dialog->presentity, package, list_member_cb,
                 &listing);
  list_ended (service, sub, doc);
  if (strcmp (package, "presence") == 0) /* what is waited for is that */
    list_waiting (service, dialog->presentity, &listing);
  return winfo_write (doc);
}

GBytes *
watchers_document (Service *service, Sub *sub)
{
  GBytes *document = compose (service, sub, sub_next_version (sub));

  mark_told (service->watchers, sub, service_now (service));
  return document;
}

GBytes *
watchers_look (Service *service, Sub *sub)
{
  return compose (service, sub, 0);
}

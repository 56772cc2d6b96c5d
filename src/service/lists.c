/* SPDX-License-Identifier: ISC
 *
 * The dialogs: from a SUBSCRIBE to a list that is read and judged, when it is
 * read again, and when changes are told. */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

#include "service/judge.h"
#include "service/packages.h"
#include "service/xmpp-presence.h"

#include "addr/aor.h"
#include "base/log.h"

#include <string.h>

/* Lists, and policies of their members, that are read at one time: what waits
 * too long in PostgreSQL's line counts as not answered. */
#define READING_MAX 16
#define ASKING_MAX 500

static void move (List *self, RereadEvent event);

/* --- What is a list --- */

gboolean
lists_is_list (const SubsDialog *dialog)
{
  const char *domain = strrchr (dialog->presentity, '@');

  return domain == NULL || strchr (domain, ';') != NULL;
}

char *
lists_address (Service *service, const char *package, const char *aor,
               const char *list)
{
  const Package *row = package_find (package);
  g_autofree char *name = NULL;

  if (row == NULL || row->member == NULL || strchr (aor, '@') == NULL)
    return NULL;
  if (xmpp_presence_is_contact (service, aor))
    return NULL;
  if (list == NULL)
    return service_user (service, aor) == NULL
               ? g_strconcat (aor, LISTS_SERVICE, NULL)
               : NULL;
  name = g_uri_escape_string (list, "[]/:&+$", FALSE);
  return g_strconcat (aor, LISTS_PARAM, name, NULL);
}

List *
list_of (Service *service, Sub *sub)
{
  return g_hash_table_lookup (service->lists->by_sub, sub);
}

/* --- One list --- */

static void
list_clear (gpointer data)
{
  List *self = data;

  subs_list_free (self->members);
  subs_body_unref (self->body);
  g_free (self->watcher);
  g_free (self->address);
  g_free (self->uri);
  g_free (self->name);
  g_free (self->suppress);
}

List *
list_ref (List *self)
{
  return g_rc_box_acquire (self);
}

void
list_unref (List *self)
{
  g_rc_box_release_full (self, list_clear);
}

static void
index_add (Lists *self, List *list)
{
  GPtrArray *lists = g_hash_table_lookup (self->owners, list->watcher);

  if (lists == NULL) {
    lists = g_ptr_array_new ();
    g_hash_table_insert (self->owners, g_strdup (list->watcher), lists);
  }
  g_ptr_array_add (lists, list);
}

static void
index_remove (Lists *self, List *list)
{
  GPtrArray *lists = g_hash_table_lookup (self->owners, list->watcher);

  g_ptr_array_remove_fast (lists, list);
  if (lists->len == 0)
    g_hash_table_remove (self->owners, list->watcher);
}

static List *
list_new (Service *service, const SubsDialog *dialog)
{
  List *self = g_rc_box_new0 (List);

  self->service = service;
  self->watcher = g_strdup (dialog->watcher);
  self->address = g_strdup (dialog->presentity);
  self->uri = list_uri (dialog->presentity);
  self->package = g_intern_string (dialog->package);
  self->body = subs_body_ref (dialog->body);
  self->members = subs_list_new (sizeof (Member), member_clear);
  self->due.data = self;
  self->turn.data = self;
  self->state = REREAD_DUE;
  index_add (service->lists, self);
  return self;
}

static void
stop_timer (List *self)
{
  LoopPort *loop = self->service->loop;

  if (self->timer != NULL)
    loop->remove_timer (loop->self, g_steal_pointer (&self->timer));
}

/* What is being read still holds it. */
static void
list_end (List *self, SubsReason reason)
{
  Service *service = self->service;

  if (service == NULL)
    return;
  members_leave (self, reason);
  stop_timer (self);
  if (self->is_due)
    g_queue_unlink (&service->lists->due, &self->due);
  if (self->has_turn)
    g_queue_unlink (&service->lists->turns, &self->turn);
  self->is_due = self->has_turn = FALSE;
  service->lists->n_reading -= self->is_reading ? 1 : 0;
  service->lists->n_asking -= self->n_missing;
  g_hash_table_remove (service->lists->limited, self);
  index_remove (service->lists, self);
  self->service = NULL;
}

void
list_free (List *self)
{
  if (self == NULL)
    return;
  list_end (self, SUBS_NO_REASON);
  list_unref (self);
}

gboolean
list_is_ready (const List *self)
{
  return self->is_read && self->n_missing == 0;
}

/* --- Reading --- */

static void
answer (List *self, ListOutcome outcome, const char *text)
{
  ListsPreparedFn fn = self->fn;
  ListsPrepared prepared = { .verdict = list_verdict (outcome) };

  if (outcome == LIST_FORBIDDEN)
    prepared.text = "Only its owner may subscribe to this list";
  else
    prepared.text = text;

  self->fn = NULL;
  if (outcome == LIST_READ)
    prepared.list = self;
  fn (&prepared, self->data);
  if (outcome != LIST_READ)
    list_free (self);
}

void
list_settle (List *self)
{
  if (self->service == NULL || !list_is_ready (self))
    return;
  self->is_restored = FALSE;
  if (self->fn != NULL) {
    answer (self, LIST_READ, NULL);
  } else if (self->wakes && self->sub != NULL) {
    Service *service = self->service;
    GArray *actions = subs_actions_new ();

    self->wakes = FALSE;
    subs_wake (service->subs, self->sub, service_now (service), actions);
    service_act (service, actions);
  } else {
    list_touch (self);
  }
}

/* The list is not there any more, or not for its watcher. */
static void
terminate (List *self, ListOutcome outcome)
{
  Service *service = self->service;
  GArray *actions = subs_actions_new ();
  gint64 now = service_now (service);

  g_info ("list %s of %s is gone", self->address, self->watcher);
  subs_decide (service->subs, self->sub, SUBS_TERMINATED,
               outcome == LIST_FORBIDDEN ? SUBS_REJECTED : SUBS_NORESOURCE, now,
               actions);
  if (self->wakes)
    subs_wake (service->subs, self->sub, now, actions);
  service_act (service, actions);
}

static void
take (List *self, const ListContents *contents)
{
  self->is_read = TRUE;
  self->is_stored = contents->is_stored;
  g_free (self->name);
  self->name = g_strdup (contents->name);
  members_take (self, contents);
  members_judge (self);
}

static void
read_cb (const ListContents *contents, gpointer data)
{
  List *self = data;
  Lists *lists;

  if (self->service == NULL) {
    list_unref (self);
    return;
  }
  lists = self->service->lists;
  lists->n_reading--;
  self->is_reading = FALSE;
  if (contents->outcome == LIST_AWAY && self->fn == NULL) {
    move (self, REREAD_FAILED);
  } else if (contents->outcome == LIST_READ) {
    move (self, REREAD_GOT);
    take (self, contents);
    list_settle (self);
  } else if (self->fn != NULL) {
    answer (self, contents->outcome, contents->text);
  } else {
    terminate (self, contents->outcome);
  }
  list_unref (self);
  lists_go_on (lists);
}

static void
begin (List *self)
{
  const ListQuestion question = { .watcher = self->watcher,
                                  .address = self->address,
                                  .package = self->package,
                                  .body = self->body };

  self->service->lists->n_reading++;
  self->is_reading = TRUE;
  list_read (self->service, &question, read_cb, list_ref (self));
}

void
lists_go_on (Lists *self)
{
  List *list;

  while (self->n_reading < READING_MAX && self->n_asking < ASKING_MAX
         && (list = g_queue_peek_head (&self->turns)) != NULL) {
    g_queue_unlink (&self->turns, &list->turn);
    list->has_turn = FALSE;
    begin (list);
  }
}

/* Somebody who waits for his answer goes before what comes back after a
 * start. */
static void
take_turn (List *self)
{
  Lists *lists = self->service->lists;

  self->has_turn = TRUE;
  if (self->fn != NULL)
    g_queue_push_head_link (&lists->turns, &self->turn);
  else
    g_queue_push_tail_link (&lists->turns, &self->turn);
  lists_go_on (lists);
}

static void
time_cb (gpointer data)
{
  List *self = data;

  self->timer = NULL;
  move (self, REREAD_TIME);
}

static void
arm (List *self, guint ms)
{
  LoopPort *loop = self->service->loop;

  stop_timer (self);
  self->timer = loop->after (loop->self, ms, time_cb, self);
}

static void
act (List *self, guint actions)
{
  if (actions & REREAD_DO_RETRY)
    arm (self, REREAD_RETRY_MS);
  if (actions & REREAD_DO_WAIT)
    arm (self, self->service->limits.list_delay);
  if (actions & REREAD_DO_READ)
    take_turn (self);
}

static void
move (List *self, RereadEvent event)
{
  const RereadRow *row = reread_row (self->state, event);

  log_debug ("list %s of %s: %d -> %d: %s", self->address, self->watcher,
             self->state, row->to, row->why);
  if (row->to == REREAD_REJECT)
    return;
  if (row->to != self->state)
    stop_timer (self);
  self->state = row->to;
  act (self, row->actions);
}

/* --- SUBSCRIBEs --- */

void
lists_prepare (Service *service, const SubsDialog *dialog, gboolean is_fetch,
               ListsPreparedFn fn, gpointer data)
{
  List *self = list_new (service, dialog);

  self->is_fetch = is_fetch;
  self->fn = fn;
  self->data = data;
  move (self, REREAD_TIME);
}

static void
put_in (Service *service, Sub *sub, List *list)
{
  list->sub = sub;
  g_hash_table_insert (service->lists->by_sub, sub, list);
  sub_set_view (sub, VIEW_ALL);
  subs_list_set_delay (list->members,
                       (gint64)service->limits.list_delay * 1000);
}

void
lists_attach (Service *service, Sub *sub, List *list)
{
  List *old = list_of (service, sub);

  if (old != NULL && (list == NULL || list_is_ready (old))) {
    list_free (list);
    subs_list_ask (old->members);
    return;
  }
  if (list == NULL)
    return;
  if (old != NULL) {
    g_hash_table_remove (service->lists->by_sub, sub);
    list_free (old);
  }
  put_in (service, sub, list);
  members_enter (list);
  list_touch (list);
}

gboolean
lists_is_ready (Service *service, Sub *sub)
{
  const List *list = list_of (service, sub);

  return list != NULL ? list_is_ready (list)
                      : !lists_is_list (sub_dialog (sub));
}

gboolean
lists_restore (Service *service, Sub *sub, gboolean wakes)
{
  List *list = list_of (service, sub);

  if (sub_state (sub) == SUBS_TERMINATED || !lists_is_list (sub_dialog (sub)))
    return FALSE;
  if (list == NULL) {
    list = list_new (service, sub_dialog (sub));
    put_in (service, sub, list);
    list->wakes = wakes;
    list->is_restored = TRUE;
    move (list, REREAD_TIME);
    return TRUE;
  }
  if (list->service == NULL)
    return FALSE;
  list->wakes |= wakes;
  if (list->state == REREAD_AWAY)
    move (list, REREAD_BACK);
  list_settle (list);
  return TRUE;
}

gboolean
lists_may_tell (Sub *sub, gpointer data)
{
  if (lists_is_ready (data, sub))
    return TRUE;
  lists_restore (data, sub, TRUE);
  return FALSE;
}

gboolean
lists_judge (Service *service, Sub *sub, gboolean wakes, gboolean shows)
{
  List *list = list_of (service, sub);

  if (list == NULL || !list->is_read)
    return lists_restore (service, sub, wakes);
  if (sub_state (sub) == SUBS_TERMINATED || list->service == NULL)
    return FALSE;
  list->wakes |= wakes;
  if (shows)
    members_show (list);
  if (list->state == REREAD_AWAY)
    move (list, REREAD_BACK);
  members_judge (list);
  list_settle (list);
  return TRUE;
}

/* --- Ends --- */

void
lists_ended (Service *service, const SubsAction *action)
{
  List *list = list_of (service, action->sub);

  if (list != NULL && action->state == SUBS_TERMINATED)
    list_end (list, action->reason);
}

void
lists_forget (Service *service, Sub *sub)
{
  List *list = list_of (service, sub);

  if (list == NULL)
    return;
  g_hash_table_remove (service->lists->by_sub, sub);
  list_free (list);
}

/* --- Changes of documents --- */

/* References, for what follows may end some; watcher NULL: all. */
static GPtrArray *
collect (Lists *self, const char *watcher)
{
  GPtrArray *out = g_ptr_array_new_with_free_func ((GDestroyNotify)list_unref);
  GHashTableIter iter;
  gpointer key, lists;

  g_hash_table_iter_init (&iter, self->owners);
  if (watcher != NULL) {
    lists = g_hash_table_lookup (self->owners, watcher);
    for (guint i = 0; lists != NULL && i < ((GPtrArray *)lists)->len; i++)
      g_ptr_array_add (out, list_ref (((GPtrArray *)lists)->pdata[i]));
    return out;
  }
  while (g_hash_table_iter_next (&iter, &key, &lists))
    for (guint i = 0; i < ((GPtrArray *)lists)->len; i++)
      g_ptr_array_add (out, list_ref (((GPtrArray *)lists)->pdata[i]));
  return out;
}

static gboolean
is_of_lists (const char *auid)
{
  return auid == NULL || strcmp (auid, "resource-lists") == 0
         || strcmp (auid, "rls-services") == 0;
}

/* Those of everybody, or the global ones: paced. */
void
lists_documents_changed (Service *service, const char *auid, const char *owner)
{
  g_autoptr (GPtrArray) lists = NULL;

  if (!is_of_lists (auid))
    return;
  lists = collect (service->lists, owner);
  for (guint i = 0; i < lists->len; i++) {
    List *list = lists->pdata[i];

    if (list->service == NULL || (list->is_read && !list->is_stored))
      continue;
    if (owner != NULL || list->sub == NULL)
      move (list, REREAD_CHANGED);
    else
      service_pace (service, PACE_READ, list->sub);
  }
  service_pace_start (service);
}

void
lists_read_again (Service *service, Sub *sub)
{
  List *list = list_of (service, sub);

  if (list != NULL && list->service != NULL)
    move (list, list->state == REREAD_AWAY ? REREAD_BACK : REREAD_CHANGED);
}

void
lists_retry (Service *service)
{
  g_autoptr (GPtrArray) lists = collect (service->lists, NULL);

  for (guint i = 0; i < lists->len; i++) {
    List *list = lists->pdata[i];

    if (list->service != NULL && list->sub != NULL
        && (list->state == REREAD_AWAY || members_has_unknown (list)))
      service_pace (service, PACE_JUDGE, list->sub);
  }
  service_pace_start (service);
}

/* --- Life --- */

void
lists_set_foreign (Service *service, const ListsForeign *foreign)
{
  service->lists->foreign = foreign;
}

guint
lists_n_of (Service *service, const char *watcher)
{
  const GPtrArray *lists
      = g_hash_table_lookup (service->lists->owners, watcher);

  return lists != NULL ? lists->len : 0;
}

void
lists_size (Service *service, guint *lists_out, guint *members_out)
{
  *lists_out = g_hash_table_size (service->lists->by_sub);
  *members_out = service->lists->n_members;
}

GQueue *
lists_readings (Service *service)
{
  return &service->lists->readings;
}

Lists *
all_lists_new (Service *service)
{
  Lists *self = g_new0 (Lists, 1);

  self->service = service;
  self->by_sub = g_hash_table_new (NULL, NULL);
  self->watched
      = g_hash_table_new_full (aor_hash, aor_equal, NULL, watched_free);
  self->owners = g_hash_table_new_full (aor_hash, aor_equal, g_free,
                                        (GDestroyNotify)g_ptr_array_unref);
  self->limited = g_hash_table_new (NULL, NULL);
  return self;
}

void
all_lists_free (Lists *self)
{
  g_autoptr (GPtrArray) lists = NULL;

  if (self == NULL)
    return;
  lists = collect (self, NULL);
  for (guint i = 0; i < lists->len; i++) {
    List *list = lists->pdata[i];

    list->sub = NULL; /* nobody is told */
    list_free (list);
  }
  list_readings_end (&self->readings);
  if (self->timer != NULL)
    self->service->loop->remove_timer (self->service->loop->self, self->timer);
  g_hash_table_unref (self->by_sub);
  g_hash_table_unref (self->watched);
  g_hash_table_unref (self->owners);
  g_hash_table_unref (self->limited);
  g_free (self);
}

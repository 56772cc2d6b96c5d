/* SPDX-License-Identifier: ISC
 *
 * The members of lists: who is in which, what each may be seen of (the policy,
 * as for a subscription of its own), and which lists a change concerns. */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

#include "service/documents.h"
#include "service/judge.h"
#include "service/watchers.h"

#include "addr/aor.h"

#include <string.h>

/* --- The index --- */

void
watched_free (gpointer data)
{
  Watched *self = data;

  g_ref_string_release (self->aor);
  g_free (self);
}

static Watched *
watched_of (Lists *lists, const char *aor)
{
  Watched *self = g_hash_table_lookup (lists->watched, aor);

  if (self == NULL) {
    self = g_new0 (Watched, 1);
    self->aor = g_ref_string_new_intern (aor);
    g_hash_table_insert (lists->watched, self->aor, self);
  }
  return self;
}

static void
link_member (Lists *lists, Member *self)
{
  Watched *watched = watched_of (lists, self->base.key);

  self->watched = watched;
  self->next = watched->members;
  self->link = &watched->members;
  if (self->next != NULL)
    self->next->link = &self->next;
  watched->members = self;
  watched->n++;
}

static void
unlink_member (Lists *lists, Member *self)
{
  Watched *watched = self->watched;

  if (watched == NULL)
    return;
  *self->link = self->next;
  if (self->next != NULL)
    self->next->link = self->link;
  self->watched = NULL;
  self->next = NULL;
  self->link = NULL;
  if (--watched->n == 0)
    g_hash_table_remove (lists->watched, watched->aor);
}

void
member_clear (SubsMember *base)
{
  Member *self = (Member *)base;

  if (self->view != NULL)
    g_ref_string_release (self->view);
  g_clear_pointer (&self->told, g_bytes_unref);
}

/* --- Who is told of whom --- */

gboolean
member_is_live (const Member *self)
{
  return self->watched != NULL && self->list->sub != NULL
         && !self->list->is_fetch
         && (self->base.state == SUBS_MEMBER_ACTIVE
             || self->base.state == SUBS_MEMBER_PENDING);
}

char *
member_id (const Member *self)
{
  return g_strdup_printf ("%s.%u", sub_id (self->list->sub), self->number);
}

/* The owner of the presence hears of a watcher who came, was decided about, or
 * went; aor outlives the member's place in the index. */
static void
tell_owner (const Member *self, const char *aor, gboolean was_live,
            SubsReason reason)
{
  Service *service = self->list->service;

  if (aor_equal (aor, self->list->watcher))
    return;
  if (was_live && !member_is_live (self)) {
    g_autofree char *id = member_id (self);

    watchers_note_ended (service, aor, self->list->package, id,
                         self->list->watcher, reason);
  }
  watchers_changed (service, aor);
}

static void
decide (Member *self, SubsMemberState state, SubsReason reason)
{
  List *list = self->list;
  gboolean was_live = member_is_live (self);
  guint8 before = self->base.state;

  subs_list_decide (list->members, &self->base, state, reason,
                    service_now (list->service));
  if (before != state && (was_live || member_is_live (self)))
    tell_owner (self, self->watched->aor, was_live, reason);
}

static void
leave (Member *self, SubsReason reason)
{
  Service *service = self->list->service;
  g_autofree char *aor = g_strdup (self->base.key);
  gboolean was_live = member_is_live (self);

  foreign_stop (self);
  unlink_member (service->lists, self);
  service->lists->n_members--;
  if (was_live)
    tell_owner (self, aor, TRUE, reason);
}

static void
gone_cb (SubsMember *member, gpointer data)
{
  leave ((Member *)member, SUBS_NORESOURCE);
}

void
members_leave (List *self, SubsReason reason)
{
  const GPtrArray *members = subs_list_members (self->members);

  for (guint i = 0; i < members->len; i++)
    leave (members->pdata[i], reason);
}

void
members_enter (List *self)
{
  const GPtrArray *members = subs_list_members (self->members);

  for (guint i = 0; i < members->len; i++) {
    Member *member = members->pdata[i];

    if (member_is_live (member))
      tell_owner (member, member->base.key, FALSE, SUBS_NO_REASON);
  }
}

/* --- What a list has --- */

static gboolean
is_local (const Member *self)
{
  return strchr (self->base.key, '@') != NULL
         && service_has_domain (self->list->service,
                                aor_domain (self->base.key));
}

static void
enter (List *list, Member *self)
{
  self->list = list;
  self->number = ++list->last_number;
  self->is_new = TRUE;
  self->is_foreign = !is_local (self);
  if (!self->is_foreign)
    link_member (list->service->lists, self);
  list->service->lists->n_members++;
}

void
members_take (List *self, const ListContents *contents)
{
  gint64 now = service_now (self->service);

  subs_list_begin (self->members);
  for (guint i = 0; i < contents->entries->len; i++) {
    const ListEntry *entry = contents->entries->pdata[i];
    gboolean is_new;
    SubsMember *member = subs_list_put (self->members, entry->key, entry->uri,
                                        entry->name, &is_new, now);

    if (member != NULL && is_new)
      enter (self, (Member *)member);
  }
  subs_list_end (self->members, gone_cb, NULL, now);
}

/* --- Judging --- */

/* Who waits for a policy: of a member, or (key NULL) of the watcher. */
typedef struct {
  List *list;
  char *key;
} Waiting;

static void judge_member (Member *self);

static Member *
member_of (const List *list, const char *key)
{
  const Watched *watched
      = g_hash_table_lookup (list->service->lists->watched, key);
  Member *member = watched != NULL ? watched->members : NULL;

  while (member != NULL && member->list != list)
    member = member->next;
  return member;
}

/* The watcher's own policy may have been forgotten meanwhile. */
static void
go_on (List *list, const char *key)
{
  Member *member = key != NULL ? member_of (list, key) : NULL;

  if (key == NULL || facts_peek (list->service->facts, list->watcher) == NULL)
    members_judge (list);
  else if (member != NULL)
    judge_member (member);
}

static void
asked_cb (PolicyUser *user, gpointer data)
{
  Waiting *self = data;
  List *list = self->list;
  Lists *lists = list->service != NULL ? list->service->lists : NULL;
  Member *member
      = lists != NULL && self->key != NULL ? member_of (list, self->key) : NULL;

  list->n_missing--;
  if (lists != NULL) {
    lists->n_asking--;
    if (self->key == NULL)
      list->is_asking = FALSE;
    if (member != NULL)
      member->is_asked = FALSE;
    if (user != NULL)
      go_on (list, self->key);
    list_settle (list);
    lists_go_on (lists);
  }
  list_unref (list);
  g_free (self->key);
  g_free (self);
}

static void
ask (List *list, const char *aor, const char *key)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->list = list_ref (list);
  waiting->key = g_strdup (key);
  list->n_missing++;
  list->service->lists->n_asking++;
  facts_want (list->service->facts, aor, asked_cb, waiting);
}

static void
set_view (Member *self, const char *view)
{
  List *list = self->list;
  char *old = self->view;

  if (g_strcmp0 (old, view) == 0)
    return;
  self->view = g_ref_string_new_intern (view);
  if (old != NULL)
    g_ref_string_release (old);
  if (self->base.state == SUBS_MEMBER_ACTIVE)
    subs_list_changed (list->members, &self->base, service_now (list->service));
}

static void
apply (Member *self, const char *presentity, const PolicyAnswer *answer)
{
  List *list = self->list;
  Service *service = list->service;
  gboolean is_blocked = answer->decision == POLICY_BLOCK
                        || (self->is_new
                            && judge_limits (service, list->watcher, presentity,
                                             list->package, answer)
                                   != NULL);
  guint32 limit = member_limit (self, answer->is_adhoc);
  g_autofree char *view = judge_view (answer);

  judge_noted (service, list->watcher, presentity, answer,
               !list->is_fetch && !is_blocked);
  self->is_new = FALSE;
  if (is_blocked) {
    self->limit_at = 0;
    decide (self, SUBS_MEMBER_ENDED, SUBS_REJECTED);
    return;
  }
  if (member_is_over (self, answer->is_adhoc))
    return;
  if (!member_set_limit (self, limit)) {
    decide (self, SUBS_MEMBER_ENDED, SUBS_TIMEOUT);
    return;
  }
  set_view (self, view);
  decide (self,
          answer->decision == POLICY_PENDING ? SUBS_MEMBER_PENDING
                                             : SUBS_MEMBER_ACTIVE,
          SUBS_NO_REASON);
}

static void
judge_user (Member *self)
{
  List *list = self->list;
  Service *service = list->service;
  const StoreUser *user = service_enabled_user (service, self->base.key);
  guint32 limit_at = self->limit_at;
  PolicyAnswer answer;

  if (user == NULL) {
    self->is_new = TRUE;
    decide (self, SUBS_MEMBER_ENDED, SUBS_NORESOURCE);
    return;
  }
  if (!judge_is_ready (service, list->watcher, user->aor, list->package)) {
    if (!self->is_asked)
      ask (list, user->aor, self->base.key);
    self->is_asked = TRUE;
    return;
  }
  self->limit_at = 0; /* it is not counted beside itself */
  answer = judge_watch (service, list->watcher, user->aor, list->package, NULL);
  self->limit_at = limit_at;
  if (answer.step != POLICY_BY_NOT_KNOWN)
    apply (self, user->aor, &answer);
  policy_answer_clear (&answer);
}

static void
judge_member (Member *self)
{
  if (self->watched != NULL)
    judge_user (self);
  else
    foreign_judge (self);
}

void
members_judge (List *self)
{
  const GPtrArray *members = subs_list_members (self->members);

  if (self->is_asking)
    return;
  if (facts_peek (self->service->facts, self->watcher) == NULL) {
    self->is_asking = TRUE;
    ask (self, self->watcher, NULL);
    return;
  }
  for (guint i = 0; i < members->len; i++)
    judge_member (members->pdata[i]);
}

gboolean
members_has_unknown (const List *self)
{
  const GPtrArray *members = subs_list_members (self->members);

  for (guint i = 0; i < members->len; i++) {
    const Member *member = members->pdata[i];

    if (member->watched != NULL && member->is_new
        && member->base.state == SUBS_MEMBER_UNKNOWN)
      return TRUE;
  }
  return FALSE;
}

/* --- Changes --- */

/* Who sees no state, or nothing of what changed, must not learn from the time
 * of a NOTIFY that something did. */
static gboolean
sees_change (const Member *self)
{
  Service *service = self->list->service;
  const char *aor = self->watched->aor;

  if (self->base.state != SUBS_MEMBER_ACTIVE || self->view == NULL
      || !judge_shares (service, self->list->watcher, aor))
    return FALSE;
  if (strcmp (self->view, VIEW_ALL) == 0)
    return TRUE;
  return strcmp (self->view, VIEW_OFFLINE) != 0
         && documents_has_changed (service, aor, self->view);
}

static void
change (Member *self, gint64 now)
{
  subs_list_changed (self->list->members, &self->base, now);
  list_touch (self->list);
}

static Member *
first_of (Service *service, const char *presentity)
{
  const Watched *watched
      = g_hash_table_lookup (service->lists->watched, presentity);

  return watched != NULL ? watched->members : NULL;
}

void
lists_presence_changed (Service *service, const char *presentity)
{
  gint64 now = service_now (service);
  Member *member = first_of (service, presentity);

  for (; member != NULL; member = member->next)
    if (sees_change (member) && member_has_news (member))
      change (member, now);
}

void
lists_show_watched (Service *service, const char *presentity)
{
  gint64 now = service_now (service);
  Member *member = first_of (service, presentity);

  for (; member != NULL; member = member->next)
    if (member->base.state == SUBS_MEMBER_ACTIVE)
      change (member, now);
}

void
members_show (List *self)
{
  const GPtrArray *members = subs_list_members (self->members);
  gint64 now = service_now (self->service);

  for (guint i = 0; i < members->len; i++) {
    Member *member = members->pdata[i];
    const StoreUser *user = service_user (self->service, member->base.key);

    if ((member->is_foreign
         || (user != NULL && user->share_availability == POLICY_AS_SETTINGS))
        && member->base.state == SUBS_MEMBER_ACTIVE)
      subs_list_changed (self->members, &member->base, now);
  }
}

/* Those whose lists are not read yet are judged with them.  What is told of
 * them changes no list. */
void
lists_judge_watched (Service *service, const char *presentity)
{
  Member *member = first_of (service, presentity);

  for (; member != NULL; member = member->next) {
    judge_member (member);
    list_touch (member->list);
  }
}

static void
end_adhoc (List *self)
{
  const GPtrArray *members = subs_list_members (self->members);

  self->next_limit = 0;
  for (guint i = 0; i < members->len; i++) {
    Member *member = members->pdata[i];

    if (member->limit_at == 0 || member->limit_at == SUBS_NO_END)
      continue;
    if (member_set_limit (member, member->limit_at)) {
      continue;
    } else if (member->watched != NULL) {
      decide (member, SUBS_MEMBER_ENDED, SUBS_TIMEOUT);
    } else {
      foreign_end (member, SUBS_TIMEOUT);
    }
  }
  list_touch (self);
}

void
lists_advance (Service *service)
{
  guint32 now = (guint32)(service_now (service) / G_USEC_PER_SEC);
  g_autoptr (GList) limited = g_hash_table_get_keys (service->lists->limited);

  for (GList *l = limited; l != NULL; l = l->next) {
    List *list = l->data;

    if (list->next_limit <= now)
      end_adhoc (list);
    if (list->next_limit == 0)
      g_hash_table_remove (service->lists->limited, list);
  }
}

/* --- Who watches --- */

void
lists_foreach (Service *service, const char *presentity, const char *package,
               ListsWatchFn fn, gpointer data)
{
  for (const Member *member = first_of (service, presentity); member != NULL;
       member = member->next) {
    Sub *sub = member->list->sub;
    g_autofree char *id = NULL;
    ListsWatch watch;

    if (!member_is_live (member)
        || strcmp (member->list->package, package) != 0)
      continue;
    id = member_id (member);
    watch = (ListsWatch){
      .id = id,
      .watcher = member->list->watcher,
      .is_pending = member->base.state == SUBS_MEMBER_PENDING,
      .since = sub_created_at (sub),
      .expires_at = sub_expires_at (sub),
      .limit_at = member->limit_at,
      .sub = sub,
    };
    fn (&watch, data);
  }
}

guint
lists_count (Service *service, const char *presentity)
{
  const Watched *watched
      = g_hash_table_lookup (service->lists->watched, presentity);

  return watched != NULL ? watched->n : 0;
}

guint
lists_n_adhoc (Service *service, const char *watcher)
{
  const GPtrArray *lists
      = g_hash_table_lookup (service->lists->owners, watcher);
  guint n = 0;

  for (guint i = 0; lists != NULL && i < lists->len; i++) {
    const List *list = lists->pdata[i];
    const GPtrArray *members = subs_list_members (list->members);

    for (guint j = 0; j < members->len; j++)
      n += ((const Member *)members->pdata[j])->limit_at != 0;
  }
  return n;
}

/* SPDX-License-Identifier: ISC
 *
 * Members of lists who are in other domains: given by a ListsForeign; and how
 * long anybody is watched who is no contact (DESIGN section 4). */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

#include "service/judge.h"

#include <string.h>

/* --- Watching ad hoc --- */

static guint32
now_in_seconds (const Member *self)
{
  return (guint32)(service_now (self->list->service) / G_USEC_PER_SEC);
}

/* A list that came back from the store has been watching ad hoc since it was
 * made. */
guint32
member_limit (const Member *self, gboolean is_adhoc)
{
  const List *list = self->list;
  const PolicyAnswer answer = { .is_adhoc = is_adhoc };
  guint32 limit = judge_limit_at (list->service, &answer);

  if (limit == 0 || limit == SUBS_NO_END)
    return limit;
  if (self->is_new && list->is_restored) {
    gint64 age = service_now (list->service) - sub_created_at (list->sub);

    limit -= (guint32)CLAMP (age / G_USEC_PER_SEC, 0, (gint64)limit - 1);
  }
  return self->limit_at != 0 ? MIN (self->limit_at, limit) : limit;
}

/* FALSE: it is over already. */
gboolean
member_set_limit (Member *self, guint32 limit_at)
{
  List *list = self->list;

  self->limit_at = limit_at;
  if (limit_at == 0 || limit_at == SUBS_NO_END)
    return TRUE;
  if (limit_at <= now_in_seconds (self)) {
    self->limit_at = 0;
    return FALSE;
  }
  if (list->next_limit == 0 || limit_at < list->next_limit)
    list->next_limit = limit_at;
  g_hash_table_add (list->service->lists->limited, list);
  return TRUE;
}

/* What was watched ad hoc for its time does not come back in this dialog, but
 * as a contact. */
gboolean
member_is_over (const Member *self, gboolean is_adhoc)
{
  return is_adhoc && self->base.state == SUBS_MEMBER_ENDED
         && self->base.reason == SUBS_TIMEOUT;
}

/* --- Foreign members --- */

void
foreign_stop (Member *self)
{
  const ListsForeign *foreign = self->list->service->lists->foreign;

  if (self->foreign != NULL)
    foreign->stop (foreign->self, g_steal_pointer (&self->foreign));
}

static void
take_foreign (Member *self)
{
  List *list = self->list;
  const ListsForeign *foreign = list->service->lists->foreign;
  ListsForeignState state = { 0 };

  foreign->state (foreign->self, self->foreign, &state);
  if (state.state == SUBS_MEMBER_ACTIVE && state.body == NULL)
    state.state = SUBS_MEMBER_UNKNOWN;
  subs_list_decide (list->members, &self->base, state.state, state.reason,
                    service_now (list->service));
}

gboolean
foreign_is_shared (const Member *self)
{
  return judge_shares (self->list->service, self->list->watcher,
                       self->base.key);
}

/* While availability is not shared, his comings and goings are not told, not
 * even by the time of a NOTIFY. */
static void
foreign_cb (gpointer data)
{
  Member *self = data;
  List *list = self->list;

  take_foreign (self);
  if (foreign_is_shared (self) && member_has_news (self))
    subs_list_changed (list->members, &self->base, service_now (list->service));
  list_touch (list);
}

/* The contact rule alone is ours (DESIGN section 4); the rest is decided where
 * they are. */
static gboolean
may_watch_foreign (const Member *self, gboolean *is_adhoc)
{
  const List *list = self->list;
  const PolicySettings *settings = &list->service->settings;
  PolicyUser *watcher = facts_peek (list->service->facts, list->watcher);

  *is_adhoc
      = watcher == NULL || !policy_user_has_contact (watcher, self->base.key);
  return !*is_adhoc
         || (settings->adhoc_enabled
             && (settings->adhoc_max == POLICY_NO_LIMIT || self->limit_at != 0
                 || judge_n_adhoc (list->service, list->watcher)
                        < (guint)settings->adhoc_max));
}

void
foreign_end (Member *self, SubsReason reason)
{
  foreign_stop (self);
  self->limit_at = 0;
  subs_list_decide (self->list->members, &self->base, SUBS_MEMBER_ENDED, reason,
                    service_now (self->list->service));
}

void
foreign_judge (Member *self)
{
  List *list = self->list;
  const ListsForeign *foreign = list->service->lists->foreign;
  gboolean is_adhoc;
  guint32 limit;

  if (strchr (self->base.key, '@') == NULL)
    return; /* a telephone number: nobody knows its state */
  if (!may_watch_foreign (self, &is_adhoc)) {
    foreign_end (self, SUBS_REJECTED);
    return;
  }
  if (member_is_over (self, is_adhoc))
    return;
  limit = member_limit (self, is_adhoc);
  self->is_new = FALSE;
  if (!member_set_limit (self, limit)) {
    foreign_end (self, SUBS_TIMEOUT);
    return;
  }
  if (foreign == NULL) {
    subs_list_decide (list->members, &self->base, SUBS_MEMBER_UNKNOWN,
                      SUBS_NO_REASON, service_now (list->service));
    return;
  }
  if (self->foreign == NULL)
    self->foreign
        = foreign->start (foreign->self, list->watcher, self->base.uri,
                          list->package, foreign_cb, self);
  if (self->foreign != NULL)
    take_foreign (self);
}

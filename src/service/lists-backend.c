/* SPDX-License-Identifier: ISC
 *
 * Members of lists who are in other domains are watched by back-end
 * subscriptions (RFC 4662 4). */
#include "service/backend.h"
#include "service/lists-priv.h"

static gpointer
start_cb (gpointer self, const char *watcher, const char *uri,
          const char *package, void (*changed) (gpointer data), gpointer data)
{
  return backend_watch (self, watcher, uri, package, changed, data);
}

static void
stop_cb (gpointer self, gpointer handle)
{
  backend_unwatch (handle);
}

static SubsMemberState
state_of (const BackendView *view)
{
  if (!view->is_known)
    return SUBS_MEMBER_UNKNOWN;
  return view->state == SUBS_ACTIVE    ? SUBS_MEMBER_ACTIVE
         : view->state == SUBS_PENDING ? SUBS_MEMBER_PENDING
                                       : SUBS_MEMBER_ENDED;
}

static void
state_cb (gpointer self, gpointer handle, ListsForeignState *out)
{
  BackendView view;

  backend_look (handle, &view);
  *out = (ListsForeignState){ .state = state_of (&view),
                              .reason = view.reason,
                              .content_type = view.content_type,
                              .body = view.body };
}

void
lists_watch_elsewhere (Service *service)
{
  Lists *lists = service->lists;

  lists->elsewhere = (ListsForeign){ service, start_cb, stop_cb, state_cb };
  lists_set_foreign (service, &lists->elsewhere);
}

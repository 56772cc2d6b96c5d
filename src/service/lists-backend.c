/* SPDX-License-Identifier: ISC
 *
 * Members of lists who are in other domains: XMPP users are watched across the
 * link, others by back-end subscriptions (RFC 4662 4). */
#include "service/backend.h"
#include "service/lists-priv.h"
#include "service/xmpp-presence.h"

/* One of them. */
typedef struct {
  XmppWatch *xmpp;
  BackendWatch *sip;
} Elsewhere;

static gpointer
start_cb (gpointer self, const char *watcher, const char *uri,
          const char *package, void (*changed) (gpointer data), gpointer data)
{
  Elsewhere *watch = g_new0 (Elsewhere, 1);

  watch->xmpp
      = xmpp_presence_list_watch (self, watcher, uri, package, changed, data);
  if (watch->xmpp == NULL)
    watch->sip = backend_watch (self, watcher, uri, package, changed, data);
  if (watch->xmpp == NULL && watch->sip == NULL)
    g_clear_pointer (&watch, g_free);
  return watch;
}

static void
stop_cb (gpointer self, gpointer handle)
{
  Elsewhere *watch = handle;

  xmpp_presence_list_unwatch (watch->xmpp);
  backend_unwatch (watch->sip);
  g_free (watch);
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
  const Elsewhere *watch = handle;
  BackendView view;

  if (watch->xmpp != NULL) {
    xmpp_presence_list_look (watch->xmpp, out);
    return;
  }
  backend_look (watch->sip, &view);
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

/* SPDX-License-Identifier: ISC
 *
 * Presence across the XMPP border (RFC 8048), for the rest of the service.
 *
 * An XMPP user who watches a user of ours has a subscription in subs/ like any
 * other, so that the policy, approval, limits, watcher information and the
 * restart are those of all; its dialog is nobody's, and its NOTIFYs end here.
 * It lasts as long as XMPP has it.
 *
 * A user of ours who watches an XMPP user subscribes here too; whether he may is
 * decided by the XMPP user, and the document is made of what his server tells
 * this one user (roster/roster.h). */
#pragma once
#include "service/lists.h"
#include "service/xmpp.h"

/* --- XMPP users who watch users of ours --- */

/* Is this the dialog of one? */
gboolean xmpp_presence_is_watcher (const SubsDialog *dialog);
/* A NOTIFY to one; takes place in the call. */
void xmpp_presence_notify (Service *service, const SubsAction *action);

/* --- Users of ours who watch XMPP users --- */

/* Is this an address of an XMPP user? */
gboolean xmpp_presence_is_contact (Service *service, const char *aor);
/* May watcher watch him?  As judge_watch; but: the subscription that is judged
 * again, or NULL. */
PolicyAnswer xmpp_presence_judge (Service *service, const char *watcher,
                                  const char *contact, const char *package,
                                  const Sub *but);
/* sub was allowed, or is to wait (again): it watches from now on. */
void xmpp_presence_watch (Service *service, Sub *sub);
/* What watcher knows of him. */
GBytes *xmpp_presence_document (Service *service, const char *watcher,
                                const char *contact);
/* How that stands, for people; new.  *state_out: a word for programs, static. */
char *xmpp_presence_text (Service *service, const char *watcher,
                          const char *contact, const char **state_out);
/* What is stored of a user was read again (NULL: of everybody): his contacts may
 * be others. */
void xmpp_presence_facts_changed (Service *service, const char *aor);

/* There is no such user any more: he watches nobody. */
void xmpp_presence_user_gone (Service *service, const char *aor);
/* sub, of either kind, is terminated, or gone. */
void xmpp_presence_ended (Service *service, Sub *sub);

/* A member of a list who is an XMPP user; NULL: uri is of none, or package is not
 * presence.  changed as in ListsForeign. */
typedef struct XmppWatch XmppWatch;
XmppWatch *xmpp_presence_list_watch (Service *service, const char *user,
                                     const char *uri, const char *package,
                                     void (*changed) (gpointer data),
                                     gpointer data);
/* Takes NULL. */
void xmpp_presence_list_unwatch (XmppWatch *watch);
void xmpp_presence_list_look (XmppWatch *watch, ListsForeignState *out);

/* For service_status. */
typedef struct {
  guint n_pairs;
  guint n_paced; /* that wait to be sent to */
} XmppPresenceSize;
void xmpp_presence_size (Service *service, XmppPresenceSize *out);

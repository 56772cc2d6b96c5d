/* SPDX-License-Identifier: ISC
 *
 * Subscriptions to lists (RFC 4662): one dialog, many members.  Members of our
 * domains are seen in memory, each judged as a watcher of his own would be;
 * those of others are given by a ListsForeign.  The list itself is judged by
 * nobody: it is its owner's.
 *
 * The presentity of such a dialog says which list it is, and is no AoR:
 *   friends@example.com;service          a service (rls-services)
 *   alice@example.com;pres-list=work     a group of contacts (escaped as in a
 *                                        URI; "contacts": all), or a service
 *   example.com                          the list in the SUBSCRIBE's body */
#pragma once
#include "service/lists-read.h"
#include "subs/list.h"

#define LISTS_PARAM ";pres-list="
#define LISTS_SERVICE ";service"
#define LISTS_OPTION "eventlist"

/* What is known of a member in another domain.  Borrowed. */
typedef struct {
  SubsMemberState state; /* SUBS_MEMBER_UNKNOWN: nothing yet */
  SubsReason reason;     /* SUBS_MEMBER_ENDED */
  const char *content_type;
  GBytes *body; /* SUBS_MEMBER_ACTIVE; NULL: nothing to show, counts as
                   unknown */
} ListsForeignState;

/* Whoever watches them for us. */
typedef struct {
  gpointer self;
  /* watcher, a user of ours, watches uri through a list from now on, until stop.
   * changed is called when its state is another, never inside these calls. */
  gpointer (*start) (gpointer self, const char *watcher, const char *uri,
                     const char *package, void (*changed) (gpointer data),
                     gpointer data);
  void (*stop) (gpointer self, gpointer handle);
  void (*state) (gpointer self, gpointer handle, ListsForeignState *out);
} ListsForeign;

Lists *all_lists_new (Service *service);
/* What is being read is forgotten; who waits for it is not called. */
void all_lists_free (Lists *self);
/* Before the first SUBSCRIBE; NULL: members of other domains have no state.
 * Borrowed. */
void lists_set_foreign (Service *service, const ListsForeign *foreign);
/* The service itself watches them (backend.h); as lists_set_foreign. */
void lists_watch_elsewhere (Service *service);

/* Is the presentity of this dialog a list? */
gboolean lists_is_list (const SubsDialog *dialog);
/* The presentity of a new subscription to aor, with that parameter pres-list
 * (NULL: none); NULL: it is no list, but what aor says.  The caller frees. */
char *lists_address (Service *service, const char *package, const char *aor,
                     const char *list);

/* --- SUBSCRIBEs --- */

/* Is this SUBSCRIBE for a list?  In a dialog the tag says it. */
gboolean lists_is_asked (Service *service, const SubsDialog *dialog);
/* May it be, as far as is known before the list has been read?  SERVICE_OK, or
 * the answer. */
ServiceVerdict lists_check (Service *service, const ServiceCaller *caller,
                            const SubscribeCommand *command, const char **text);
/* Does who sends it understand lists?  Of a plain address that is asked when it
 * is known to be one. */
ServiceVerdict lists_check_support (const SubscribeCommand *command);
/* Does its body say which list it is, or filter it (RFC 4660)? */
gboolean lists_takes_body (Service *service, const SubsDialog *dialog);

/* A list as read for one SUBSCRIBE. */
typedef struct List List;
void list_free (List *self);

typedef struct {
  ServiceVerdict verdict;
  const char *text; /* or NULL */
  List *list;       /* SERVICE_OK: fn's, for lists_attach or list_free */
} ListsPrepared;
typedef void (*ListsPreparedFn) (const ListsPrepared *prepared, gpointer data);
/* Reads the list that dialog is for, and the policy of its members; then calls
 * fn once, inside this call or later.  is_fetch: nobody is asked for approval
 * (RFC 3857 4.7.2). */
void lists_prepare (Service *service, const SubsDialog *dialog,
                    gboolean is_fetch, ListsPreparedFn fn, gpointer data);
/* sub was made or refreshed by that SUBSCRIBE: its next NOTIFY has full state.
 * list is taken; NULL: the one that sub has stays. */
void lists_attach (Service *service, Sub *sub, List *list);
/* Is what sub's members are in memory?  TRUE for what is no list. */
gboolean lists_is_ready (Service *service, Sub *sub);

/* After a start: reads sub's list.  TRUE: it is woken, with wakes, when that is
 * done; FALSE: it is no list, the caller goes on. */
gboolean lists_restore (Service *service, Sub *sub, gboolean wakes);
/* For SubsDevice: FALSE: sub is woken when its list has been read. */
gboolean lists_may_tell (Sub *sub, gpointer service);

/* --- NOTIFYs --- */

/* The body of the next NOTIFY of sub: RLMI with the members' documents; etag_out
 * gets the entity tag of the full state ("": none).  The caller frees both;
 * NULL: the list has not been read. */
GBytes *lists_document (Service *service, Sub *sub, char **content_type_out,
                        char etag_out[24]);
/* What a member shows a watcher who sees this view of it (sub_view); its type
 * is static or as long as the body.  NULL: nothing. */
GBytes *lists_member_document (Service *service, const SubsDialog *dialog,
                               const char *presentity, const char *view,
                               const char **content_type_out);
/* suppress (or NULL) of a SUBSCRIBE in sub, which has been attached. */
void lists_condition (Service *service, Sub *sub, const char *suppress);
/* Is the state of sub's list what its condition names, so that a NOTIFY needs no
 * body (RFC 5839 6.2)?  Then the entity tag through out; else the condition is
 * over (5.2). */
gboolean lists_is_suppressed (Service *service, Sub *sub, char out[24]);
/* Does suppress name it, as shape_matches has it? */
gboolean lists_matches (Service *service, Sub *sub, const char *suppress,
                        char **etag_out);
/* It ended; is_told: by a 2xx. */
void lists_notified (Service *service, Sub *sub, gboolean is_told);
/* sub is terminated: it watches nobody any more. */
void lists_ended (Service *service, const SubsAction *action);
/* sub is gone. */
void lists_forget (Service *service, Sub *sub);

/* --- Changes --- */

/* What members see of presentity changed; or may have, whatever they see. */
void lists_presence_changed (Service *service, const char *presentity);
void lists_show_watched (Service *service, const char *presentity);
/* Who watches presentity through a list is judged again. */
void lists_judge_watched (Service *service, const char *presentity);
/* The same for all that sub watches; TRUE: sub is a list.  wakes: it is woken
 * then.  shows: what it sees may have changed for everybody. */
gboolean lists_judge (Service *service, Sub *sub, gboolean wakes,
                      gboolean shows);
/* Documents changed, as StoreEvents has it. */
void lists_documents_changed (Service *service, const char *auid,
                              const char *owner);
/* sub's turn has come to be read again. */
void lists_read_again (Service *service, Sub *sub);
/* PostgreSQL is back: what could not be read or judged is. */
void lists_retry (Service *service);
/* Ends what is watched ad hoc for too long. */
void lists_advance (Service *service);

/* --- Who watches --- */

/* A live membership: somebody watches presentity through a list. */
typedef struct {
  const char *id; /* unique among watchers */
  const char *watcher;
  gboolean is_pending;
  gint64 since, expires_at; /* of the dialog, us */
  guint32 limit_at;         /* as in SubsDialog */
  Sub *sub;
} ListsWatch;
typedef void (*ListsWatchFn) (const ListsWatch *watch, gpointer data);
/* Calls fn for each of presentity in package; borrowed. */
void lists_foreach (Service *service, const char *presentity,
                    const char *package, ListsWatchFn fn, gpointer data);
/* At least as many as lists_foreach tells of. */
guint lists_count (Service *service, const char *presentity);
/* Members that watcher watches ad hoc. */
guint lists_n_adhoc (Service *service, const char *watcher);

/* Subscriptions to lists of watcher, those under way included. */
guint lists_n_of (Service *service, const char *watcher);
/* Lists, and members of them, that are watched. */
void lists_size (Service *service, guint *lists_out, guint *members_out);

/* For lists-read.c: what is being read. */
GQueue *lists_readings (Service *service);
void list_readings_end (GQueue *readings);

/* SPDX-License-Identifier: ISC
 *
 * The inside of lists*.c: a list of one subscription, its members, and who of
 * our users is a member of which lists. */
#pragma once
#include "service/lists.h"
#include "service/packages.h"
#include "service/reread.h"

typedef struct Member Member;

/* A user of ours (or an address that may become one) who is in lists. */
typedef struct {
  char *aor; /* GRefString */
  Member *members;
  guint n;
} Watched;

struct Member {
  SubsMember base; /* first */
  List *list;
  Watched *watched; /* NULL: of another domain, or the list is over */
  Member *next, **link;
  gpointer foreign;  /* of ListsForeign, or NULL */
  char *view;        /* GRefString: as sub_view; NULL: not judged yet */
  guint64 mark;      /* lists-etag.c: of what was told of it; 0: nothing */
  GBytes *told;      /* the document told last, before the filter that concerns
                        it; NULL: none does */
  guint32 number;    /* unique in its list */
  guint32 limit_at;  /* as in SubsDialog */
  guint8 is_new;     /* gboolean: has not been judged */
  guint8 is_asked;   /* gboolean: its policy is being read */
  guint8 is_foreign; /* gboolean: not of our domains */
};

struct List {
  Service *service; /* NULL: it is over */
  Sub *sub;         /* NULL: its SUBSCRIBE is still being decided */
  char *watcher, *address, *uri, *name;
  const char *package; /* interned */
  SubsBody *body;
  SubsList *members;  /* of Member */
  guint64 marks;      /* their sum */
  char *suppress;     /* the condition while it holds (RFC 5839), or NULL */
  ListsPreparedFn fn; /* who waits for it, or NULL */
  gpointer data;
  LoopTimer *timer;
  GList due;          /* in lists->due */
  GList turn;         /* in lists->turns */
  guint n_missing;    /* policies that are being read */
  guint32 next_limit; /* the nearest limit_at; 0: none */
  guint32 last_number;
  guint8 state;       /* RereadState */
  gboolean is_read;   /* once */
  gboolean is_stored; /* made of documents */
  gboolean is_fetch;
  gboolean is_restored; /* and not ready since */
  gboolean has_turn;    /* in lists->turns */
  gboolean is_reading;  /* counted in lists->n_reading */
  gboolean is_due;      /* in lists->due */
  gboolean is_asking;   /* the watcher's own policy is being read */
  gboolean wakes;       /* its dialog is to be woken */
};

struct Lists {
  Service *service;
  const ListsForeign *foreign; /* or NULL */
  ListsForeign elsewhere;      /* lists-backend.c */
  GHashTable *by_sub;          /* Sub -> List */
  GHashTable *watched;         /* AoR -> Watched */
  GHashTable *owners;          /* AoR of the watcher -> GPtrArray of List */
  GHashTable *limited;         /* set of List: next_limit is not 0 */
  GQueue readings;             /* lists-read.c */
  GQueue turns;                /* List, to be read */
  guint n_reading;             /* lists of which that is under way */
  guint n_asking;              /* policies that are being read for them */
  GQueue due;                  /* List, the first due first */
  LoopTimer *timer;            /* for the first of due */
  guint n_members;
};

/* lists.c */
List *list_ref (List *self);
void list_unref (List *self);
List *list_of (Service *service, Sub *sub);
/* Has been read, and its members judged. */
gboolean list_is_ready (const List *self);
/* Goes on with who waits for it, if it is ready. */
void list_settle (List *self);
/* Reads those whose turn has come. */
void lists_go_on (Lists *self);
/* Something of it may be owed. */
void list_touch (List *self);

/* lists-check.c: what a SUBSCRIBE is answered. */
ServiceVerdict list_verdict (ListOutcome outcome);

/* lists-members.c */
void members_take (List *self, const ListContents *contents);
/* Judges all; those whose policy has to be read later. */
void members_judge (List *self);
/* The setting of who shares changed: those whose it is. */
void members_show (List *self);
/* It watches nobody any more; reason: why, for those who are watched. */
void members_leave (List *self, SubsReason reason);
/* The watched hear of a watcher: its SUBSCRIBE was accepted. */
void members_enter (List *self);
/* Nothing of an unsettled member is known since PostgreSQL was away. */
gboolean members_has_unknown (const List *self);
void member_clear (SubsMember *base);
/* lists-notify.c: does the document of an active member say something new to
 * who has these filters (RFC 4660)?  TRUE where there are none. */
gboolean member_has_news (const Member *self);

/* lists-etag.c: entity tags of lists (RFC 5839 6.5). */
/* For what body (NULL: none) tells of member; 0: it is gone. */
guint64 member_mark (Service *service, const Package *package,
                     const Member *member, GBytes *body);
/* Of full state: of the sum of the marks. */
void list_tag (Service *service, const List *self, guint64 marks,
               char out[24]);

/* lists-foreign.c */
/* How long a member may be watched, as SubsDialog.limit_at. */
guint32 member_limit (const Member *self, gboolean is_adhoc);
/* FALSE: that is over already. */
gboolean member_set_limit (Member *self, guint32 limit_at);
/* Has it been watched ad hoc for its time?  It does not come back in this
 * dialog, but as a contact. */
gboolean member_is_over (const Member *self, gboolean is_adhoc);
/* May a foreign member be watched?  Begins or ends that. */
void foreign_judge (Member *self);
void foreign_end (Member *self, SubsReason reason);
/* Is availability shared, so that the watcher may see what came of a foreign
 * member? */
gboolean foreign_is_shared (const Member *self);
/* It is no member any more. */
void foreign_stop (Member *self);

/* "tag.3": for watcher information.  The caller frees. */
char *member_id (const Member *self);
gboolean member_is_live (const Member *self);
void watched_free (gpointer data);

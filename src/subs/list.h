/* SPDX-License-Identifier: ISC
 *
 * What a subscription to a list has told its subscriber of the members, and
 * what is owed (RFC 4662 4.5, 5.2): full state first and whenever it is asked
 * for, then what changed, some time gathered.  Knows no document, no dialog and
 * no policy; times are microseconds on the monotonic clock. */
#pragma once
#include "subs/subs.h"

typedef struct SubsList SubsList;

typedef enum {
  SUBS_MEMBER_UNKNOWN, /* nothing is known of its state: no instance */
  SUBS_MEMBER_PENDING,
  SUBS_MEMBER_ACTIVE,
  SUBS_MEMBER_ENDED, /* with a reason */
} SubsMemberState;

/* A member of a list; the caller's own struct begins with it.  Read only, but
 * by the functions here. */
typedef struct {
  char *key;         /* GRefString: by which members are the same */
  char *uri;         /* GRefString: as the list has it */
  char *name;        /* GRefString, or NULL */
  guint8 state;      /* SubsMemberState */
  guint8 reason;     /* SubsReason, of SUBS_MEMBER_ENDED */
  guint8 is_changed; /* gboolean: since it was told */
  guint8 is_listed;  /* gboolean: a member; FALSE: gone, to be told */
} SubsMember;

/* A list without members, that owes full state.  member_size: of the caller's
 * struct; clear: what else it has to free, or NULL. */
SubsList *subs_list_new (gsize member_size, void (*clear) (SubsMember *member));
void subs_list_free (SubsList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SubsList, subs_list_free)

/* Us that changes are gathered. */
void subs_list_set_delay (SubsList *self, gint64 delay);

/* The members as they are now: subs_list_begin, subs_list_put for each in
 * order, subs_list_end.  put gives the member, which is zeroed (is_new_out) but
 * for key, uri and name when it was not there; NULL: it has been put already.
 * Those not put are gone: gone is told of each, and the subscriber will be, as
 * ended for SUBS_NORESOURCE. */
typedef void (*SubsMemberFn) (SubsMember *member, gpointer data);
void subs_list_begin (SubsList *self);
SubsMember *subs_list_put (SubsList *self, const char *key, const char *uri,
                           const char *name, gboolean *is_new_out, gint64 now);
void subs_list_end (SubsList *self, SubsMemberFn gone, gpointer data,
                    gint64 now);

/* SubsMembers, in order; borrowed until the next subs_list_end. */
const GPtrArray *subs_list_members (const SubsList *self);

/* Nothing changes when it is so already. */
void subs_list_decide (SubsList *self, SubsMember *member,
                       SubsMemberState state, SubsReason reason, gint64 now);
/* What an active member's document says, for this subscriber, changed. */
void subs_list_changed (SubsList *self, SubsMember *member, gint64 now);
/* The next NOTIFY has full state: a SUBSCRIBE came. */
void subs_list_ask (SubsList *self);

/* When changes have been gathered long enough; 0: there are none. */
gint64 subs_list_due (const SubsList *self);

/* A NOTIFY leaves: the members that it names, borrowed until the next call of
 * take or told, appended to out.  TRUE: all of them, full state; it is that too
 * when nothing changed, for then somebody asked. */
gboolean subs_list_take (SubsList *self, GPtrArray *out);
/* One leaves that names none, since the subscriber has them as they are now (RFC
 * 5839): the next has full state. */
void subs_list_pass (SubsList *self);
/* It ended.  FALSE: the subscriber may not have it, so full state follows. */
void subs_list_told (SubsList *self, gboolean is_told);

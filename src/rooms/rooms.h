/* SPDX-License-Identifier: ISC
 *
 * Our users in text conferences (XEP-0045): the occupancy of each as a state
 * table, and who else is there.  A call decides and appends what is to be done;
 * the caller carries it out.  Knows no stanza, SIP, SQL or clock; times are
 * microseconds on the monotonic clock.  A user is in a room once, whatever the
 * number of his devices. */
#pragma once
#include "rooms/crowd.h"
#include "rooms/limits.h"

typedef struct Rooms Rooms;
typedef struct Room Room; /* lives while somebody of ours has to do with it */
typedef struct Member Member; /* one user in one room, until ROOMS_ACT_FREE */

typedef enum {
  MEMBER_JOINING, /* asked to be let in */
  MEMBER_IN,
  MEMBER_LEAVING,   /* left, not confirmed */
  MEMBER_WAITING,   /* was in; for the link, or for the room to be back */
  MEMBER_REJOINING, /* was in, and asked to be let in again */
  MEMBER_OUT,
} MemberState;
const char *member_state_name (MemberState state);

typedef enum {
  ROOMS_NO_REASON,
  ROOMS_LEFT, /* he wanted it */
  ROOMS_KICKED,
  ROOMS_BANNED,
  ROOMS_MEMBERS_ONLY,
  ROOMS_CLOSED,   /* the room is no more */
  ROOMS_PASSWORD, /* none was given, or a wrong one */
  ROOMS_NICK,     /* taken, and so are others like it */
  ROOMS_NO_NICK,  /* not one that the room allows */
  ROOMS_NO_ROOM,  /* there is none, and it may not be made */
  ROOMS_FULL,
  ROOMS_UNREACHABLE, /* the server of the room */
  ROOMS_FAILED,      /* some other error */
  ROOMS_SILENT,      /* no answer */
  ROOMS_NO_LINK,
  ROOMS_N_REASONS,
} RoomsReason;
/* A sentence for people, without an end. */
const char *rooms_reason_text (RoomsReason reason);

typedef enum {
  ROOMS_ACT_JOIN,   /* ask the room to let member in as member_nick; it was in
                       before if is_again */
  ROOMS_ACT_LEAVE,  /* tell the room that he leaves */
  ROOMS_ACT_RENAME, /* ask the room for member_wish */
  ROOMS_ACT_PING,   /* ask the room whether he is still in: rooms_lost if not */
  ROOMS_ACT_STORE,  /* write that he is in (durable) */
  ROOMS_ACT_ERASE,
  ROOMS_ACT_IN,      /* he is in, or in again if is_again: who waits goes on */
  ROOMS_ACT_REFUSED, /* he was not let in: reason */
  ROOMS_ACT_ENDED,   /* he was in, and is not any more: reason */
  ROOMS_ACT_AWAY,    /* he was in, and waits; or he was not let in again, and
                        waits still, if is_again */
  ROOMS_ACT_RENAMED, /* his nick is another now */
  ROOMS_ACT_NICK_REFUSED, /* member_wish is not to be had: reason */
  ROOMS_ACT_SHOW,         /* what there is to know of member's room changed */
  ROOMS_ACT_FREE,         /* forget member, then call member_unref */
} RoomsActionKind;

typedef struct {
  RoomsActionKind kind;
  Member *member;
  RoomsReason reason;
  gboolean is_again;
} RoomsAction;
/* To be carried out in order after the call; that may call in here again.  The
 * array keeps their members. */
GArray *rooms_actions_new (void);

Rooms *rooms_new (const RoomsLimits *limits, gint64 now);
void rooms_free (Rooms *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rooms, rooms_free)
void rooms_set_limits (Rooms *self, const RoomsLimits *limits);

/* --- Members --- */

Member *member_ref (Member *self);
void member_unref (Member *self);
const char *member_room (const Member *self);     /* its address */
const char *member_user (const Member *self);     /* AoR */
const char *member_nick (const Member *self);     /* what he has, or asks for */
const char *member_wish (const Member *self);     /* another that he asks for */
const char *member_password (const Member *self); /* of the room, or NULL */
MemberState member_state (const Member *self);
gint64 member_since (const Member *self); /* in this state */
/* Was he in before, so that he came in again? */
gboolean member_is_back (const Member *self);
/* Has he heard of the subject since he came in? */
gboolean member_has_subject (const Member *self);
/* Up to when he has heard all that was said, in the caller's own time; 0: not
 * known. */
gint64 member_heard (const Member *self);
void member_set_heard (Member *self, gint64 heard);
/* Since when he has been out, of one who is in again soon. */
gint64 member_away_since (const Member *self);
/* In, or in again soon: not one who is not let in yet, or leaves. */
gboolean member_is_settled (const Member *self);

/* Rooms are compared without regard to ASCII case, users too.  NULL: none. */
Member *rooms_find (Rooms *self, const char *room, const char *user);
Room *rooms_find_room (Rooms *self, const char *room);

/* Call fn for each; fn must not call into rooms. */
typedef void (*RoomsMemberFn) (Member *member, gpointer data);
typedef void (*RoomsRoomFn) (Room *room, gpointer data);
void rooms_foreach (Rooms *self, RoomsRoomFn fn, gpointer data);
void rooms_foreach_of_user (Rooms *self, const char *user, RoomsMemberFn fn,
                            gpointer data);
guint rooms_size (Rooms *self); /* members */

const char *room_address (const Room *self);
void room_foreach (Room *self, RoomsMemberFn fn, gpointer data);
guint room_size (const Room *self);
/* Who has this nick; NULL: nobody of ours. */
Member *room_member_of_nick (Room *self, const char *nick);
/* Never NULL; what it says is true if room_is_known: somebody of ours is in, and
 * has been told of all. */
const Crowd *room_crowd (const Room *self);
gboolean room_is_known (const Room *self);

/* --- What happens --- */

typedef enum {
  ROOMS_OK,
  ROOMS_TOO_MANY, /* max_rooms */
} RoomsVerdict;

/* He wants in: *member_out is he, who was there if he is in, or is about to be,
 * already (then nick and password are not looked at). */
RoomsVerdict rooms_join (Rooms *self, const char *room, const char *user,
                         const char *nick, const char *password, gint64 now,
                         Member **member_out, GArray *actions);
/* He wants out. */
void rooms_leave (Rooms *self, Member *member, gint64 now, GArray *actions);
/* He waits, and somebody waits for him: his turn is now, if the link is up. */
void rooms_hurry (Rooms *self, Member *member, gint64 now, GArray *actions);
/* He wants another nick; he must be in. */
void rooms_rename (Rooms *self, Member *member, const char *nick, gint64 now,
                   GArray *actions);
/* Nobody of this user's devices is there any more, or one is again. */
void rooms_absent (Rooms *self, const char *user, gint64 now);
void rooms_present (Rooms *self, const char *user);

/* He was in when the server stopped. */
Member *rooms_restore (Rooms *self, const char *room, const char *user,
                       const char *nick, const char *password, gint64 now);

/* The room says that somebody is there; before that of himself, which comes last
 * of all when he enters. */
void rooms_saw (Rooms *self, Member *member, const CrowdOccupant *occupant,
                GArray *actions);
/* ...that somebody left, or has another nick now (to). */
void rooms_saw_leave (Rooms *self, Member *member, const char *nick,
                      const char *to, GArray *actions);
/* ...that the subject is this. */
void rooms_saw_subject (Rooms *self, Member *member, const char *subject,
                        GArray *actions);
/* ...that he himself is there, as occupant. */
void rooms_entered (Rooms *self, Member *member, const CrowdOccupant *occupant,
                    gint64 now, GArray *actions);
/* ...that it does not let him in, or not under that nick. */
void rooms_refused (Rooms *self, Member *member, RoomsReason reason, gint64 now,
                    GArray *actions);
/* ...that he is not there any more.  ROOMS_LEFT: nothing about why;
 * ROOMS_SILENT: the room's service shuts down. */
void rooms_removed (Rooms *self, Member *member, RoomsReason reason, gint64 now,
                    GArray *actions);
/* ...whatever it is. */
void rooms_heard (Rooms *self, Member *member, gint64 now);
/* ...that it does not know him, though he is in. */
void rooms_lost (Rooms *self, Member *member, gint64 now, GArray *actions);

void rooms_link (Rooms *self, gboolean is_up, gint64 now, GArray *actions);
/* What is due by now. */
void rooms_advance (Rooms *self, gint64 now, GArray *actions);

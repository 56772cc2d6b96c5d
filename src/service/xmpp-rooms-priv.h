/* SPDX-License-Identifier: ISC
 *
 * Between the files of text conferences: xmpp-rooms.c (what is done),
 * -presence.c (who is in), -in.c (messages from rooms), -out.c (messages to them),
 * -notify.c (their dialogs). */
#pragma once
#include "rooms/rooms.h"
#include "service/xmpp-priv.h"
#include "service/xmpp-rooms.h"

/* The resource of our users in rooms. */
#define ROOMS_RESOURCE "rollcall"

/* He is in, or reason says why not; text: what the room said, or NULL. */
typedef void (*RoomJoinedFn) (Xmpp *xmpp, Member *member, RoomsReason reason,
                              const char *text, gpointer data);

/* A message of ours to a room, or to somebody in it. */
typedef struct {
  GList link; /* in sent */
  char *id;
  char *room, *user;
  char *device; /* that sent it, or NULL */
  gint64 at;
  gboolean is_back; /* the room has sent it to all */
} RoomsSent;

/* What of a room was told in one dialog. */
typedef struct {
  guint32 cseq;         /* of the SUBSCRIBE that had full state */
  guint64 serial, sent; /* taken; on its way */
  guint epoch, sent_epoch;
  gboolean is_active, sent_active;
} RoomsTold;

struct XmppRooms {
  Xmpp *xmpp;
  Rooms *rooms;
  GHashTable *waits;   /* Member -> GPtrArray of who waits until he is in */
  GQueue sent;         /* RoomsSent, oldest first */
  GHashTable *told;    /* Sub -> RoomsTold */
  GHashTable *changed; /* addresses of rooms to be told of */
  gint64 tell_at;
  guint epoch;     /* grows when availability is seen in another way */
  char *said;      /* by the room in the stanza that is dealt with; or NULL */
  GQueue asked;    /* rooms that are being opened: the port calls back */
  GQueue kicking;  /* commands: likewise */
  GQueue pinging;  /* likewise */
  GQueue fetching; /* SUBSCRIBEs that ask what a room is: likewise */
  const char *fetched; /* while one is answered: what the room is called */
  GQueue saying;       /* messages that are not answered */
  GQueue inviting;     /* invitations whose receiver's policy is read */
  /* The last message and its speaker: the next one is often its copy. */
  GBytes *body;
  char *speaker, *head;
  /* The last users that were written. */
  struct {
    char *room;
    guint64 from, to;
    guint epoch;
    GString *text;
  } users;
  gint64 *size_cell, *in_cell, *out_cell;
};

/* Carries out actions, in order, and frees the array. */
void rooms_carry_out (Xmpp *xmpp, GArray *actions);
/* Lets user in, unless he is; then fn, inside the call or later.  nick NULL: his
 * own name. */
void rooms_want (Xmpp *xmpp, const char *user, const char *room,
                 const char *password, RoomJoinedFn fn, gpointer data);
/* The same, but for one who is to be let in again it waits for that. */
void rooms_want_in (Xmpp *xmpp, const char *user, const char *room,
                    const char *password, RoomJoinedFn fn, gpointer data);
/* His JID, in a room; nick NULL: the room's.  New; NULL: there is none. */
char *rooms_jid_of_user (const char *user);
char *rooms_jid (const char *room, const char *nick);
/* What a refusal means to who asked. */
ServiceVerdict rooms_verdict (RoomsReason reason);
/* The reason's sentence, and what the room said, if it did.  New. */
char *rooms_text (RoomsReason reason, const char *said);
/* The room's address as it is known here; NULL: it names none. */
char *rooms_address (const char *aor);

/* --- xmpp-rooms-presence.c --- */

/* Asks the room whether he is still in (XEP-0410). */
void rooms_ping (Xmpp *xmpp, const Member *member);
/* What was asked of rooms is forgotten. */
void rooms_queries_detach (Xmpp *xmpp);

/* --- xmpp-rooms-admin.c --- */

/* Commands that wait for the port fail. */
void rooms_kicking_detach (Xmpp *xmpp);

/* --- xmpp-rooms-in.c --- */

/* From nick (NULL: the room itself) in room to user. */
typedef struct {
  const char *room, *nick, *user;
  const char *text, *subject;
  gboolean is_private; /* to him alone */
  gboolean is_kept;    /* stored when he is not there */
  gint64 stamp;        /* seconds since 1970; 0: now */
  const char *except;  /* a device that has it; or NULL */
} RoomsWord;
void rooms_tell (Xmpp *xmpp, const RoomsWord *word);
/* Invitations that wait are dropped. */
void rooms_inviting_free (XmppRooms *self);
/* The room itself, to him. */
void rooms_answer (Xmpp *xmpp, const char *room, const char *user,
                   const char *text);

/* --- xmpp-rooms-out.c --- */

void rooms_sent_free (XmppRooms *self, RoomsSent *sent);
/* The oldest by this id; NULL: it is not of ours. */
RoomsSent *rooms_sent_find (XmppRooms *self, const char *id);
/* An error came for it after all. */
void rooms_sent_failed (Xmpp *xmpp, RoomsSent *sent, XmppError error,
                        const char *text);
void rooms_sent_advance (XmppRooms *self);
/* Whoever waits for the port is told that there is none. */
void rooms_sayings_detach (Xmpp *xmpp);

/* --- xmpp-rooms-notify.c --- */

/* Tells of the rooms that changed. */
void rooms_notify_changed (Xmpp *xmpp);
/* Those that wait for an answer get another one. */
void rooms_fetching_detach (Xmpp *xmpp);
/* Ends his dialogs with the room. */
void rooms_end_dialogs (Xmpp *xmpp, const char *room, const char *user,
                        SubsReason reason);
/* Has he one that lives, but for this one (or NULL)? */
gboolean rooms_has_dialog (Xmpp *xmpp, const char *room, const char *user,
                           const Sub *but);

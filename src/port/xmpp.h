/* SPDX-License-Identifier: ISC
 *
 * The XMPP side as the inside sees it: stanzas as values, what it asks of the
 * component stream, and what the stream tells it.  Knows no XML. */
#pragma once
#include <glib.h>

/* The error conditions of RFC 6120 8.3.3. */
typedef enum {
  XMPP_NO_ERROR,
  XMPP_BAD_REQUEST,
  XMPP_CONFLICT,
  XMPP_FEATURE_NOT_IMPLEMENTED,
  XMPP_FORBIDDEN,
  XMPP_GONE,
  XMPP_INTERNAL_SERVER_ERROR,
  XMPP_ITEM_NOT_FOUND,
  XMPP_JID_MALFORMED,
  XMPP_NOT_ACCEPTABLE,
  XMPP_NOT_ALLOWED,
  XMPP_NOT_AUTHORIZED,
  XMPP_POLICY_VIOLATION,
  XMPP_RECIPIENT_UNAVAILABLE,
  XMPP_REDIRECT,
  XMPP_REGISTRATION_REQUIRED,
  XMPP_REMOTE_SERVER_NOT_FOUND,
  XMPP_REMOTE_SERVER_TIMEOUT,
  XMPP_RESOURCE_CONSTRAINT,
  XMPP_SERVICE_UNAVAILABLE,
  XMPP_SUBSCRIPTION_REQUIRED,
  XMPP_UNDEFINED_CONDITION,
  XMPP_UNEXPECTED_REQUEST,
  XMPP_N_ERRORS,
} XmppError;

/* In every stanza: from and to are JIDs, local part, domain and resource as RFC
 * 7622 has them; what has none is NULL.  All text is valid UTF-8 without the
 * characters that XML forbids.  Borrowed for the call. */

typedef enum {
  XMPP_MESSAGE_NORMAL,
  XMPP_MESSAGE_CHAT,
  XMPP_MESSAGE_GROUPCHAT,
  XMPP_MESSAGE_HEADLINE,
  XMPP_MESSAGE_ERROR, /* error and error_text say which; id is that of what was
                         sent */
} XmppMessageType;

/* XEP-0085 */
typedef enum {
  XMPP_CHAT_NONE,
  XMPP_CHAT_ACTIVE,
  XMPP_CHAT_COMPOSING,
  XMPP_CHAT_PAUSED,
  XMPP_CHAT_INACTIVE,
  XMPP_CHAT_GONE,
} XmppChatState;

typedef struct {
  const char *from, *to, *id;
  XmppMessageType type;
  const char *lang;                   /* xml:lang of body and subject */
  const char *subject, *body, *thread;
  XmppChatState chat;
  gboolean wants_receipt;             /* XEP-0184 request */
  const char *receipt;                /* XEP-0184 received: the id it is for */
  gint64 stamp;      /* XEP-0203 or 0091: seconds since 1970; 0: none */
  XmppError error;
  const char *error_text;
  gboolean is_private; /* XEP-0045 7.5: a room's private message (muc#user) */
  const char *invite_from, *invite_reason; /* XEP-0045 7.8.2, mediated */
  gboolean has_status; /* muc#user status codes below (104: configuration) */
  guint codes[4];
} XmppMessage;

typedef enum {
  XMPP_AVAILABLE,
  XMPP_UNAVAILABLE,
  XMPP_SUBSCRIBE,
  XMPP_SUBSCRIBED,
  XMPP_UNSUBSCRIBE,
  XMPP_UNSUBSCRIBED,
  XMPP_PROBE,
  XMPP_PRESENCE_ERROR,
} XmppPresenceType;

typedef enum {
  XMPP_SHOW_NONE, /* simply available */
  XMPP_SHOW_CHAT,
  XMPP_SHOW_AWAY,
  XMPP_SHOW_XA,
  XMPP_SHOW_DND,
} XmppShow;

/* What is in muc#user's item and status of a room's presence (XEP-0045); NULL
 * and 0 where absent. */
#define XMPP_MAX_CODES 8
typedef struct {
  const char *affiliation; /* owner, admin, member, outcast, none */
  const char *role;        /* moderator, participant, visitor, none */
  const char *jid;         /* the occupant's real one, where it is shown */
  const char *nick;        /* the new one, with code 303 */
  const char *actor, *reason; /* of a kick or ban */
  guint codes[XMPP_MAX_CODES]; /* 0 ends them */
} XmppOccupant;

/* How a room is joined (XEP-0045 7.2). */
typedef struct {
  const char *password; /* or NULL */
  int history;          /* stanzas wanted; -1: what the room gives */
} XmppJoin;

typedef struct {
  const char *from, *to, *id;
  XmppPresenceType type;
  XmppShow show;
  const char *status, *lang;
  int priority; /* -128 to 127 */
  gint64 stamp; /* XEP-0203: since when; 0: none */
  XmppError error;
  const char *error_text;
  const XmppOccupant *occupant; /* from a room; or NULL */
  const XmppJoin *join;         /* to a room; or NULL */
} XmppPresence;

/* What became of a stanza that the XMPP server had to take. */
typedef enum {
  XMPP_TAKEN,   /* the server has it, and sent no error at once */
  XMPP_REFUSED, /* it came back as an error; error says why */
  XMPP_LOST,    /* the link is down, went down before the server had it for
                   certain, or its queue is full */
} XmppOutcome;
typedef void (*XmppSentFn) (XmppOutcome outcome, XmppError error,
                            const char *error_text, gpointer data);

/* A query's answer: a room's, for example. */
typedef struct {
  const char *jid, *name;
} XmppItem;
typedef void (*XmppItemsFn) (const XmppItem *items, guint n, XmppError error,
                             gpointer data);
typedef void (*XmppDoneFn) (XmppError error, const char *error_text,
                            gpointer data);

/* The link, for `rollcallctl xmpp status` and the troubleshooter. */
typedef struct {
  gboolean is_configured, is_up;
  const char *peer;     /* host:port */
  gint64 since;         /* us, monotonic: of is_up */
  const char *error;    /* why it is down, a sentence; or NULL */
  guint64 n_in, n_out;  /* stanzas */
  guint n_queued;       /* bytes that wait to be sent */
  guint n_unconfirmed;  /* messages that the server has not confirmed */
  guint n_reconnects;
} XmppLink;

/* What the inside asks.  None of these calls back inside the call. */
typedef struct {
  gpointer self;

  gboolean (*is_up) (gpointer self);
  void (*link) (gpointer self, XmppLink *out);

  /* Sends it.  done is called exactly once: the stream confirms what it was
   * given in order, by a round trip shared by all that go in a turn, so that
   * XMPP_TAKEN means that the server has it (a connection that is dead without
   * saying so gives XMPP_LOST).  message->id must be set and unique.  An error
   * stanza for an id after its XMPP_TAKEN is an XmppEvents.message of type
   * error.  done may be NULL; then the id may be, too (that of an error is the
   * one that came, if any).  The server lets us speak for one domain alone:
   * who is of another cannot send (XMPP_REFUSED, XMPP_NOT_ALLOWED; presence is
   * dropped). */
  void (*message) (gpointer self, const XmppMessage *message, XmppSentFn done,
                   gpointer data);

  /* Sends it; FALSE: the link is down, or its queue is full (then has_room is
   * called when it is not; never when the link went down meanwhile). */
  gboolean (*presence) (gpointer self, const XmppPresence *presence);

  /* Queries end with an error after 30 s without an answer, and when the link is
   * down or goes down (XMPP_REMOTE_SERVER_TIMEOUT).
   * Makes the room that from has just joined usable: an instant room (XEP-0045
   * 10.1.2). */
  void (*room_create) (gpointer self, const char *from, const char *room,
                       XmppDoneFn done, gpointer data);
  /* As a moderator (XEP-0045 8.2): from kicks nick. */
  void (*room_kick) (gpointer self, const char *from, const char *room,
                     const char *nick, const char *reason, XmppDoneFn done,
                     gpointer data);
  /* Is from in the room under nick, as the room sees it (XEP-0410)?  done: the
   * answer to a ping of that occupant, XMPP_NO_ERROR or what came instead. */
  void (*room_ping) (gpointer self, const char *from, const char *room,
                     const char *nick, XmppDoneFn done, gpointer data);
  /* The public rooms of a service (XEP-0045 6.3). */
  void (*rooms) (gpointer self, const char *from, const char *service,
                 XmppItemsFn done, gpointer data);
  /* done of the calls above is not called any more. */
  void (*forget) (gpointer self, gpointer data);
} XmppPort;

/* What the stream tells; given to the adapter by the wiring.  What is malformed,
 * too large or from a domain that its server does not speak for does not get
 * here. */
typedef struct {
  gpointer self;
  /* Who refuses it sends a message of type error back himself, now or later. */
  void (*message) (gpointer self, const XmppMessage *message);
  void (*presence) (gpointer self, const XmppPresence *presence);
  /* The link came up (handshake done) or went down. */
  void (*link_changed) (gpointer self, gboolean is_up);
  void (*has_room) (gpointer self);
} XmppEvents;

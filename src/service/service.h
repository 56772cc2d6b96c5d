/* SPDX-License-Identifier: ISC
 *
 * The use cases: register, publish, subscribe, message.  Asks the core what to
 * do, writes through the store, acts through the ports.  Adapters call in here
 * and turn verdicts into SIP, HTTP or XMPP words.  One thread. */
#pragma once
#include "base/counters.h"
#include "im/im.h"
#include "policy/policy.h"
#include "port/clock.h"
#include "port/documents.h"
#include "port/loop.h"
#include "port/messages.h"
#include "port/sip_out.h"
#include "port/store.h"
#include "rooms/limits.h"

typedef struct Service Service;

typedef struct {
  RegLimits reg;
  PresenceLimits presence;
  guint device_grace; /* seconds that what a device published outlives its
                         registration or connection; 0: until it expires */
  SubsLimits subs;
  guint wake_rate;    /* NOTIFYs a second to restored dialogs after a start, and
                         after a change of the settings */
  guint max_pending;  /* requests that wait for one user's approval */
  guint away_expires; /* Expires granted while PostgreSQL is away: 120 */
  ImLimits im;        /* but max_stored, which is a setting */
  guint ledger_keep;  /* seconds that the ledger of messages goes back */
  guint max_recipients; /* of a message to many */
  guint imdn_window;    /* seconds that notifications of one such message wait for
                           each other; 0: they go one by one */
  guint broadcast_rate; /* copies of such messages a second */
  gsize max_body;       /* bytes, of a MESSAGE; 0: any */
  gboolean xmpp_fresh_threads; /* threads of XMPP and Call-IDs are strangers */
  guint xmpp_rate;      /* messages a second of one XMPP user; 0: any */
  guint xmpp_burst;     /* ...and how many seconds' worth at once */
  gboolean xmpp_normal; /* messages to XMPP are of type normal, not chat */
  WatchLimits watch;    /* of subscriptions to other domains */
  guint xcap_subscriptions; /* to one user's documents at one time */
  guint xcap_uris;          /* that one of them may name */
  RoomsLimits rooms;        /* text conferences */
  guint room_history;       /* messages told to who goes into one */
  guint room_delay;         /* ms that changes of its roster are gathered */
  guint list_max;           /* subscriptions of one user to lists */
  guint list_members;       /* that one of them may have */
  guint list_delay;         /* ms that changes of members are gathered */
  guint xcap_interval;      /* seconds between changes told to one of them, in
                               the long run */
} ServiceLimits;

/* What a verdict means to the peer; sip/ maps each to one status. */
typedef enum {
  SERVICE_OK,             /* 200 */
  SERVICE_ACCEPTED,       /* 202 */
  SERVICE_BAD_REQUEST,    /* 400 */
  SERVICE_FORBIDDEN,      /* 403 */
  SERVICE_NOT_FOUND,      /* 404: no such user, unknown gr */
  SERVICE_NOT_ACCEPTABLE, /* 406: no type of Accept that we can send */
  SERVICE_NO_MATCH,       /* 412 */
  SERVICE_TOO_LARGE,      /* 413 */
  SERVICE_BAD_TYPE,       /* 415 */
  SERVICE_NEEDS_LISTS,    /* 421 with Require: eventlist (RFC 4662 4.1) */
  SERVICE_BRIEF,          /* 423 with Min-Expires */
  SERVICE_UNAVAILABLE,    /* 480: nobody there */
  SERVICE_GONE,           /* 481 */
  SERVICE_BAD_FILTER,     /* 488: a filter that is not understood */
  SERVICE_BAD_EVENT,      /* 489 with Allow-Events */
  SERVICE_OUT_OF_ORDER,   /* 500: CSeq (RFC 3261 12.2.2) */
  SERVICE_FAILED,         /* 500: our fault */
  SERVICE_BUSY,           /* 503 with Retry-After */
  SERVICE_RELAYED,        /* answer with the response that came back */
} ServiceVerdict;

/* Who asks: everything borrowed for the call. */
typedef struct {
  const char *user;    /* authenticated or asserted AoR */
  gboolean is_trusted; /* a trusted peer speaks for him */
  const char *source;  /* "udp:192.0.2.1:5060" */
  guint64 flow;        /* 0 over UDP */
  gboolean is_relayed; /* source and flow are a proxy's, not the device's */
  const char *call_id, *from_tag;
  guint32 cseq;
  const char *contact;  /* first Contact URI, or NULL */
  const char *instance; /* its +sip.instance, or gr of From, or NULL */
} ServiceCaller;

Service *service_new (const ServiceLimits *limits, const char *const *domains,
                      const Clock *clock, LoopPort *loop, StorePort *store,
                      Counters *counters);
void service_free (Service *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Service, service_free)
/* The SIP side; set once, before service_start. NULL, before the SIP side is
 * freed: what was asked of it and has not ended is forgotten. */
void service_set_sip (Service *self, SipOutPort *sip);
/* What xcap-diff subscriptions are about, and where permanent presence is read
 * when it changed; set once, before service_start.  root:
 * the XCAP root URI with '/' at its end; NULL: there is no XCAP server, nobody
 * can subscribe. */
void service_set_documents (Service *self, DocumentsPort *documents,
                            const char *root);
/* Where messages are stored; set once, before service_start.  Without, those
 * that nobody takes are answered 480. */
void service_set_messages (Service *self, MessagesPort *messages);
/* Who hears that the server cannot go on (another daemon holds the database,
 * the schema is not ours); message is a sentence for the operator. */
typedef void (*ServiceFatalFn) (const char *message, gpointer data);
void service_set_fatal (Service *self, ServiceFatalFn fn, gpointer data);
/* Loads what the store has, then calls ready once; meanwhile requests get
 * SERVICE_BUSY. */
void service_start (Service *self, void (*ready) (gpointer data),
                    gpointer data);
gboolean service_is_ready (Service *self);
void service_set_limits (Service *self, const ServiceLimits *limits);

/* STORE_SECRET_LEN bytes that are this database's own, for keys that outlive
 * the process; all zero before service_is_ready. */
const guint8 *service_secret (Service *self);

/* Is this host name one of our domains? */
gboolean service_has_domain (Service *self, const char *host);
/* A user by AoR in any spelling of case; NULL when unknown.  Borrowed until the
 * next turn of the loop. Disabled users are returned too. */
const StoreUser *service_user (Service *self, const char *aor);

/* Each of the following calls answer exactly once, inside the call or later;
 * what answer gets is borrowed for its call. */

typedef struct {
  ServiceVerdict verdict;
  const char *text; /* why, for the reason phrase or a Warning; or NULL */
  guint min_expires;
  GPtrArray *bindings; /* RegBinding, what is bound now; SERVICE_OK */
  gint64 now;          /* to count their expires_at from */
} RegisterAnswer;
typedef void (*RegisterAnswerFn) (const RegisterAnswer *answer, gpointer data);
/* request->aor is the To of the REGISTER; must be the caller (403). */
void service_register (Service *self, const ServiceCaller *caller,
                       const RegRequest *request, RegisterAnswerFn answer,
                       gpointer data);

typedef struct {
  const char *presentity; /* AoR of the Request-URI; must be the caller */
  const char *event;      /* Event token */
  const char *if_match;
  gint64 expires;           /* -1 not given */
  GBytes *body;             /* NULL: none */
  const char *content_type; /* type/subtype, or NULL */
} PublishCommand;
typedef struct {
  ServiceVerdict verdict;
  const char *text;
  const char *accept; /* SERVICE_BAD_TYPE: the type that is taken */
  const char *etag;
  guint expires;
  guint min_expires;
} PublishAnswer;
typedef void (*PublishAnswerFn) (const PublishAnswer *answer, gpointer data);
void service_publish (Service *self, const ServiceCaller *caller,
                      const PublishCommand *command, PublishAnswerFn answer,
                      gpointer data);

typedef struct {
  SubsDialog dialog; /* package: event token in lower case; local_tag: the To
                        tag of an in-dialog one, else NULL; presentity: a domain
                        of ours where the Request-URI names nobody */
  const char *profile_type; /* of Event, without quotes; or NULL */
  gint64 expires;    /* -1 not given */
  const char *suppress; /* Suppress-If-Match (RFC 5839), or NULL */
  const char *list; /* pres-list of the Request-URI, or NULL */
  const char *password; /* ...of a text conference, or NULL */
  gboolean has_lists; /* Supported: eventlist */
  gboolean is_body_optional; /* one that is not understood is passed over (RFC
                                3261 20.11) */
} SubscribeCommand;
typedef struct {
  ServiceVerdict verdict;
  const char *text;
  const char *local_tag; /* for the To of a 2xx */
  const char *accept;    /* SERVICE_BAD_TYPE: the types that are taken, or "" */
  gboolean is_quiet;     /* SERVICE_OK: no NOTIFY follows (204)... */
  const char *etag;      /* ...for this is what there is, or NULL */
  gboolean is_list;      /* SERVICE_OK: Require: eventlist */
  guint expires;
  guint min_expires;
} SubscribeAnswer;
typedef void (*SubscribeAnswerFn) (const SubscribeAnswer *answer,
                                   gpointer data);
/* The NOTIFY goes out after answer has returned, in the same turn. */
void service_subscribe (Service *self, const ServiceCaller *caller,
                        const SubscribeCommand *command,
                        SubscribeAnswerFn answer, gpointer data);

/* A NOTIFY of another server to a subscription of ours (service/backend.h):
 * SERVICE_OK; SERVICE_GONE: there is none such.  SERVICE_BAD_TYPE: *accept_out
 * gets the types that are taken. */
ServiceVerdict service_notified (Service *self, const WatchNotify *notify,
                                 const char **accept_out);

/* What it and its caller point to stays valid until the answer. */
typedef struct {
  const char *recipient; /* AoR of the Request-URI; NULL: not of our domains,
                            relay it */
  const char *peer;      /* ...the AoR in that domain, or NULL */
  const char *instance;  /* gr of the Request-URI, or NULL; of a peer in a text
                            conference his name there */
  SipIncoming *request;  /* stays valid until the answer */
  gboolean is_message;   /* a MESSAGE; else another request to be relayed */
  /* Of a MESSAGE.  What is not there is NULL. */
  gboolean is_in_dialog; /* it has a To tag: relayed, never stored */
  gboolean is_many;      /* to the recipients that its body names (RFC 5365):
                       recipient is NULL */
  const char
      *list; /* pres-list of the Request-URI: to that group of contacts of
                       recipient ("contacts": all) */
  const char *password; /* of the Request-URI, for a text conference; or NULL */
  const char *content_type, *content_encoding; /* as they came */
  const char *body;
  gsize body_len;
  gint64 expires; /* seconds, of Expires (less what its Date says has passed);
                     -1 not given */
  gint64 date;    /* seconds since 1970, of Date; 0 not given */
  const char *subject, *language; /* values of Subject and Content-Language */
  gboolean is_sips;               /* its Request-URI or To is a sips: URI */
} MessageCommand;
typedef struct {
  ServiceVerdict verdict;
  const char *text;
  SipResponse *response; /* SERVICE_RELAYED; NULL: there is none but status */
  guint status;          /* SERVICE_RELAYED */
} MessageAnswer;
typedef void (*MessageAnswerFn) (const MessageAnswer *answer, gpointer data);
void service_message (Service *self, const ServiceCaller *caller,
                      const MessageCommand *command, MessageAnswerFn answer,
                      gpointer data);

/* An administrator's message to many, in text: to these URIs (NULL at the end),
 * or a group of owner's contacts, or, when both are NULL, to every user who is
 * enabled.  Needs nobody's consent.  Borrowed. */
#define SERVICE_ALL_CONTACTS "contacts" /* the group of all of them */
typedef struct {
  const char *from; /* AoR in a domain of ours */
  const char *const *to;
  const char *owner, *group;
  const char *text; /* UTF-8 */
} ServiceSend;
/* How many copies were stored to be delivered, refused (unknown, not allowed,
 * full), and not stored because PostgreSQL is away; call_id is that of them all,
 * borrowed. */
typedef struct {
  guint n_taken, n_refused, n_failed;
  const char *call_id;
} ServiceSent;
/* sent, or error: a sentence.  Called once, inside the call or later, when all
 * copies are committed. */
typedef void (*ServiceSentFn) (const ServiceSent *sent, const char *error,
                               gpointer data);
void service_send (Service *self, const ServiceSend *send, ServiceSentFn sent,
                   gpointer data);

/* A TCP or TLS connection closed. */
void service_flow_closed (Service *self, guint64 flow);

/* For administrators: one line each "name value". */
typedef void (*ServiceStatusFn) (const char *name, const char *value,
                                 gpointer data);
void service_status (Service *self, ServiceStatusFn fn, gpointer data);

/* Why watcher sees what he sees of presentity, and what a MESSAGE of his gets;
 * addresses as an administrator writes them.  lines, or error: a sentence.  A
 * line is a name, a text for people and any number of name=value, separated by
 * tabs; "rule" and "subscription" come as often as there are some.  fn is
 * called once, inside the call or later. */
typedef void (*ServiceWhyFn) (const char *lines, const char *error,
                              gpointer data);
void service_why (Service *self, const char *watcher, const char *presentity,
                  ServiceWhyFn fn, gpointer data);

/* Subscriptions whose NOTIFYs cannot reach their device (subs_suspended): tells
 * at most max of them to fn and returns how many there are. */
typedef void (*ServiceWatchFn) (const char *watcher, const char *presentity,
                                gpointer data);
guint service_unreachable (Service *self, guint max, ServiceWatchFn fn,
                           gpointer data);

/* SUBSCRIBE's event packages for Allow-Events: "presence, presence.winfo, ...". */
const char *service_allow_events (void);

/* Takes what has been changed from outside into force; done afterwards. */
void service_sync (Service *self, StoreDoneFn done, gpointer data);

/* Stops: refuses new requests (503), lets what is in flight end (at most
 * timeout_ms), then calls done.  Dialogs live on in the store. */
void service_stop (Service *self, guint timeout_ms, void (*done) (gpointer),
                   gpointer data);
/* Ends every dialog with NOTIFY terminated;reason=deactivated (drain), paced;
 * returns their number. */
guint service_drain (Service *self);

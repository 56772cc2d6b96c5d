/* SPDX-License-Identifier: ISC
 *
 * The store as the inside sees it (DESIGN section 3).  Two implementations:
 * store/pg (PostgreSQL) and store/mem (tests); one contract suite for both. */
#pragma once
#include "policy/settings.h"
#include "presence/presence.h"
#include "reg/reg.h"
#include "subs/subs.h"

typedef struct {
  char *aor, *display_name, *ha1_md5, *ha1_sha256;
  gboolean is_enabled;
  PolicyOverride share_availability, allow_without_approval;
} StoreUser;

static inline void
store_user_free (StoreUser *self)
{
  if (self == NULL)
    return;
  g_free (self->aor);
  g_free (self->display_name);
  g_free (self->ha1_md5);
  g_free (self->ha1_sha256);
  g_free (self);
}

/* What others wrote about and for one user: his contacts, the decisions about
 * his watchers, his rules. */
typedef struct {
  char *watcher;  /* user@domain or @domain */
  char *decision; /* pending, allow, block, polite_block */
} StoreDecision;

typedef struct {
  char *aor;            /* as it was asked for */
  GPtrArray *contacts;  /* char *: URIs */
  GPtrArray *decisions; /* StoreDecision */
  GPtrArray *rules;     /* GBytes: the pres-rules documents of both locations */
  GBytes *lists;        /* the resource-lists document "index" as stored (the
                           frame), or NULL */
  /* For each of contacts and of rules; may be shorter, what is missing is not
   * known. */
  GPtrArray *groups; /* char *: group_name */
  GPtrArray *places; /* char *: auid */
} StorePolicy;

static inline void
store_decision_free (gpointer self)
{
  g_free (((StoreDecision *)self)->watcher);
  g_free (((StoreDecision *)self)->decision);
  g_free (self);
}

static inline StorePolicy *
store_policy_new (const char *aor)
{
  StorePolicy *self = g_new0 (StorePolicy, 1);

  self->aor = g_strdup (aor);
  self->contacts = g_ptr_array_new_with_free_func (g_free);
  self->decisions = g_ptr_array_new_with_free_func (store_decision_free);
  self->rules = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  self->groups = g_ptr_array_new_with_free_func (g_free);
  self->places = g_ptr_array_new_with_free_func (g_free);
  return self;
}

static inline void
store_policy_free (StorePolicy *self)
{
  if (self == NULL)
    return;
  g_free (self->aor);
  g_ptr_array_unref (self->contacts);
  g_ptr_array_unref (self->decisions);
  g_ptr_array_unref (self->rules);
  g_clear_pointer (&self->lists, g_bytes_unref);
  g_ptr_array_unref (self->groups);
  g_ptr_array_unref (self->places);
  g_free (self);
}

static inline void
store_policy_add_decision (StorePolicy *self, const char *watcher,
                           const char *decision)
{
  StoreDecision *row = g_new0 (StoreDecision, 1);

  row->watcher = g_strdup (watcher);
  row->decision = g_strdup (decision);
  g_ptr_array_add (self->decisions, row);
}

/* The i-th of groups or places; NULL: not known. */
static inline const char *
store_policy_nth (const GPtrArray *texts, guint i)
{
  return i < texts->len ? texts->pdata[i] : NULL;
}

/* policy: given; NULL: PostgreSQL is away, or hung. */
typedef void (*StorePolicyFn) (StorePolicy *policy, gpointer data);

/* A watcher who waits for a decision: a row of `watchers`. */
typedef struct {
  char *presentity, *watcher; /* AoRs */
  char *decision;             /* "pending" */
} StoreRequest;

static inline StoreRequest *
store_request_new (const char *presentity, const char *watcher)
{
  StoreRequest *self = g_new0 (StoreRequest, 1);

  self->presentity = g_strdup (presentity);
  self->watcher = g_strdup (watcher);
  self->decision = g_strdup ("pending");
  return self;
}

static inline void
store_request_free (StoreRequest *self)
{
  if (self == NULL)
    return;
  g_free (self->presentity);
  g_free (self->watcher);
  g_free (self->decision);
  g_free (self);
}

/* Somebody who is in a text conference: a row of `room_members`. */
typedef struct {
  char *room, *member; /* AoRs */
  char *nick;
  char *password; /* or NULL */
} StoreMember;

static inline StoreMember *
store_member_new (const char *room, const char *member, const char *nick,
                  const char *password)
{
  StoreMember *self = g_new0 (StoreMember, 1);

  self->room = g_strdup (room);
  self->member = g_strdup (member);
  self->nick = g_strdup (nick);
  self->password = g_strdup (password);
  return self;
}

static inline void
store_member_free (StoreMember *self)
{
  if (self == NULL)
    return;
  g_free (self->room);
  g_free (self->member);
  g_free (self->nick);
  g_free (self->password);
  g_free (self);
}

typedef enum {
  STORE_PUT_BINDING,       /* binding */
  STORE_DROP_BINDING,      /* binding: by aor and key */
  STORE_PUT_PUBLICATION,   /* publication, tombstones too */
  STORE_DROP_PUBLICATION,  /* publication: by aor and key */
  STORE_PUT_SUBSCRIPTION,  /* sub */
  STORE_DROP_SUBSCRIPTION, /* sub: by local tag */
  STORE_PUT_MEMBER,        /* member */
  STORE_DROP_MEMBER,       /* member: by room and member */
  STORE_ADD_REQUEST,       /* request; a row that is there (a decision) stays */
  STORE_DROP_REQUEST, /* request: by presentity and watcher, while it is pending
                         (a decision stays) */
} StoreWriteKind;

/* One row to write.  Owns what it points to. */
typedef struct {
  StoreWriteKind kind;
  union {
    RegBinding *binding;
    PresenceRow *publication;
    SubsStored *subscription;
    StoreMember *member;
    StoreRequest *request;
  };
} StoreWrite;

static inline void
store_write_clear (StoreWrite *self)
{
  if (self->kind <= STORE_DROP_BINDING)
    reg_binding_free (self->binding);
  else if (self->kind <= STORE_DROP_PUBLICATION)
    presence_row_free (self->publication);
  else if (self->kind <= STORE_DROP_SUBSCRIPTION)
    subs_stored_free (self->subscription);
  else if (self->kind <= STORE_DROP_MEMBER)
    store_member_free (self->member);
  else
    store_request_free (self->request);
}

typedef enum {
  STORE_COMMITTED, /* the rows are in PostgreSQL */
  STORE_AWAY,      /* PostgreSQL is away or hung; the rows are kept and will be
                      written when it is back: answer from memory */
  STORE_REFUSED,   /* PostgreSQL refused these rows; they are forgotten */
} StoreOutcome;
typedef void (*StoreDoneFn) (StoreOutcome outcome, gpointer data);

/* What the running server found of itself: a row of `health`.  Borrowed. */
typedef struct {
  const char *test;               /* what was looked at */
  const char *outcome;            /* "ok", "warning" or "failed" */
  const char *problem, *solution; /* NULL with "ok" */
} StoreHealth;
/* db_time: PostgreSQL's clock when it wrote them, microseconds since 1970; 0
 * unless STORE_COMMITTED. */
typedef void (*StoreHealthFn) (StoreOutcome outcome, gint64 db_time,
                               gpointer data);

/* How the store keeps up. */
typedef struct {
  guint waiting; /* submits that are not committed */
  gint64 oldest; /* us that the oldest of them has waited */
  gint64 commit; /* us of the slowest batch since the last call */
} StoreLag;

#define STORE_SECRET_LEN 32

/* What is there at start.  Row callbacks take what they get. */
typedef struct {
  void (*user) (StoreUser *user, gpointer data);
  void (*binding) (RegBinding *binding, gpointer data);
  /* Also rows of the event "last-seen" (service/seen.h), of those too who left
   * while nobody was there to see it, where the store knows. */
  void (*publication) (PresenceRow *row, gpointer data);
  void (*subscription) (SubsStored *row, gpointer data);
  void (*loaded) (gpointer data); /* everything has been told */
  /* Who is in a text conference; after the subscriptions.  May be NULL. */
  void (*member) (StoreMember *row, gpointer data);
  /* STORE_SECRET_LEN bytes that are this database's own, before the rest; may be
   * NULL. */
  void (*secret) (const guint8 *secret, gpointer data);
  /* Before the rest; may be NULL. */
  void (*settings) (const PolicySettings *settings, gpointer data);
  /* Messages (port/messages.h), all after the users and before loaded; may be
   * NULL.  waiting: n messages wait for recipient.  message_seen: one that came
   * in the minutes before and was accepted: it waits, or was taken, or has
   * expired (to answer a repeated request, RFC 3261 17.2.3).
   * last_message: the greatest id there is, 0 when there is none. */
  void (*waiting) (const char *recipient, guint n, gpointer data);
  void (*message_seen) (const char *call_id, const char *from_tag, guint32 cseq,
                        gpointer data);
  void (*last_message) (guint64 id, gpointer data);
  /* The document of pidf-manipulation (RFC 4827) that owner has, taken: after the
   * users and before loaded; may be NULL. */
  void (*permanent) (const char *owner, GBytes *body, gpointer data);
} StoreLoadFns;

/* What happens by itself, in the running server. */
typedef struct {
  /* A user was added or changed from outside (user != NULL, taken), or removed
   * (NULL). */
  void (*user_changed) (const char *aor, StoreUser *user, gpointer data);
  /* "Reload this table": users_begin, user_changed for every user there is,
   * users_end (all not named in between are gone). */
  void (*users_begin) (gpointer data);
  void (*users_end) (gpointer data);
  /* The settings were changed; may be NULL. */
  void (*settings_changed) (const PolicySettings *settings, gpointer data);
  /* Contacts, decisions or rules of aor changed, so that what load_policy gave
   * is old; aor NULL: of anybody.  May be NULL. */
  void (*policy_changed) (const char *aor, gpointer data);
  /* Documents (port/documents.h) changed, by an XCAP request or from psql; it
   * is committed.  name NULL: any of that usage and owner; owner NULL: of
   * anybody, or in the global tree; auid NULL: of any usage.  What they are now
   * is to be fetched.  "Reload this table" of pidf-manipulation: of anybody, then
   * of each owner who has one.  May be NULL. */
  void (*documents_changed) (const char *auid, const char *owner,
                             const char *name, gpointer data);
  /* An administrator removed stored messages of recipient, or wants those that
   * failed to be tried again: what waits is to be read anew.  recipient NULL: of
   * anybody.  May be NULL. */
  void (*messages_changed) (const char *recipient, gpointer data);
  /* Connected (after the first load: back again), or away. */
  void (*up_changed) (gboolean is_up, gpointer data);
  /* The daemon cannot go on: another daemon holds the lock, the schema is not
   * ours.  message is for the operator. */
  void (*fatal) (const char *message, gpointer data);
} StoreEvents;

typedef struct {
  gpointer self;

  /* Before anything else. */
  void (*set_events) (gpointer self, const StoreEvents *events, gpointer data);

  /* Reads everything; times become microseconds of the monotonic clock.  Called
   * once; waits (with backoff, and a log line) until PostgreSQL is there. */
  void (*load) (gpointer self, const StoreLoadFns *fns, gpointer data);

  /* Writes n rows as one transaction, in order with everything earlier for aor;
   * takes the rows' contents.  is_durable: synchronous_commit=on.  done is
   * called exactly once, never inside this call, in the order of submission for
   * one aor; NULL when nobody waits. */
  void (*submit) (gpointer self, const char *aor, StoreWrite *writes, gsize n,
                  gboolean is_durable, StoreDoneFn done, gpointer data);

  /* Reads what store_policy has of a user; done is called exactly once, never
   * inside this call. What is committed by the call is in it. */
  void (*load_policy) (gpointer self, const char *aor, StorePolicyFn done,
                       gpointer data);

  /* Is PostgreSQL there, as far as is known now? */
  gboolean (*is_up) (gpointer self);

  /* Reads `changes` now; done when all that had been committed before this call
   * is in force. */
  void (*sync) (gpointer self, StoreDoneFn done, gpointer data);

  /* Puts n rows in the place of all in `health`, beside everything else: never
   * kept, never before a submit.  done is called exactly once, inside this
   * call or later; STORE_AWAY: not written, or not known. */
  void (*put_health) (gpointer self, const StoreHealth *rows, gsize n,
                      StoreHealthFn done, gpointer data);

  void (*lag) (gpointer self, StoreLag *out);

  /* Writes what is pending, then calls done (at most timeout_ms later). */
  void (*flush) (gpointer self, guint timeout_ms, StoreDoneFn done,
                 gpointer data);
} StorePort;

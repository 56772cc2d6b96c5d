/* SPDX-License-Identifier: ISC
 *
 * The location table: which contacts an address of record is bound to, decided
 * at the arrival of each REGISTER (RFC 3261 10.3; RFC 3327 Path; RFC 5626 flows
 * and reg-id; RFC 5627 public GRUUs).  Knows no socket, SQL or sofia type; times
 * are microseconds on the monotonic clock. */
#pragma once
#include <glib.h>

typedef struct Reg Reg;

/* One binding.  Strings belong to it; NULL when absent. */
typedef struct {
  char *aor;      /* as in users */
  char *contact;  /* the Contact URI as given */
  char *key;      /* what bindings are compared by: uri_key of the contact, or
                     "INSTANCE;reg-id=N" (RFC 5626 6) */
  char *params;   /* other Contact parameters as given, ";"-led; or NULL */
  char *instance; /* "urn:uuid:...", without <> and quotes */
  guint32 reg_id; /* 0: none (RFC 5626) */
  char *path;     /* Path header values, comma-separated, topmost first */
  guint16 q;      /* thousandths; 1000 when not given */
  char *call_id;
  guint32 cseq;
  char *received; /* "udp:192.0.2.1:5060", "tls:[::1]:40000" */
  char *user_agent;
  guint64 flow; /* of TCP/TLS; 0: none (UDP, or not back since a restart) */
  gint64 expires_at; /* us */
  gint64 updated_at; /* us, of the last REGISTER that set it */
} RegBinding;

RegBinding *reg_binding_copy (const RegBinding *self);
void reg_binding_free (RegBinding *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RegBinding, reg_binding_free)

/* One Contact of a REGISTER. */
typedef struct {
  const char *uri;
  const char *params;
  const char *instance;
  guint32 reg_id;
  gint32 q;       /* thousandths, -1 not given */
  gint64 expires; /* seconds, -1 not given */
} RegContact;

typedef struct {
  const char *aor; /* canonical */
  const char *call_id;
  guint32 cseq;
  const RegContact *contacts;
  gsize n_contacts;
  gboolean is_star; /* Contact: * */
  gint64 expires;   /* the Expires header, -1 not given */
  const char *path, *received, *user_agent;
  guint64 flow;
} RegRequest;

typedef struct {
  guint min_expires, max_expires, default_expires; /* seconds */
  guint max_bindings;                              /* per AoR */
} RegLimits;

typedef enum {
  REG_OK,
  REG_REPEAT,      /* same Call-ID and CSeq as stored: answer as the first time,
                       nothing changes */
  REG_BRIEF,       /* 423: an interval below min_expires */
  REG_BAD_STAR,    /* 400: * with other contacts or Expires != 0 */
  REG_BAD_CONTACT, /* 400: a Contact that is no SIP URI with a host, or several
                       with one reg-id (RFC 5626 6) */
  REG_OUT_OF_ORDER, /* 500 (10.3 step 7): CSeq not above the stored one */
  REG_TOO_MANY,     /* 403: over max_bindings */
  REG_LOOP, /* 403 (RFC 5627 5.1): a Contact with an instance that is the AoR
               itself or one of its GRUUs */
} RegVerdict;

typedef enum { REG_PUT, REG_DROP } RegChangeKind;
typedef struct {
  RegChangeKind kind;
  RegBinding *binding;  /* a copy, as it is now (REG_DROP: as it was) */
  RegBinding *previous; /* REG_PUT: what it replaced; NULL: nothing */
} RegChange;
void reg_change_free (RegChange *self);

Reg *reg_new (gint64 now);
void reg_free (Reg *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reg, reg_free)

/* Decides a REGISTER: all of its contacts or none.  changes gets a RegChange for
 * each binding put or dropped (it must free them by reg_change_free).  A query
 * (no Contact) changes nothing.  An interval is cut to max_expires.  The same
 * instance and reg-id with another Contact replaces (RFC 5626 6). */
RegVerdict reg_register (Reg *self, const RegRequest *request,
                         const RegLimits *limits, gint64 now,
                         GPtrArray *changes);

/* Bounds what changes hold to at most seconds from now (an answer from memory
 * while PostgreSQL is away); also in the changes' copies. */
void reg_shorten (Reg *self, GPtrArray *changes, guint seconds, gint64 now);

/* Takes changes back that could not be stored (RFC 3261 10.3: all of them or
 * none), as far as no later REGISTER has set the same bindings. */
void reg_undo (Reg *self, GPtrArray *changes, gint64 now);

/* Puts a stored binding back after a restart.  Takes it.  One that has expired
 * is nobody's any more, and the next reg_advance drops it. */
void reg_restore (Reg *self, RegBinding *binding, gint64 now);

/* Current bindings of an AoR: borrowed RegBindings, q descending, then newest
 * first; a new array (free with g_ptr_array_unref), empty when there are none. */
GPtrArray *reg_bindings (Reg *self, const char *aor);
gboolean reg_is_online (Reg *self, const char *aor);

/* The binding of an instance that is most recent (RFC 5627 5.x), or NULL. */
const RegBinding *reg_find_instance (Reg *self, const char *aor,
                                     const char *instance);
/* Has this instance been registered under the AoR, now or since it was first
 * stored (reg_restore of an expired binding says so)?  Tells a GRUU that is away
 * (480) from one that never was (404, RFC 5627 3.4). */
gboolean reg_knows_instance (Reg *self, const char *aor, const char *instance);
/* The binding whose request came by this flow (!= 0), else from this source
 * (`received` spelling), or NULL. */
const RegBinding *reg_find_source (Reg *self, const char *aor, guint64 flow,
                                   const char *received);

/* Has aor a binding of this device: of this instance, or with this key? */
gboolean reg_has_device (Reg *self, const char *aor, const char *device);

/* The bindings that came by a flow: borrowed; a new array. */
GPtrArray *reg_of_flow (Reg *self, guint64 flow);
/* A closed flow: its bindings stay until they expire but have no flow. */
void reg_flow_closed (Reg *self, guint64 flow);

/* Drops all bindings of an AoR (user disabled or removed). */
void reg_drop_user (Reg *self, const char *aor, GPtrArray *changes);

/* Drops what has expired by now; one REG_DROP each. */
void reg_advance (Reg *self, gint64 now, GPtrArray *changes);

guint reg_size (Reg *self);

/* Public GRUU (RFC 5627): "sip:user@domain;gr=urn:uuid:...". Caller frees. */
char *reg_gruu (const RegBinding *binding);

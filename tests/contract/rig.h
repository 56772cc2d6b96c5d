/* SPDX-License-Identifier: ISC
 *
 * A store under test with its loop, what it has told so far, and the levers to
 * make things happen to it; the same for store/mem and store/pg. */
#pragma once
#include "store/store.h"
#include "tests/lib/testloop.h"

typedef struct Rig Rig;

/* How one kind of store is driven. */
typedef struct {
  const char *name;
  /* Opens the store (the same data again after close). */
  void (*open) (Rig *rig);
  void (*close) (Rig *rig);
  /* Removes all data; the store is closed. */
  void (*wipe) (Rig *rig);
  /* As an administrator does. */
  void (*put_user) (Rig *rig, const StoreUser *user);
  void (*drop_user) (Rig *rig, const char *aor);
  /* Gives a user what no row says yet; takes it. */
  void (*put_policy) (Rig *rig, StorePolicy *policy);
  void (*put_settings) (Rig *rig, const PolicySettings *settings);
  /* PostgreSQL stops answering, and goes on. */
  void (*set_up) (Rig *rig, gboolean is_up);
  /* Makes this binding, not yet submitted, one that is refused. */
  void (*poison) (Rig *rig, RegBinding *binding);
  /* Removes the messages that wait for recipient. */
  void (*purge) (Rig *rig, const char *recipient);
  /* As store_mem_list_messages; for g_free. */
  char *(*list_messages) (Rig *rig);
} RigKind;

struct Rig {
  const RigKind *kind;
  TestLoop *loop;
  StorePort *port;
  DocumentsPort *documents;
  MessagesPort *messages;
  gpointer store;     /* the kind's */
  const Clock *clock; /* PostgreSQL's store has it; the real one unless set */
  Counters *counters;

  /* Told by load. */
  GPtrArray *users, *bindings, *publications, *subscriptions, *members;
  GString *permanents; /* "owner body" by line */
  gboolean is_loaded;
  PolicySettings settings; /* as told last */
  StorePolicy *policy;     /* what rig_policy got */
  gboolean has_policy;
  /* Told by events. */
  GString *events;  /* "up", "away", "+aor", "-aor", "begin", "end", "settings",
                      "policy aor", "messages aor" ("*": of anybody) by line */
  GString *loaded;  /* messages: "waiting aor n", "seen call-id tag cseq",
                      "last id" by line */
  GString *changed; /* documents: "auid owner name" by line, "*" for NULL */
  char *fatal;
  gboolean has_failed;
  /* Told to done callbacks: "LABEL=COMMITTED" by line. */
  GString *outcomes;
  guint n_outcomes;
  gboolean is_submitting; /* inside submit: no done may come */
};

Rig *rig_new (const RigKind *kind);
void rig_free (Rig *rig);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

/* Opens and loads; waits until it is loaded. */
void rig_start (Rig *rig);
/* Opens and begins to load. */
void rig_start_only (Rig *rig);
/* Closes, and opens and loads again. */
void rig_restart (Rig *rig);
void rig_stop (Rig *rig);

/* Adds an enabled user "NAME@example.com" as an administrator. */
void rig_add_user (Rig *rig, const char *name);

/* Submits for aor; the outcome is noted under label (NULL: nobody waits). */
void rig_submit (Rig *rig, const char *label, const char *aor,
                 StoreWrite *writes, gsize n, gboolean is_durable);
/* One write. */
void rig_submit_one (Rig *rig, const char *label, StoreWrite write);
/* Waits for so many outcomes in all; then they are as said ("a=COMMITTED\n"...)
 */
void rig_expect_outcomes (Rig *rig, guint n, const char *outcomes);
/* Waits until an event line is there; fails the test after 10 s. */
void rig_wait_event (Rig *rig, const char *line);
gboolean rig_has_event (Rig *rig, const char *line);
void rig_wait (Rig *rig, gboolean (*is_done) (gpointer), gpointer data);
void rig_sync (Rig *rig, const char *label);
/* Waits for what load_policy gives; NULL: away. Borrowed until the next. */
const StorePolicy *rig_policy (Rig *rig, const char *aor);
void rig_flush (Rig *rig, const char *label, guint timeout_ms);

/* Samples: of user NAME@example.com; every field is set. */
RegBinding *sample_binding (const char *user, const char *key);
PresenceRow *sample_publication (const char *user, const char *key);
SubsStored *sample_subscription (const char *user, const char *tag);
StoreWrite write_of (StoreWriteKind kind, gpointer row);
RegBinding *rig_binding (Rig *rig, const char *key);

/* Equal in all that is stored; times to a few seconds. */
void assert_binding_equal (const RegBinding *a, const RegBinding *b);
void assert_publication_equal (const PresenceRow *a, const PresenceRow *b);
void assert_subscription_equal (const SubsStored *a, const SubsStored *b);

/* The suite that every kind passes: /store/NAME/... */
void contract_add_tests (const RigKind *kind);
void documents_add_tests (const RigKind *kind);
void messages_add_tests (const RigKind *kind);
void permanent_add_tests (const RigKind *kind);

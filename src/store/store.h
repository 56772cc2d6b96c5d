/* SPDX-License-Identifier: ISC
 *
 * The two stores behind port/store.h. */
#pragma once
#include "base/counters.h"
#include "port/clock.h"
#include "port/documents.h"
#include "port/loop.h"
#include "port/messages.h"
#include "port/store.h"

typedef struct StorePg StorePg;

typedef struct {
  const char *dsn;   /* libpq connection string or URI */
  guint connections; /* that write; one more listens */
  guint hung_after;  /* ms without an answer until PostgreSQL counts as away */
} StorePgConfig;

/* Does not connect yet (load does). */
StorePg *store_pg_new (const StorePgConfig *config, LoopPort *loop,
                       const Clock *clock, Counters *counters);
/* Closes the connections at once; what has not been committed is lost: flush
 * first. */
void store_pg_free (StorePg *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StorePg, store_pg_free)
StorePort *store_pg_port (StorePg *self);
/* Who waits for a document when the store is freed is not called. */
DocumentsPort *store_pg_documents (StorePg *self);
/* Likewise. */
MessagesPort *store_pg_messages (StorePg *self);

/* The schema version that this program speaks. */
guint store_schema_version (void);

/* A store in memory for tests: commits at the end of the turn (loop->defer). */
typedef struct StoreMem StoreMem;
StoreMem *store_mem_new (LoopPort *loop, const Clock *clock);
void store_mem_free (StoreMem *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StoreMem, store_mem_free)
StorePort *store_mem_port (StoreMem *self);
DocumentsPort *store_mem_documents (StoreMem *self);
MessagesPort *store_mem_messages (StoreMem *self);
/* Test hooks: PostgreSQL away and back; a user changed; what is stored. */
void store_mem_set_up (StoreMem *self, gboolean is_up);
void store_mem_put_user (StoreMem *self, const StoreUser *user);
void store_mem_put_settings (StoreMem *self, const PolicySettings *settings);
/* Replaces what is stored of policy->aor; takes it. */
void store_mem_put_policy (StoreMem *self, StorePolicy *policy);
void store_mem_drop_user (StoreMem *self, const char *aor);
/* What put_health wrote: "test outcome" by line. */
const char *store_mem_health (StoreMem *self);
/* As an administrator: removes the messages that wait for recipient; NULL: for
 * anybody. */
void store_mem_purge_messages (StoreMem *self, const char *recipient);
/* "ID SENDER RECIPIENT STATE" by line, in the order of ids; STATE is "queued"
 * while it waits, else "ended".  " DEVICE=STATE" follows for each device ("" is
 * that of "expired").  Until the next call. */
const char *store_mem_list_messages (StoreMem *self);
/* The next submit is refused, or the next put or end of a message. */
void store_mem_refuse_next (StoreMem *self);

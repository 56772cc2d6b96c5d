/* SPDX-License-Identifier: ISC
 *
 * One entry for each user who has a document, or may have one that is still to
 * be read: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/permanent.h"

#include "addr/aor.h"
#include "base/log.h"
#include "codec/pidf.h"

#include <string.h>

#define AUID "pidf-manipulation"
#define NAME "index"
/* Documents that are read at one time. */
#define READING_MAX 64
/* How long after a failed reading it is tried again, should nobody say that
 * PostgreSQL is back. */
#define RETRY_MS 10000

typedef enum {
  PERMANENT_KEPT,        /* as it was read */
  PERMANENT_DUE,         /* to be read when there is room */
  PERMANENT_READING,     /* being read */
  PERMANENT_READING_OLD, /* the same, but it has changed since */
  N_PERMANENT,
  PERMANENT_REJECT, /* as a row's target: the pair cannot be */
} PermanentState;

typedef enum {
  PERMANENT_CHANGED,
  PERMANENT_TURN,   /* there is room to read it */
  PERMANENT_READ,   /* the reading ended */
  PERMANENT_FAILED, /* ...without success */
  N_PERMANENT_EVENTS
} PermanentEvent;

/* Actions of a row. */
enum { QUEUE = 1 << 0, ASK = 1 << 1, TAKE = 1 << 2, WAIT = 1 << 3 };

/* clang-format off */
#define REJECT(why) { PERMANENT_REJECT, 0, why }
#define NOT_OUT REJECT ("nothing is being read")
#define NOT_DUE REJECT ("it is in no queue")

static const struct {
  guint8 to;
  guint8 actions;
  const char *why;
} table[N_PERMANENT][N_PERMANENT_EVENTS] = {
  [PERMANENT_KEPT] = {
    [PERMANENT_CHANGED] = { PERMANENT_DUE, QUEUE, "changed: read it again" },
    [PERMANENT_TURN]    = NOT_DUE,
    [PERMANENT_READ]    = NOT_OUT,
    [PERMANENT_FAILED]  = NOT_OUT,
  },
  [PERMANENT_DUE] = {
    [PERMANENT_CHANGED] = { PERMANENT_DUE, 0, "coalesced" },
    [PERMANENT_TURN]    = { PERMANENT_READING, ASK, "its turn has come" },
    [PERMANENT_READ]    = NOT_OUT,
    [PERMANENT_FAILED]  = NOT_OUT,
  },
  [PERMANENT_READING] = {
    [PERMANENT_CHANGED] = { PERMANENT_READING_OLD, 0, "changed while it is being read" },
    [PERMANENT_TURN]    = NOT_DUE,
    [PERMANENT_READ]    = { PERMANENT_KEPT, TAKE, "read" },
    [PERMANENT_FAILED]  = { PERMANENT_DUE, QUEUE | WAIT, "PostgreSQL is away" },
  },
  [PERMANENT_READING_OLD] = {
    [PERMANENT_CHANGED] = { PERMANENT_READING_OLD, 0, "coalesced" },
    [PERMANENT_TURN]    = NOT_DUE,
    [PERMANENT_READ]    = { PERMANENT_DUE, QUEUE, "read, perhaps before the change: once more" },
    [PERMANENT_FAILED]  = { PERMANENT_DUE, QUEUE | WAIT, "PostgreSQL is away" },
  },
};
/* clang-format on */

typedef struct {
  Permanents *permanents; /* NULL: they are gone */
  char *aor;
  char *complaint; /* why it was passed over, when it was */
  guint8 state;    /* PermanentState */
} Entry;

struct Permanents {
  Service *service;
  GHashTable *entries; /* AoR -> Entry */
  GQueue due;          /* Entry */
  guint n_reading;
  LoopTimer *retry; /* not NULL: nothing is read before */
  gboolean is_pumping;
};

static void move (Entry *self, PermanentEvent event, GBytes *body);

/* --- Entries --- */

static void
entry_free (Entry *self)
{
  g_free (self->aor);
  g_free (self->complaint);
  g_free (self);
}

static Entry *
entry_find (Permanents *self, const char *aor)
{
  return g_hash_table_lookup (self->entries, aor);
}

static Entry *
entry_need (Permanents *self, const char *aor)
{
  Entry *entry = entry_find (self, aor);

  if (entry != NULL)
    return entry;
  entry = g_new0 (Entry, 1);
  entry->permanents = self;
  entry->aor = g_strdup (aor);
  g_hash_table_insert (self->entries, entry->aor, entry);
  return entry;
}

/* Each fault is logged once, however often the document is read. */
static void
complain (Entry *self, const char *message)
{
  if (g_strcmp0 (self->complaint, message) == 0)
    return;
  if (message != NULL)
    g_warning ("permanent presence of %s is passed over: %s", self->aor,
               message);
  g_free (self->complaint);
  self->complaint = g_strdup (message);
}

/* NULL: none that can be read. */
static PresenceDoc *
parse (Entry *self, GBytes *body)
{
  g_autoptr (GError) error = NULL;
  PresenceDoc *doc = NULL;
  gsize len = 0;
  const char *bytes = body != NULL ? g_bytes_get_data (body, &len) : NULL;

  if (body != NULL)
    pidf_parse (bytes != NULL ? bytes : "", len, &doc, &error);
  complain (self, error != NULL ? error->message : NULL);
  return doc;
}

/* Shows what was read; of somebody who is disabled nothing is seen. */
static void
show (Entry *self, GBytes *body)
{
  Service *service = self->permanents->service;
  PresenceDoc *doc = parse (self, body);

  if (service_enabled_user (service, self->aor) == NULL)
    g_clear_pointer (&doc, presence_doc_free);
  if (presence_set_permanent (service->presence, self->aor, doc)
      && service->is_ready)
    service_presence_changed (service, self->aor);
}

/* --- Reading --- */

static void pump (Permanents *self);

static void
retry_cb (gpointer data)
{
  Permanents *self = data;

  self->retry = NULL;
  pump (self);
}

static void
wait_a_while (Permanents *self)
{
  LoopPort *loop = self->service->loop;

  if (self->retry == NULL)
    self->retry = loop->after (loop->self, RETRY_MS, retry_cb, self);
}

static void
fetched_cb (const DocumentsAnswer *answer, gpointer data)
{
  Entry *entry = data;
  Permanents *self = entry->permanents;

  if (self == NULL) {
    entry_free (entry);
    return;
  }
  self->n_reading--;
  if (answer->outcome == DOCUMENTS_DONE)
    move (entry, PERMANENT_READ, answer->body);
  else if (answer->outcome == DOCUMENTS_NONE)
    move (entry, PERMANENT_READ, NULL);
  else
    move (entry, PERMANENT_FAILED, NULL);
  pump (self);
}

static void
ask (Entry *self)
{
  DocumentsPort *port = self->permanents->service->documents_port;
  DocumentsKey key = { .auid = AUID, .owner = self->aor, .name = NAME };

  self->permanents->n_reading++;
  port->fetch (port->self, &key, fetched_cb, self);
}

/* Fetches may be answered inside the call. */
static void
pump (Permanents *self)
{
  Entry *entry;

  if (self->is_pumping || self->retry != NULL || !self->service->is_ready
      || self->service->documents_port == NULL)
    return;
  self->is_pumping = TRUE;
  while (self->n_reading < READING_MAX && self->retry == NULL
         && (entry = g_queue_pop_head (&self->due)) != NULL)
    move (entry, PERMANENT_TURN, NULL);
  self->is_pumping = FALSE;
}

/* Nothing has to be known any more of who has none. */
static void
take (Entry *self, GBytes *body)
{
  Permanents *permanents = self->permanents;

  show (self, body);
  if (body != NULL || self->state != PERMANENT_KEPT)
    return;
  g_hash_table_remove (permanents->entries, self->aor);
  entry_free (self);
}

/* body: with PERMANENT_READ, NULL when there is none. */
static void
move (Entry *self, PermanentEvent event, GBytes *body)
{
  guint8 to = table[self->state][event].to;
  guint actions = table[self->state][event].actions;

  g_return_if_fail (to != PERMANENT_REJECT);
  log_debug ("permanent presence of %s: %s", self->aor,
             table[self->state][event].why);
  self->state = to;
  if (actions & QUEUE)
    g_queue_push_tail (&self->permanents->due, self);
  if (actions & WAIT)
    wait_a_while (self->permanents);
  if (actions & ASK)
    ask (self);
  if (actions & TAKE)
    take (self, body);
}

/* --- What happens --- */

void
permanent_load_cb (const char *owner, GBytes *body, gpointer data)
{
  Service *service = data;
  Permanents *self = service->permanents;
  g_autoptr (GBytes) taken = body;

  if (entry_find (self, owner) == NULL)
    show (entry_need (self, owner), taken);
}

void
permanent_loaded (Service *service)
{
  pump (service->permanents);
}

static void
changed_of (Permanents *self, const char *owner)
{
  gboolean is_known = service_user (self->service, owner) != NULL;
  Entry *entry = is_known ? entry_need (self, owner) : entry_find (self, owner);

  if (entry != NULL)
    move (entry, PERMANENT_CHANGED, NULL);
}

static void
changed_all (Permanents *self)
{
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    move (entry, PERMANENT_CHANGED, NULL);
}

void
permanent_changed (const char *auid, const char *owner, const char *name,
                   gpointer data)
{
  Permanents *self = ((Service *)data)->permanents;

  if ((auid != NULL && strcmp (auid, AUID) != 0)
      || (name != NULL && strcmp (name, NAME) != 0))
    return;
  if (owner != NULL)
    changed_of (self, owner);
  else
    changed_all (self);
  pump (self);
}

void
permanent_enabled (Service *service, const char *aor)
{
  Permanents *self = service->permanents;
  Entry *entry = entry_find (self, aor);

  if (entry == NULL)
    return;
  move (entry, PERMANENT_CHANGED, NULL);
  pump (self);
}

void
permanent_retry (Service *service)
{
  Permanents *self = service->permanents;

  if (self->retry != NULL)
    service->loop->remove_timer (service->loop->self,
                                 g_steal_pointer (&self->retry));
  pump (self);
}

/* --- Life --- */

Permanents *
permanents_new (Service *service)
{
  Permanents *self = g_new0 (Permanents, 1);

  self->service = service;
  self->entries = g_hash_table_new (aor_hash, aor_equal);
  return self;
}

/* What is being read still belongs to the store's callback. */
void
permanents_free (Permanents *self)
{
  GHashTableIter iter;
  gpointer item;

  if (self == NULL)
    return;
  if (self->retry != NULL)
    self->service->loop->remove_timer (self->service->loop->self, self->retry);
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &item)) {
    Entry *entry = item;

    entry->permanents = NULL;
    if (entry->state == PERMANENT_KEPT || entry->state == PERMANENT_DUE)
      entry_free (entry);
  }
  g_queue_clear (&self->due);
  g_hash_table_unref (self->entries);
  g_free (self);
}

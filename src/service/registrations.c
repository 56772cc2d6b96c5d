/* SPDX-License-Identifier: ISC
 *
 * Who was told of which binding: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/registrations.h"

#include "addr/aor.h"
#include "codec/reginfo.h"

#include <string.h>

/* A binding that ended is named in documents for this long (seconds). */
#define ENDED_KEPT 64
/* ...and while it is among the newest of its user. */
#define ENDED_MAX 50
/* Characters of an id. */
#define ID_LEN 16

/* What happened to a binding. */
typedef struct {
  char *key;
  const char *event; /* static */
  guint64 serial;    /* grows with each change of any */
  RegBinding *ended; /* as it was; NULL: it is there */
  gint64 at;         /* us */
} Change;

/* Of one subscription. */
typedef struct {
  guint32 cseq;   /* of the SUBSCRIBE that had its full state */
  guint64 serial; /* up to which it was told; 0: nothing */
  guint64 sent;   /* what is on its way */
} Told;

struct Registrations {
  GHashTable *users; /* AoR -> GQueue of Change, oldest first */
  GHashTable *told;  /* Sub -> Told */
  guint64 serial;
};

static void
change_free (gpointer data)
{
  Change *self = data;

  g_free (self->key);
  reg_binding_free (self->ended);
  g_free (self);
}

static void
queue_free (gpointer data)
{
  g_queue_free_full (data, change_free);
}

static Registrations *
registrations_of (Service *service)
{
  Registrations *self = service->registrations;

  if (self != NULL)
    return self;
  self = service->registrations = g_new0 (Registrations, 1);
  self->users = g_hash_table_new_full (aor_hash, aor_equal, g_free, queue_free);
  self->told = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->serial = 1;
  return self;
}

void
registrations_free (Registrations *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->users);
  g_hash_table_unref (self->told);
  g_free (self);
}

/* --- What happened --- */

/* RFC 3680 4.7.1. */
static const char *
event_of (Service *service, const RegChange *change)
{
  const RegBinding *binding = change->binding;

  if (change->kind == REG_DROP)
    return binding->expires_at <= service_now (service) ? "expired"
                                                        : "unregistered";
  if (change->previous == NULL)
    return "registered";
  return binding->expires_at < change->previous->expires_at ? "shortened"
                                                            : "refreshed";
}

static void
drop_change (GQueue *queue, const char *key)
{
  for (GList *l = queue->head; l != NULL; l = l->next)
    if (strcmp (((Change *)l->data)->key, key) == 0) {
      change_free (l->data);
      g_queue_delete_link (queue, l);
      return;
    }
}

static void
note (Service *service, const RegChange *change)
{
  Registrations *self = service->registrations;
  const RegBinding *binding = change->binding;
  GQueue *queue = g_hash_table_lookup (self->users, binding->aor);
  Change *noted = g_new0 (Change, 1);

  if (queue == NULL) {
    queue = g_queue_new ();
    g_hash_table_insert (self->users, g_strdup (binding->aor), queue);
  }
  drop_change (queue, binding->key);
  noted->key = g_strdup (binding->key);
  noted->event = event_of (service, change);
  noted->serial = ++self->serial;
  noted->at = service_now (service);
  if (change->kind == REG_DROP)
    noted->ended = reg_binding_copy (binding);
  g_queue_push_tail (queue, noted);
  if (queue->length > ENDED_MAX)
    change_free (g_queue_pop_head (queue));
}

static void
tell (Service *service, const char *aor)
{
  GArray *actions = subs_actions_new ();

  subs_changed (service->subs, aor,
                g_intern_static_string (REGISTRATIONS_EVENT),
                service_now (service), actions);
  service_act (service, actions);
}

/* Those of one call are of one user, unless many expired at once. */
void
registrations_changed (Service *service, const GPtrArray *changes)
{
  const char *last = NULL;

  if (service->registrations == NULL)
    return;
  for (guint i = 0; i < changes->len; i++) {
    const RegChange *change = changes->pdata[i];

    if (subs_count (service->subs, change->binding->aor, REGISTRATIONS_EVENT)
        > 0)
      note (service, change);
  }
  for (guint i = 0; i < changes->len; i++) {
    const char *aor = ((RegChange *)changes->pdata[i])->binding->aor;

    if (last == NULL || !aor_equal (last, aor))
      tell (service, aor);
    last = aor;
  }
}

typedef struct {
  gint64 oldest;
} Pruning;

static gboolean
prune_cb (gpointer key, gpointer value, gpointer data)
{
  const Pruning *pruning = data;
  GQueue *queue = value;
  GList *next;

  for (GList *l = queue->head; l != NULL; l = next) {
    Change *change = l->data;

    next = l->next;
    if (change->at < pruning->oldest && change->ended != NULL) {
      change_free (change);
      g_queue_delete_link (queue, l);
    }
  }
  return g_queue_is_empty (queue);
}

void
registrations_advance (Service *service)
{
  Pruning pruning = { service_now (service) - ENDED_KEPT * G_USEC_PER_SEC };

  if (service->registrations != NULL)
    g_hash_table_foreach_remove (service->registrations->users, prune_cb,
                                 &pruning);
}

/* --- The document --- */

typedef struct {
  Service *service;
  ReginfoWriter *writer;
  GQueue *changes; /* or NULL */
  guint64 told;    /* of what changed up to here it knows; 0: of nothing */
} Writing;

/* The same for the same contact, whatever becomes of it. */
static char *
id_of (const char *text)
{
  g_autofree char *sum
      = g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1);

  return g_strdup_printf ("r%.*s", ID_LEN, sum);
}

static const Change *
find_change (const Writing *self, const char *key)
{
  for (GList *l = self->changes != NULL ? self->changes->head : NULL; l != NULL;
       l = l->next)
    if (strcmp (((Change *)l->data)->key, key) == 0)
      return l->data;
  return NULL;
}

static void
put_contact (const Writing *self, const RegBinding *binding, const char *event,
             gboolean is_active)
{
  g_autofree char *id = id_of (binding->key);
  g_autofree char *gruu
      = is_active && binding->instance != NULL ? reg_gruu (binding) : NULL;
  gint64 left = binding->expires_at - service_now (self->service);
  const ReginfoContact contact = {
    .id = id,
    .event = event,
    .is_active = is_active,
    .expires = MAX (left, 0) / G_USEC_PER_SEC,
    .q = binding->q,
    .call_id = binding->call_id,
    .cseq = binding->cseq,
    .uri = binding->contact,
    .params = binding->params,
    .instance = binding->instance,
    .pub_gruu = gruu,
  };

  reginfo_add (self->writer, &contact);
}

static void
put_bindings (const Writing *self, GPtrArray *bindings)
{
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];
    const Change *change = find_change (self, binding->key);
    gboolean is_known
        = self->told > 0 && (change == NULL || change->serial <= self->told);

    if (!is_known)
      put_contact (self, binding,
                   change != NULL && change->ended == NULL ? change->event
                                                           : "registered",
                   TRUE);
  }
}

/* Who has just come need not hear of what was. */
static void
put_ended (const Writing *self)
{
  for (GList *l = self->changes != NULL ? self->changes->head : NULL;
       l != NULL && self->told > 0; l = l->next) {
    const Change *change = l->data;

    if (change->ended != NULL && change->serial > self->told)
      put_contact (self, change->ended, change->event, FALSE);
  }
}

static const char *
state_of (Service *service, const char *aor, const Writing *writing)
{
  if (reg_is_online (service->reg, aor))
    return "active";
  return writing->changes != NULL ? "terminated" : "init";
}

static Told *
told_of (Registrations *self, Sub *sub)
{
  Told *told = g_hash_table_lookup (self->told, sub);

  if (told == NULL) {
    told = g_new0 (Told, 1);
    g_hash_table_insert (self->told, sub, told);
  }
  return told;
}

GBytes *
registrations_document (Service *service, Sub *sub)
{
  Registrations *self = registrations_of (service);
  const char *aor = sub_dialog (sub)->presentity;
  g_autofree char *uri = aor_to_uri (aor), *id = id_of (aor);
  g_autoptr (GPtrArray) bindings = reg_bindings (service->reg, aor);
  Told *told = told_of (self, sub);
  Writing writing = { .service = service,
                      .changes = g_hash_table_lookup (self->users, aor) };
  gboolean is_full = told->serial == 0 || told->cseq != sub_remote_cseq (sub);

  writing.told = is_full ? 0 : told->serial;
  writing.writer = reginfo_start (sub_next_version (sub), is_full, uri, id,
                                  state_of (service, aor, &writing));
  put_bindings (&writing, bindings);
  if (is_full)
    writing.told = told->serial;
  put_ended (&writing);
  told->cseq = sub_remote_cseq (sub);
  told->sent = self->serial;
  return reginfo_end (writing.writer);
}

/* What was not taken is said again, as full state. */
void
registrations_notified (Service *service, Sub *sub, gboolean is_ok)
{
  Told *told = service->registrations != NULL
                   ? g_hash_table_lookup (service->registrations->told, sub)
                   : NULL;

  if (told == NULL)
    return;
  if (is_ok)
    told->serial = told->sent;
  else
    told->cseq = sub_remote_cseq (sub) - 1;
}

void
registrations_forget (Service *service, Sub *sub)
{
  if (service->registrations != NULL)
    g_hash_table_remove (service->registrations->told, sub);
}

/* SPDX-License-Identifier: ISC
 *
 * Calls for documents, and what their results mean: see the header. */
#include "store/pg-documents.h"

#include <string.h>

#include "base/ids.h"
#include "codec/xcap-settings.h"
#include "store/lists.h"
#include "store/reasons.h"

#define ETAG_BITS 80
#define LISTS "resource-lists"
#define LISTS_NAME "index"
#define SERVICES "rls-services"

struct PgDocuments {
  PgDocumentsConfig config;
  DocumentsPort port;
  Lists *lists;
  GQueue syncing; /* Ask: written, and waits until that is in force */
};

/* One call of the port. */
typedef struct {
  Call call; /* first */
  PgDocuments *documents;
  DocumentsKey key; /* strings are its own; owner NULL: global */
  DocumentsFn done;
  DocumentsListFn list_done;
  gpointer data;
  GBytes *sent;        /* of a put */
  char *old_etag;      /* of the resource list that it replaces */
  GPtrArray *contacts; /* XcapContact: in sent, or as read */
  /* The answer. */
  DocumentsOutcome outcome;
  gboolean is_merged;
  char *etag, *text;
  GBytes *body;
  GStrv uris;
  GArray *entries; /* DocumentsEntry; strings are its own */
} Ask;

/* --- Answers --- */

static void
forget_answer (Ask *self)
{
  g_clear_pointer (&self->etag, g_free);
  g_clear_pointer (&self->text, g_free);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->uris, g_strfreev);
  g_array_set_size (self->entries, 0);
}

static void
ask_free (Call *call)
{
  Ask *self = (Ask *)call;

  forget_answer (self);
  g_array_unref (self->entries);
  g_clear_pointer (&self->sent, g_bytes_unref);
  g_clear_pointer (&self->contacts, g_ptr_array_unref);
  g_free (self->old_etag);
  g_free ((char *)self->key.auid);
  g_free ((char *)self->key.owner);
  g_free ((char *)self->key.name);
  g_free (self);
}

static void
answer (const Ask *self, DocumentsOutcome outcome)
{
  gboolean is_done = outcome == DOCUMENTS_DONE;

  if (self->list_done != NULL) {
    self->list_done (outcome,
                     is_done ? (DocumentsEntry *)self->entries->data : NULL,
                     is_done ? self->entries->len : 0, self->data);
    return;
  }
  self->done (&(DocumentsAnswer){ .outcome = outcome,
                                  .etag = is_done ? self->etag : NULL,
                                  .body = is_done ? self->body : NULL,
                                  .text = outcome == DOCUMENTS_REFUSED
                                              ? self->text
                                              : NULL,
                                  .uris = (const char *const *)self->uris },
              self->data);
}

static gboolean
is_lists (const DocumentsKey *key)
{
  return key->owner != NULL && strcmp (key->auid, LISTS) == 0
         && strcmp (key->name, LISTS_NAME) == 0;
}

static gboolean
is_settings (const DocumentsKey *key)
{
  return strcmp (key->auid, XCAP_SETTINGS_AUID) == 0;
}

/* Do such documents say who may watch? */
static gboolean
is_policy (const DocumentsKey *key)
{
  return strcmp (key->auid, LISTS) == 0 || strcmp (key->auid, "pres-rules") == 0
         || strcmp (key->auid, "org.openmobilealliance.pres-rules") == 0;
}

static void
tell_changed (const Ask *self)
{
  const PgDocumentsConfig *config = &self->documents->config;

  if (is_policy (&self->key) && self->key.owner != NULL)
    config->policy_changed (self->key.owner, config->data);
  config->documents_changed (self->key.auid, self->key.owner, self->key.name,
                             config->data);
}

/* Settings are in force once the change has been read, as one of psql. */
static void
synced_cb (StoreOutcome outcome, gpointer data)
{
  Ask *self = data;

  g_queue_remove (&self->documents->syncing, self);
  answer (self, DOCUMENTS_DONE);
  ask_free (&self->call);
}

static void
settle_later (Ask *self)
{
  const PgDocumentsConfig *config = &self->documents->config;
  Ask *later = g_new0 (Ask, 1);

  *later = *self;
  memset (&later->call, 0, sizeof later->call);
  later->etag = g_strdup (self->etag);
  later->text = NULL;
  later->uris = NULL;
  later->body = later->sent = NULL;
  later->contacts = NULL;
  later->entries = g_array_ref (self->entries);
  later->key.auid = g_strdup (self->key.auid);
  later->key.owner = g_strdup (self->key.owner);
  later->key.name = g_strdup (self->key.name);
  g_queue_push_tail (&self->documents->syncing, later);
  config->sync (synced_cb, later, config->data);
}

static void
finish_fetch (Ask *self)
{
  Lists *lists = self->documents->lists;
  g_autoptr (GBytes) stored = g_steal_pointer (&self->body);

  if (self->is_merged)
    self->body = xcap_contacts_merge (stored, self->contacts);
  else
    self->body = g_steal_pointer (&stored);
  if (self->outcome == DOCUMENTS_DONE && is_lists (&self->key)
      && !self->is_merged)
    lists_add (lists, self->etag, self->body, NULL);
}

static void
settle (Call *call, StoreOutcome outcome)
{
  Ask *self = (Ask *)call;

  if (outcome == STORE_REFUSED) {
    g_free (self->text);
    self->text = reason_sentence (NULL, NULL);
    self->outcome = DOCUMENTS_REFUSED;
  } else if (outcome == STORE_AWAY) {
    self->outcome = DOCUMENTS_AWAY;
  }
  if (self->outcome == DOCUMENTS_AWAY)
    g_clear_pointer (&self->uris, g_strfreev);
  if (self->outcome == DOCUMENTS_DONE && call->is_write) {
    if (is_settings (&self->key)) {
      settle_later (self);
      return;
    }
    lists_drop (self->documents->lists, self->old_etag);
    if (self->contacts != NULL && self->uris == NULL && self->etag != NULL)
      lists_add (self->documents->lists, self->etag, self->sent,
                 self->contacts);
    tell_changed (self);
  } else if (self->outcome == DOCUMENTS_DONE && self->list_done == NULL) {
    finish_fetch (self);
  }
  answer (self, self->outcome);
}

/* --- Results --- */

/* NULL for NULL; borrowed. */
static const char *
value (const PGresult *result, int i, int column)
{
  return PQgetisnull (result, i, column) ? NULL
                                         : PQgetvalue (result, i, column);
}

static XcapSetting
setting_of (const char *text)
{
  return text == NULL   ? XCAP_SETTING_DEFAULT
         : *text == 't' ? XCAP_SETTING_ON
                        : XCAP_SETTING_OFF;
}

static void
take_row (Ask *self, const PGresult *result, int i)
{
  const char *a = value (result, i, 3), *b = value (result, i, 4);
  char kind = *PQgetvalue (result, i, 0);

  if (kind == 'c') {
    g_ptr_array_add (self->contacts,
                     xcap_contact_new (value (result, i, 1), a, b));
    return;
  }
  self->outcome = DOCUMENTS_DONE;
  self->etag = g_strdup (value (result, i, 1));
  self->is_merged = kind == 'm';
  if (kind == 's')
    self->body = xcap_settings_write (
        &(XcapSettings){ .share_availability = setting_of (a),
                         .allow_without_approval = setting_of (b) });
  else if (kind == 'p')
    self->body = xcap_policy_write (*a == 't', *b == 't');
  else if (value (result, i, 2) != NULL)
    self->body = g_bytes_new (PQgetvalue (result, i, 2),
                              (gsize)PQgetlength (result, i, 2));
}

static void
take_document (Call *call, const PGresult *result)
{
  Ask *self = (Ask *)call;

  forget_answer (self);
  g_clear_pointer (&self->contacts, g_ptr_array_unref);
  self->contacts = g_ptr_array_new_with_free_func (xcap_contact_free);
  self->outcome = DOCUMENTS_NONE;
  for (int i = 0; i < PQntuples (result); i++)
    take_row (self, result, i);
}

static void
entry_clear (gpointer data)
{
  DocumentsEntry *entry = data;

  g_free ((char *)entry->key.auid);
  g_free ((char *)entry->key.name);
  g_free ((char *)entry->etag);
}

static void
take_list (Call *call, const PGresult *result)
{
  Ask *self = (Ask *)call;

  forget_answer (self);
  self->outcome = DOCUMENTS_DONE;
  for (int i = 0; i < PQntuples (result); i++) {
    DocumentsEntry entry
        = { .key = { g_strdup (value (result, i, 0)), self->key.owner,
                     g_strdup (value (result, i, 1)) },
            .etag = g_strdup (value (result, i, 2)) };

    g_array_append_val (self->entries, entry);
  }
}

/* At most one row. */
static void
take_service (Call *call, const PGresult *result)
{
  Ask *self = (Ask *)call;

  forget_answer (self);
  self->outcome = DOCUMENTS_DONE;
  for (int i = 0; i < PQntuples (result); i++) {
    DocumentsEntry entry = { .key = { g_strdup (self->key.auid), NULL,
                                      g_strdup (value (result, i, 1)) },
                             .etag = g_strdup (value (result, i, 2)) };

    g_free ((char *)self->key.owner);
    entry.key.owner = self->key.owner = g_strdup (value (result, i, 0));
    g_array_append_val (self->entries, entry);
  }
}

static DocumentsOutcome
no_owner (const Ask *self)
{
  return self->sent != NULL ? DOCUMENTS_REFUSED : DOCUMENTS_NONE;
}

static void
take_outcome (Ask *self, const char *outcome, const char *reason)
{
  static const struct {
    const char *text;
    DocumentsOutcome outcome;
  } outcomes[] = {
    { "done", DOCUMENTS_DONE },
    { "none", DOCUMENTS_NONE },
    { "changed", DOCUMENTS_CHANGED },
    { "refused", DOCUMENTS_REFUSED },
    { "not_unique", DOCUMENTS_NOT_UNIQUE },
    { "away", DOCUMENTS_AWAY },
  };

  self->call.is_busy = strcmp (outcome, "busy") == 0;
  self->outcome = DOCUMENTS_AWAY;
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    if (strcmp (outcome, outcomes[i].text) == 0)
      self->outcome = outcomes[i].outcome;
  if (strcmp (outcome, "no_owner") == 0) {
    self->outcome = no_owner (self);
    self->text = g_strdup ("there is no such user");
  } else if (self->outcome == DOCUMENTS_REFUSED) {
    self->text
        = reason_sentence (reason, self->uris != NULL ? self->uris[0] : NULL);
  }
}

static void
take_written (Call *call, const PGresult *result)
{
  Ask *self = (Ask *)call;

  forget_answer (self);
  if (value (result, 0, 2) != NULL)
    self->uris = g_strsplit (value (result, 0, 2), URI_SEPARATOR, -1);
  take_outcome (self, PQgetvalue (result, 0, 0), value (result, 0, 3));
  if (self->outcome == DOCUMENTS_DONE && self->sent != NULL)
    self->etag = g_strdup (value (result, 0, 1));
}

/* --- Questions --- */

static Ask *
ask_new (PgDocuments *self, const DocumentsKey *key, const char *statement,
         DocumentsFn done, gpointer data)
{
  Ask *ask = g_new0 (Ask, 1);

  ask->documents = self;
  ask->key.auid = g_strdup (key->auid);
  ask->key.owner = g_strdup (key->owner);
  ask->key.name = g_strdup (key->name);
  ask->done = done;
  ask->data = data;
  ask->entries = g_array_new (FALSE, FALSE, sizeof (DocumentsEntry));
  g_array_set_clear_func (ask->entries, entry_clear);
  ask->call.statement = statement;
  ask->call.take = take_document;
  ask->call.settle = settle;
  ask->call.free = ask_free;
  return ask;
}

static const char *
owner_of (const DocumentsKey *key)
{
  return key->owner != NULL ? key->owner : "";
}

static void
submit (Ask *ask)
{
  const PgDocumentsConfig *config = &ask->documents->config;

  config->submit (&ask->call, config->data);
}

static void
fetch (gpointer port, const DocumentsKey *key, DocumentsFn done, gpointer data)
{
  const char *name = key->owner != NULL ? XCAP_SETTINGS_NAME : XCAP_POLICY_NAME;
  gboolean is_made = is_settings (key) && strcmp (key->name, name) == 0;
  gboolean is_plain = !is_made && !is_lists (key);
  const char *statement = is_plain             ? FETCH_DOCUMENT
                          : !is_made           ? FETCH_LISTS
                          : key->owner != NULL ? FETCH_SETTINGS
                                               : FETCH_POLICY;
  Ask *ask = ask_new (port, key, statement, done, data);

  if (is_plain)
    call_add_text (&ask->call, key->auid);
  if (is_plain || key->owner != NULL)
    call_add_text (&ask->call, owner_of (key));
  if (is_plain)
    call_add_text (&ask->call, key->name);
  submit (ask);
}

static void
list (gpointer port, const char *auid, const char *owner, DocumentsListFn done,
      gpointer data)
{
  DocumentsKey key = { auid, owner, NULL };
  Ask *ask = ask_new (port, &key, LIST_DOCUMENTS, NULL, data);

  ask->list_done = done;
  ask->call.take = take_list;
  call_add_text (&ask->call, owner_of (&key));
  call_add_text (&ask->call, auid);
  submit (ask);
}

static void
find_service (gpointer port, const char *uri, DocumentsListFn done,
              gpointer data)
{
  DocumentsKey key = { SERVICES, NULL, NULL };
  Ask *ask = ask_new (port, &key, FIND_SERVICE, NULL, data);

  ask->list_done = done;
  ask->call.take = take_service;
  call_add_text (&ask->call, uri);
  submit (ask);
}

/* --- Writes --- */

/* The attempt is the last parameter. */
static void
submit_write (Ask *ask)
{
  call_add_text (&ask->call, NULL);
  ask->call.is_write = TRUE;
  ask->call.take = take_written;
  submit (ask);
}

static void
add_texts (Call *call, const GPtrArray *texts)
{
  call_add_texts (call, (const char *const *)texts->pdata, texts->len);
}

/* Three arrays: URIs, names, groups. */
static void
add_contacts (Call *call, const GPtrArray *contacts)
{
  static const gsize fields[]
      = { offsetof (XcapContact, uri), offsetof (XcapContact, display_name),
          offsetof (XcapContact, group) };

  for (guint f = 0; f < G_N_ELEMENTS (fields); f++) {
    g_autoptr (GPtrArray) texts = g_ptr_array_new ();

    for (guint i = 0; i < contacts->len; i++)
      g_ptr_array_add (texts,
                       *(char **)((char *)contacts->pdata[i] + fields[f]));
    add_texts (call, texts);
  }
}

static void
put_lists (Ask *ask, const DocumentsPut *put, const char *etag)
{
  Call *call = &ask->call;
  ListsChange change;

  ask->contacts = xcap_contacts_read (put->body);
  ask->old_etag = g_strdup (put->old_etag);
  lists_compare (ask->documents->lists, put->old_etag, ask->contacts, &change);
  call->statement = PUT_LISTS;
  call_add_text (call, put->key.owner);
  call_add_text (call, put->old_etag);
  call_add_text (call, etag);
  call_add_bytes (call, put->body);
  call_add_text (call, change.is_whole ? "t" : "f");
  add_texts (call, change.gone);
  add_contacts (call, change.put);
  call_add_text (call, put->may_shorten ? "t" : "f");
  lists_change_clear (&change);
}

static void
put_document (Ask *ask, const DocumentsPut *put, const char *etag)
{
  guint n = put->unique != NULL ? g_strv_length ((GStrv)put->unique) : 0;
  Call *call = &ask->call;

  call->statement = PUT_DOCUMENT;
  call_add_text (call, put->key.auid);
  call_add_text (call, owner_of (&put->key));
  call_add_text (call, put->key.name);
  call_add_text (call, put->old_etag);
  call_add_text (call, etag);
  call_add_bytes (call, put->body);
  call_add_texts (call, put->unique, n);
}

static void
add_setting (Call *call, XcapSetting setting)
{
  call_add_text (call, setting == XCAP_SETTING_DEFAULT ? NULL
                       : setting == XCAP_SETTING_ON    ? "t"
                                                       : "f");
}

static void
write_settings (Ask *ask, const XcapSettings *settings, const char *old_etag)
{
  ask->call.statement = PUT_SETTINGS;
  call_add_text (&ask->call, ask->key.owner);
  call_add_text (&ask->call, old_etag);
  add_setting (&ask->call, settings->share_availability);
  add_setting (&ask->call, settings->allow_without_approval);
}

/* Documents that are the server's alone. */
static void
refuse (Ask *ask)
{
  ask->text = g_strdup ("this document cannot be written");
  answer (ask, DOCUMENTS_REFUSED);
  call_free (&ask->call);
}

static gboolean
is_own_settings (const DocumentsKey *key)
{
  return key->owner != NULL && strcmp (key->name, XCAP_SETTINGS_NAME) == 0;
}

static void
put (gpointer port, const DocumentsPut *put, DocumentsFn done, gpointer data)
{
  Ask *ask = ask_new (port, &put->key, NULL, done, data);
  g_autofree char *etag = rc_token_new (ETAG_BITS);
  XcapSettings settings;

  ask->sent = g_bytes_ref (put->body);
  if (is_settings (&put->key)
      && (!is_own_settings (&put->key)
          || !xcap_settings_parse (put->body, &settings, NULL))) {
    refuse (ask);
    return;
  }
  if (is_settings (&put->key))
    write_settings (ask, &settings, put->old_etag);
  else if (is_lists (&put->key))
    put_lists (ask, put, etag);
  else
    put_document (ask, put, etag);
  submit_write (ask);
}

static void
remove_document (gpointer port, const DocumentsKey *key, const char *old_etag,
                 DocumentsFn done, gpointer data)
{
  Ask *ask = ask_new (port, key, REMOVE_DOCUMENT, done, data);
  Call *call = &ask->call;

  if (is_settings (key) && !is_own_settings (key)) {
    refuse (ask);
    return;
  }
  if (is_settings (key)) {
    write_settings (ask, &(XcapSettings){ 0 }, old_etag);
  } else if (is_lists (key)) {
    call->statement = REMOVE_LISTS;
    call_add_text (call, key->owner);
    call_add_text (call, old_etag);
  } else {
    call_add_text (call, key->auid);
    call_add_text (call, owner_of (key));
    call_add_text (call, key->name);
    call_add_text (call, old_etag);
  }
  submit_write (ask);
}

/* --- Life --- */

PgDocuments *
pg_documents_new (const PgDocumentsConfig *config)
{
  PgDocuments *self = g_new0 (PgDocuments, 1);

  self->config = *config;
  self->lists = lists_new ();
  self->port = (DocumentsPort){ .self = self,
                                .fetch = fetch,
                                .put = put,
                                .remove = remove_document,
                                .list = list,
                                .find_service = find_service };
  return self;
}

static void
syncing_free (gpointer data)
{
  ask_free (data);
}

void
pg_documents_free (PgDocuments *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->syncing, syncing_free);
  lists_free (self->lists);
  g_free (self);
}

DocumentsPort *
pg_documents_port (PgDocuments *self)
{
  return &self->port;
}

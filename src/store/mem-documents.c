/* SPDX-License-Identifier: ISC
 *
 * Documents of the store in memory: decided at the call, answered at the end of
 * the turn. */
#include "addr/aor.h"
#include "base/ids.h"
#include "codec/rls.h"
#include "codec/xcap-contacts.h"
#include "codec/xcap-settings.h"
#include "codec/xcap-usages.h"
#include "store/mem-priv.h"
#include "store/reasons.h"
#include "store/users.h"

#include <string.h>

#define ETAG_BITS 80

typedef struct {
  DocumentsKey key; /* strings are its own; owner as in users */
  char *etag;
  GBytes *body;
} Document;

struct MemDocuments {
  StoreMem *store;
  DocumentsPort port;
  GPtrArray *documents; /* Document */
  MemContacts *contacts;
};

/* What is to be answered; owned by the work of a turn. */
typedef struct {
  MemDocuments *documents;
  DocumentsOutcome outcome;
  Document *changed; /* tell that it changed, its key; or NULL */
  char *etag, *text;
  GBytes *body;
  GPtrArray *uris; /* char *, NULL-terminated; or NULL */
  GPtrArray *list; /* Document */
  DocumentsFn done;
  DocumentsListFn list_done;
  gpointer data;
} Answer;

static Document *
document_new (const DocumentsKey *key, const char *etag, GBytes *body)
{
  Document *self = g_new0 (Document, 1);

  self->key.auid = g_strdup (key->auid);
  self->key.owner = g_strdup (key->owner);
  self->key.name = g_strdup (key->name);
  self->etag = etag != NULL ? g_strdup (etag) : rc_token_new (ETAG_BITS);
  self->body = body != NULL ? g_bytes_ref (body) : NULL;
  return self;
}

static void
document_free (gpointer data)
{
  Document *self = data;

  g_free ((char *)self->key.auid);
  g_free ((char *)self->key.owner);
  g_free ((char *)self->key.name);
  g_free (self->etag);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

static gboolean
is_same (const DocumentsKey *a, const DocumentsKey *b)
{
  return strcmp (a->auid, b->auid) == 0 && strcmp (a->name, b->name) == 0
         && (a->owner == NULL || b->owner == NULL
                 ? a->owner == b->owner
                 : aor_equal (a->owner, b->owner));
}

/* --- Answers --- */

static void
answer_free (gpointer data)
{
  Answer *self = data;

  if (self->changed != NULL)
    document_free (self->changed);
  g_free (self->etag);
  g_free (self->text);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->uris, g_ptr_array_unref);
  g_clear_pointer (&self->list, g_ptr_array_unref);
  g_free (self);
}

static gboolean
is_policy (const char *auid)
{
  return strcmp (auid, "resource-lists") == 0
         || g_str_has_suffix (auid, "pres-rules");
}

static void
tell_changed (StoreMem *store, const DocumentsKey *key)
{
  const StoreEvents *events = &store->events;
  StoreUser *user = key->owner != NULL
                        ? g_hash_table_lookup (store->users, key->owner)
                        : NULL;

  if (is_policy (key->auid) && events->policy_changed != NULL)
    events->policy_changed (key->owner, store->events_data);
  if (strcmp (key->auid, XCAP_SETTINGS_AUID) == 0 && user != NULL
      && events->user_changed != NULL)
    events->user_changed (user->aor, user_copy (user), store->events_data);
  if (events->documents_changed != NULL)
    events->documents_changed (key->auid, key->owner, key->name,
                               store->events_data);
}

static void
answer_list (const Answer *self)
{
  guint n = self->list != NULL ? self->list->len : 0;
  g_autofree DocumentsEntry *entries = g_new0 (DocumentsEntry, n + 1);

  for (guint i = 0; i < n; i++) {
    const Document *document = self->list->pdata[i];

    entries[i].key = document->key;
    entries[i].etag = document->etag;
  }
  self->list_done (self->outcome, self->list != NULL ? entries : NULL, n,
                   self->data);
}

static void
answer_cb (StoreOutcome outcome, gpointer data)
{
  Answer *self = data;

  if (self->changed != NULL)
    tell_changed (self->documents->store, &self->changed->key);
  if (self->list_done != NULL)
    answer_list (self);
  else
    self->done (
        &(DocumentsAnswer){ .outcome = self->outcome,
                            .etag = self->etag,
                            .body = self->body,
                            .text = self->text,
                            .uris = self->uris != NULL
                                        ? (const char *const *)self->uris->pdata
                                        : NULL },
        self->data);
  answer_free (self);
}

static Answer *
answer_later (MemDocuments *self, DocumentsFn done, gpointer data)
{
  Answer *answer = g_new0 (Answer, 1);

  answer->documents = self;
  answer->outcome = self->store->is_up ? DOCUMENTS_DONE : DOCUMENTS_AWAY;
  answer->done = done;
  answer->data = data;
  store_mem_later (self->store, answer_cb, answer, answer_free);
  return answer;
}

/* --- What is there --- */

static XcapSetting
setting_of (PolicyOverride value)
{
  return value == POLICY_YES  ? XCAP_SETTING_ON
         : value == POLICY_NO ? XCAP_SETTING_OFF
                              : XCAP_SETTING_DEFAULT;
}

static Document *
find_stored (MemDocuments *self, const DocumentsKey *key)
{
  for (guint i = 0; i < self->documents->len; i++) {
    Document *document = self->documents->pdata[i];

    if (is_same (&document->key, key))
      return document;
  }
  return NULL;
}

/* A document that is made of what is stored elsewhere. */
static Document *
generated (const DocumentsKey *key, GBytes *body)
{
  g_autofree char *etag
      = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, body);
  Document *document = document_new (key, etag, body);

  g_bytes_unref (body);
  return document;
}

static Document *
find_settings (MemDocuments *self, const DocumentsKey *key)
{
  const PolicySettings *settings = &self->store->settings;
  StoreUser *user;

  if (key->owner == NULL)
    return strcmp (key->name, XCAP_POLICY_NAME) != 0
               ? NULL
               : generated (key, xcap_policy_write (settings->allow_history,
                                                    settings->allow_cut_paste));
  user = g_hash_table_lookup (self->store->users, key->owner);
  if (user == NULL || strcmp (key->name, XCAP_SETTINGS_NAME) != 0)
    return NULL;
  return generated (
      key, xcap_settings_write (&(XcapSettings){
               .share_availability = setting_of (user->share_availability),
               .allow_without_approval
               = setting_of (user->allow_without_approval) }));
}

static gboolean
is_lists (const DocumentsKey *key)
{
  return key->owner != NULL && strcmp (key->auid, "resource-lists") == 0
         && strcmp (key->name, "index") == 0;
}

static Document *
find_lists (MemDocuments *self, const DocumentsKey *key)
{
  MemLists *lists = mem_contacts_of (self->contacts, key->owner);
  Document *frame = find_stored (self, key);
  g_autofree char *etag = g_strdup_printf (
      "%s.%u", frame != NULL ? frame->etag : "contacts", lists->revision);
  g_autoptr (GBytes) body = NULL;

  if (frame == NULL && lists->contacts->len == 0)
    return NULL;
  body = frame != NULL && lists->is_same
             ? g_bytes_ref (frame->body)
             : xcap_contacts_merge (frame != NULL ? frame->body : NULL,
                                    lists->contacts);
  return document_new (key, etag, body);
}

/* As a GET gives it, new; NULL: there is none. */
static Document *
find (MemDocuments *self, const DocumentsKey *key)
{
  Document *stored;

  if (key->owner != NULL
      && !g_hash_table_contains (self->store->users, key->owner))
    return NULL;
  if (strcmp (key->auid, XCAP_SETTINGS_AUID) == 0)
    return find_settings (self, key);
  if (is_lists (key))
    return find_lists (self, key);
  stored = find_stored (self, key);
  return stored != NULL ? document_new (key, stored->etag, stored->body) : NULL;
}

static void
fetch (gpointer port, const DocumentsKey *key, DocumentsFn done, gpointer data)
{
  MemDocuments *self = port;
  Answer *answer = answer_later (self, done, data);
  Document *document = find (self, key);

  if (answer->outcome == DOCUMENTS_DONE && document != NULL) {
    answer->etag = g_strdup (document->etag);
    answer->body = g_bytes_ref (document->body);
  } else if (answer->outcome == DOCUMENTS_DONE) {
    answer->outcome = DOCUMENTS_NONE;
  }
  if (document != NULL)
    document_free (document);
}

/* --- Writing --- */

static gboolean
is_as_said (MemDocuments *self, const DocumentsKey *key, const char *old_etag)
{
  Document *document = find (self, key);
  gboolean is_so
      = g_strcmp0 (document != NULL ? document->etag : NULL, old_etag) == 0;

  if (document != NULL)
    document_free (document);
  return is_so;
}

static PolicyOverride
override_of (XcapSetting setting)
{
  return setting == XCAP_SETTING_ON    ? POLICY_YES
         : setting == XCAP_SETTING_OFF ? POLICY_NO
                                       : POLICY_AS_SETTINGS;
}

static gboolean
put_settings (MemDocuments *self, const DocumentsKey *key, GBytes *body)
{
  XcapSettings settings = { 0 };
  StoreUser *user = key->owner != NULL
                        ? g_hash_table_lookup (self->store->users, key->owner)
                        : NULL;

  if (user == NULL || strcmp (key->name, XCAP_SETTINGS_NAME) != 0
      || (body != NULL && !xcap_settings_parse (body, &settings, NULL)))
    return FALSE;
  user->share_availability = override_of (settings.share_availability);
  user->allow_without_approval = override_of (settings.allow_without_approval);
  return TRUE;
}

static void
refuse (Answer *answer, char *text)
{
  answer->outcome = DOCUMENTS_REFUSED;
  answer->text = text;
}

static void
store (MemDocuments *self, const DocumentsKey *key, GBytes *body)
{
  Document *stored = find_stored (self, key);

  if (stored != NULL)
    g_ptr_array_remove (self->documents, stored);
  if (body != NULL)
    g_ptr_array_add (self->documents, document_new (key, NULL, body));
}

static void
write_lists (MemDocuments *self, Answer *answer, const DocumentsKey *key,
             GBytes *body, gboolean may_shorten)
{
  g_autoptr (GPtrArray) sent
      = body != NULL ? xcap_contacts_read (body)
                     : g_ptr_array_new_with_free_func (xcap_contact_free);
  g_autoptr (GPtrArray) left_out = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL;
  GPtrArray *contacts
      = mem_contacts_let_in (self->contacts, key->owner, sent, left_out, &text);
  gboolean is_short = left_out->len > 0;

  if (is_short) {
    g_ptr_array_add (left_out, NULL);
    answer->uris = g_steal_pointer (&left_out);
  }
  if (is_short && !may_shorten) {
    g_ptr_array_unref (contacts);
    refuse (answer, g_steal_pointer (&text));
    return;
  }
  mem_contacts_set (self->contacts, key->owner, contacts);
  mem_contacts_of (self->contacts, key->owner)->is_same = !is_short;
  store (self, key, body);
  if (is_short) /* of the document as sent */
    answer->etag = g_strconcat (find_stored (self, key)->etag, ".s", NULL);
}

static gboolean
is_taken_by (const Document *document, const char *uri)
{
  const XcapUsage *usage = xcap_usage_find ("rls-services");
  g_auto (GStrv) uris = NULL;
  gboolean is_taken = FALSE;

  if (strcmp (document->key.auid, "rls-services") != 0)
    return FALSE;
  uris = xcap_usage_service_uris (usage, document->body);
  for (guint i = 0; uris[i] != NULL && !is_taken; i++) {
    g_autofree char *key = rls_service_key (uris[i]);

    is_taken = strcmp (key, uri) == 0;
  }
  return is_taken;
}

static gboolean
is_taken (MemDocuments *self, const DocumentsKey *key, const char *uri)
{
  g_autofree char *wanted = rls_service_key (uri);
  const char *colon = strchr (wanted, ':');

  if (colon != NULL && g_hash_table_contains (self->store->users, colon + 1))
    return TRUE;
  for (guint i = 0; i < self->documents->len; i++) {
    const Document *document = self->documents->pdata[i];

    if (!is_same (&document->key, key) && is_taken_by (document, wanted))
      return TRUE;
  }
  return FALSE;
}

static void
write_plain (MemDocuments *self, Answer *answer, const DocumentsKey *key,
             GBytes *body, const char *const *unique)
{
  for (guint i = 0; body != NULL && unique != NULL && unique[i] != NULL; i++)
    if (is_taken (self, key, unique[i])) {
      if (answer->uris == NULL)
        answer->uris = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (answer->uris, g_strdup (unique[i]));
    }
  if (answer->uris != NULL) {
    g_ptr_array_add (answer->uris, NULL);
    answer->outcome = DOCUMENTS_NOT_UNIQUE;
    return;
  }
  store (self, key, body);
}

/* put: as given; to remove, its body is NULL. */
static void
write_document (MemDocuments *self, Answer *answer, const DocumentsPut *put)
{
  const DocumentsKey *key = &put->key;
  gboolean is_stranger
      = key->owner != NULL
        && !g_hash_table_contains (self->store->users, key->owner);
  gboolean is_settings = strcmp (key->auid, XCAP_SETTINGS_AUID) == 0;

  if (answer->outcome != DOCUMENTS_DONE)
    return;
  if (is_settings
      && (key->owner == NULL || strcmp (key->name, XCAP_SETTINGS_NAME) != 0)) {
    refuse (answer, g_strdup ("this document cannot be written"));
  } else if (is_stranger) {
    refuse (answer, g_strdup ("there is no such user"));
  } else if (!is_as_said (self, key, put->old_etag)) {
    answer->outcome = DOCUMENTS_CHANGED;
  } else if (is_settings) {
    if (!put_settings (self, key, put->body))
      refuse (answer, reason_sentence (NULL, NULL));
  } else if (is_lists (key)) {
    write_lists (self, answer, key, put->body, put->may_shorten);
  } else {
    write_plain (self, answer, key, put->body, put->unique);
  }
}

static void
write_answered (MemDocuments *self, Answer *answer, const DocumentsPut *put)
{
  Document *now;

  write_document (self, answer, put);
  if (answer->outcome != DOCUMENTS_DONE)
    return;
  answer->changed = document_new (&put->key, NULL, NULL);
  now = put->body != NULL ? find (self, &put->key) : NULL;
  if (now == NULL)
    return;
  if (answer->etag == NULL)
    answer->etag = g_strdup (now->etag);
  document_free (now);
}

static void
put (gpointer port, const DocumentsPut *put, DocumentsFn done, gpointer data)
{
  write_answered (port, answer_later (port, done, data), put);
}

static void
remove_document (gpointer port, const DocumentsKey *key, const char *old_etag,
                 DocumentsFn done, gpointer data)
{
  Answer *answer = answer_later (port, done, data);
  Document *document = find (port, key);

  if (document == NULL && answer->outcome == DOCUMENTS_DONE)
    answer->outcome = DOCUMENTS_NONE;
  else
    write_answered (port, answer,
                    &(DocumentsPut){ .key = *key, .old_etag = old_etag });
  if (document != NULL)
    document_free (document);
}

/* --- Lists --- */

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  const Document *one = *(Document *const *)a, *other = *(Document *const *)b;
  int order = strcmp (one->key.auid, other->key.auid);

  return order != 0 ? order : strcmp (one->key.name, other->key.name);
}

static void
list_one (MemDocuments *self, const DocumentsKey *key, GPtrArray *out)
{
  Document *document = find (self, key);

  if (document != NULL)
    g_ptr_array_add (out, document);
}

static void
list (gpointer port, const char *auid, const char *owner, DocumentsListFn done,
      gpointer data)
{
  MemDocuments *self = port;
  Answer *answer = answer_later (self, NULL, data);
  DocumentsKey settings
      = { XCAP_SETTINGS_AUID, owner,
          owner != NULL ? XCAP_SETTINGS_NAME : XCAP_POLICY_NAME };
  DocumentsKey lists = { "resource-lists", owner, "index" };

  answer->list_done = done;
  if (answer->outcome != DOCUMENTS_DONE)
    return;
  answer->list = g_ptr_array_new_with_free_func (document_free);
  for (guint i = 0; i < self->documents->len; i++) {
    const Document *stored = self->documents->pdata[i];
    DocumentsKey key = { stored->key.auid, owner, stored->key.name };

    if (is_same (&stored->key, &key) && !is_lists (&key)
        && (auid == NULL || strcmp (auid, key.auid) == 0))
      list_one (self, &key, answer->list);
  }
  if (auid == NULL || strcmp (auid, XCAP_SETTINGS_AUID) == 0)
    list_one (self, &settings, answer->list);
  if (owner != NULL && (auid == NULL || strcmp (auid, lists.auid) == 0))
    list_one (self, &lists, answer->list);
  g_ptr_array_sort (answer->list, compare_cb);
}

static void
find_service (gpointer port, const char *uri, DocumentsListFn done,
              gpointer data)
{
  MemDocuments *self = port;
  Answer *answer = answer_later (self, NULL, data);
  g_autofree char *wanted = rls_service_key (uri);

  answer->list_done = done;
  if (answer->outcome != DOCUMENTS_DONE)
    return;
  answer->list = g_ptr_array_new_with_free_func (document_free);
  for (guint i = 0; i < self->documents->len; i++) {
    const Document *stored = self->documents->pdata[i];

    if (is_taken_by (stored, wanted))
      g_ptr_array_add (answer->list,
                       document_new (&stored->key, stored->etag, NULL));
  }
}

/* --- For the rest of the store --- */

void
mem_documents_add_policy (MemDocuments *self, StorePolicy *out)
{
  for (guint i = 0; i < self->documents->len; i++) {
    const Document *document = self->documents->pdata[i];
    const DocumentsKey *key = &document->key;

    if (key->owner == NULL || !aor_equal (key->owner, out->aor))
      continue;
    if (g_str_has_suffix (key->auid, "pres-rules"))
      g_ptr_array_add (out->rules, g_bytes_ref (document->body));
    else if (strcmp (key->auid, "resource-lists") == 0
             && strcmp (key->name, "index") == 0) {
      g_clear_pointer (&out->lists, g_bytes_unref);
      out->lists = g_bytes_ref (document->body);
    }
  }
}

void
mem_documents_load (MemDocuments *self, const StoreLoadFns *fns, gpointer data)
{
  for (guint i = 0; fns->permanent != NULL && i < self->documents->len; i++) {
    const Document *document = self->documents->pdata[i];
    const DocumentsKey *key = &document->key;
    const StoreUser *user
        = key->owner != NULL
              ? g_hash_table_lookup (self->store->users, key->owner)
              : NULL;

    if (user != NULL && strcmp (key->auid, "pidf-manipulation") == 0
        && strcmp (key->name, "index") == 0)
      fns->permanent (user->aor, g_bytes_ref (document->body), data);
  }
}

void
mem_documents_drop_user (MemDocuments *self, const char *aor)
{
  for (guint i = self->documents->len; i-- > 0;) {
    const Document *document = self->documents->pdata[i];

    if (document->key.owner != NULL && aor_equal (document->key.owner, aor))
      g_ptr_array_remove_index (self->documents, i);
  }
  mem_contacts_drop (self->contacts, aor);
}

MemDocuments *
mem_documents_new (StoreMem *store)
{
  MemDocuments *self = g_new0 (MemDocuments, 1);

  self->store = store;
  self->contacts = mem_contacts_new (store);
  self->documents = g_ptr_array_new_with_free_func (document_free);
  self->port = (DocumentsPort){ .self = self,
                                .fetch = fetch,
                                .put = put,
                                .remove = remove_document,
                                .list = list,
                                .find_service = find_service };
  return self;
}

void
mem_documents_free (MemDocuments *self)
{
  g_ptr_array_unref (self->documents);
  mem_contacts_free (self->contacts);
  g_free (self);
}

DocumentsPort *
mem_documents_port (MemDocuments *self)
{
  return &self->port;
}

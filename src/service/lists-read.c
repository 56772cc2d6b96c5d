/* SPDX-License-Identifier: ISC
 *
 * Reading a list, document by document: see the header.  What is read is a
 * stack of lists, so that members keep their order; a list that is there
 * already is not entered again. */
#define G_LOG_DOMAIN "service"
#include "service/lists-read.h"

#include "service/bodies.h"
#include "service/lists.h"

#include "addr/aor.h"
#include "addr/contact.h"
#include "addr/uri.h"
#include "base/error.h"
#include "codec/rls.h"
#include "codec/xcap-diff.h"

#include <string.h>

#define LISTS "resource-lists"
#define SERVICES "rls-services"
#define LISTS_TYPE "application/resource-lists+xml"
#define BYTES_MAX (4 << 20) /* of a document */
#define REFERENCES_MAX 200  /* that are followed for one list */

/* A list that is being gone through. */
typedef struct {
  RlsList *list;
  guint next;
} Frame;

typedef struct {
  GList link;       /* in lists_readings */
  Service *service; /* NULL: it is over */
  char *watcher, *address, *package;
  ListContents contents;
  GHashTable *keys;      /* of the entries */
  GHashTable *documents; /* name of a key -> RlsDoc; NULL: there is none */
  GHashTable *followed;  /* references */
  GArray *frames;
  DocumentsKey wanted; /* what is being fetched; strings are its own */
  XcapPath *path;      /* where in it; NULL: it is the first */
  ListReadFn fn;
  gpointer data;
  gboolean is_stepping, is_waiting;
} Reading;

static void step (Reading *self);

/* --- Life --- */

static void
entry_free (gpointer data)
{
  ListEntry *entry = data;

  g_free (entry->key);
  g_free (entry->uri);
  g_free (entry->name);
  g_free (entry);
}

static void
doc_free (gpointer data)
{
  rls_doc_free (data);
}

static void
frame_clear (gpointer data)
{
  rls_list_free (((Frame *)data)->list);
}

static void
forget_wanted (Reading *self)
{
  g_clear_pointer ((char **)&self->wanted.auid, g_free);
  g_clear_pointer ((char **)&self->wanted.owner, g_free);
  g_clear_pointer ((char **)&self->wanted.name, g_free);
  g_clear_pointer (&self->path, xcap_path_free);
}

static void
reading_free (Reading *self)
{
  if (self->service != NULL)
    g_queue_unlink (lists_readings (self->service), &self->link);
  forget_wanted (self);
  g_free (self->watcher);
  g_free (self->address);
  g_free (self->package);
  g_free (self->contents.text);
  g_free (self->contents.name);
  g_ptr_array_unref (self->contents.entries);
  g_hash_table_unref (self->keys);
  g_hash_table_unref (self->documents);
  g_hash_table_unref (self->followed);
  g_array_unref (self->frames);
  g_free (self);
}

static Reading *
reading_new (Service *service, const ListQuestion *question, ListReadFn fn,
             gpointer data)
{
  Reading *self = g_new0 (Reading, 1);

  self->service = service;
  self->watcher = g_strdup (question->watcher);
  self->address = g_strdup (question->address);
  self->package = g_strdup (question->package);
  self->contents.entries = g_ptr_array_new_with_free_func (entry_free);
  self->keys = g_hash_table_new (aor_hash, aor_equal);
  self->documents
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, doc_free);
  self->followed
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->frames = g_array_new (FALSE, FALSE, sizeof (Frame));
  g_array_set_clear_func (self->frames, frame_clear);
  self->fn = fn;
  self->data = data;
  self->link.data = self;
  g_queue_push_tail_link (lists_readings (service), &self->link);
  return self;
}

void
list_readings_end (GQueue *readings)
{
  GList *link;

  while ((link = g_queue_pop_head_link (readings)) != NULL)
    ((Reading *)link->data)->service = NULL;
}

static void
finish (Reading *self, ListOutcome outcome)
{
  self->contents.outcome = outcome;
  self->fn (&self->contents, self->data);
  reading_free (self);
}

static void
finish_error (Reading *self, const GError *error)
{
  self->contents.text = g_strdup (error->message);
  finish (self, g_error_matches (error, RC_ERROR, RC_ERROR_BOUND)
                    ? LIST_TOO_LARGE
                    : LIST_BAD);
}

/* --- Members --- */

static void
note_skipped (const Reading *self, const char *text, const char *why)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  g_info ("list %s of %s: \"%s\" is left out: %s", self->address, self->watcher,
          valid, why);
}

/* Another list among the members would be a document of its own (RFC 4662 5.5);
 * a group of contacts is nobody's presence. */
static gboolean
is_group (const char *text)
{
  g_autoptr (Uri) uri = NULL;

  return strchr (text, ';') != NULL && uri_parse (text, -1, &uri, NULL)
         && uri_param (uri, "pres-list") != NULL;
}

static ListEntry *
entry_new (const char *uri, const char *name)
{
  g_autofree char *key = contact_canonical (uri);
  char *aor;
  ListEntry *entry;

  if (key == NULL)
    return NULL;
  aor = contact_aor (key);
  entry = g_new0 (ListEntry, 1);
  entry->key = aor != NULL ? aor : g_steal_pointer (&key);
  entry->uri = g_strdup (uri);
  entry->name = g_strdup (name);
  return entry;
}

/* FALSE: there are as many as are allowed. */
static gboolean
add_entry (Reading *self, const RlsItem *item)
{
  GPtrArray *entries = self->contents.entries;
  ListEntry *entry = entry_new (item->text, item->name);

  if (entry == NULL || is_group (item->text)) {
    note_skipped (self, item->text, "it is no address of a person");
  } else if (!g_hash_table_contains (self->keys, entry->key)) {
    if (entries->len >= self->service->limits.list_members) {
      entry_free (entry);
      return FALSE;
    }
    g_hash_table_add (self->keys, entry->key);
    g_ptr_array_add (entries, g_steal_pointer (&entry));
  }
  if (entry != NULL)
    entry_free (entry);
  return TRUE;
}

/* --- References --- */

static char *
name_of (const DocumentsKey *key)
{
  return xcap_path_document (key->auid, key->owner, key->name);
}

static gboolean
is_readable (const Reading *self, const XcapPath *path)
{
  g_autofree char *aor = NULL;

  return path->is_global
         || (path->xui != NULL && aor_parse (path->xui, &aor, NULL)
             && aor_equal (aor, self->watcher));
}

/* The part of a reference below the XCAP root; the host may also be a domain of
 * ours.  NULL: it is elsewhere. */
static const char *
below_root (const Reading *self, const char *text)
{
  const char *root = self->service->xcap_root;
  const char *rest = xcap_diff_below_root (text, root != NULL ? root : "");
  const char *host = strstr (text, "://");
  g_autofree char *name = NULL;

  if (rest != NULL || host == NULL)
    return rest;
  host += 3;
  name = g_strndup (host, strcspn (host, ":/"));
  host += strcspn (host, "/");
  return service_has_domain (self->service, name)
             ? xcap_diff_below_root (host, root != NULL ? root : "/")
             : NULL;
}

/* NULL: it is not followed. */
static XcapPath *
path_of (const Reading *self, const RlsItem *item)
{
  const char *rest = below_root (self, item->text);
  g_autoptr (XcapPath) path = NULL;

  if (rest == NULL
      || xcap_path_parse (rest, strlen (rest), &path) != XCAP_PATH_OK)
    note_skipped (self, item->text, "it is no document of this server");
  else if (path->kind != XCAP_ELEMENT || strcmp (path->auid, LISTS) != 0)
    note_skipped (self, item->text, "it is no list");
  else if (!is_readable (self, path))
    note_skipped (self, item->text, "it is somebody else's");
  else
    return g_steal_pointer (&path);
  return NULL;
}

static void
push (Reading *self, RlsList *list)
{
  Frame frame = { list, 0 };

  g_array_append_val (self->frames, frame);
}

static void
enter (Reading *self, const RlsDoc *doc, const XcapPath *path)
{
  RlsList *list = doc != NULL ? rls_list_at (doc, path) : NULL;

  if (list != NULL)
    push (self, list);
  else
    note_skipped (self, path->selector, "there is nothing");
}

static RlsDoc *
keep (Reading *self, const DocumentsKey *key, GBytes *body)
{
  g_autoptr (GError) error = NULL;
  RlsDoc *doc = body != NULL ? rls_doc_new (body, BYTES_MAX, &error) : NULL;

  if (error != NULL)
    g_warning ("%s of %s: %s", key->auid, self->watcher, error->message);
  g_hash_table_insert (self->documents, name_of (key), doc);
  return doc;
}

static void start_list (Reading *self, const RlsDoc *doc);

static void
fetched_cb (const DocumentsAnswer *answer, gpointer data)
{
  Reading *self = data;
  RlsDoc *doc;

  self->is_waiting = FALSE;
  if (self->service == NULL) {
    finish (self, LIST_AWAY);
    return;
  }
  if (answer->outcome == DOCUMENTS_AWAY) {
    finish (self, LIST_AWAY);
    return;
  }
  doc = keep (self, &self->wanted, answer->body);
  if (self->path == NULL) {
    start_list (self, doc);
    return;
  }
  enter (self, doc, self->path);
  step (self);
}

static void
fetch (Reading *self, const DocumentsKey *key, XcapPath *path)
{
  DocumentsPort *port = self->service->documents_port;

  forget_wanted (self);
  self->wanted = (DocumentsKey){ g_strdup (key->auid), g_strdup (key->owner),
                                 g_strdup (key->name) };
  self->path = path;
  self->is_waiting = TRUE;
  port->fetch (port->self, &self->wanted, fetched_cb, self);
}

static void
follow (Reading *self, const RlsItem *item)
{
  g_autoptr (XcapPath) path = NULL;
  g_autofree char *name = NULL;
  DocumentsKey key;
  gpointer doc;

  if (g_hash_table_size (self->followed) >= REFERENCES_MAX) {
    note_skipped (self, item->text, "there are too many references");
    return;
  }
  if (!g_hash_table_add (self->followed, g_strdup (item->text)))
    return;
  self->contents.is_stored = TRUE;
  path = path_of (self, item);
  if (path == NULL)
    return;
  key = (DocumentsKey){ LISTS, path->is_global ? NULL : self->watcher,
                        path->document };
  name = name_of (&key);
  if (g_hash_table_lookup_extended (self->documents, name, NULL, &doc))
    enter (self, doc, path);
  else
    fetch (self, &key, g_steal_pointer (&path));
}

/* FALSE: no more fit. */
static gboolean
take_item (Reading *self, const RlsItem *item)
{
  if (item->kind == RLS_ENTRY)
    return add_entry (self, item);
  follow (self, item);
  return TRUE;
}

/* Of a stored list what fits is better than nothing. */
static void
overflow (Reading *self)
{
  guint max = self->service->limits.list_members;

  if (self->contents.is_stored) {
    g_warning ("list %s of %s: only the first %u members are watched",
               self->address, self->watcher, max);
    finish (self, LIST_READ);
    return;
  }
  self->contents.text = g_strdup_printf ("more than %u members", max);
  finish (self, LIST_TOO_LARGE);
}

/* A fetch may come back inside the call. */
static void
step (Reading *self)
{
  gboolean has_room = TRUE;

  if (self->is_stepping)
    return;
  self->is_stepping = TRUE;
  while (has_room && !self->is_waiting && self->frames->len > 0) {
    Frame *top = &g_array_index (self->frames, Frame, self->frames->len - 1);

    if (top->next == top->list->items->len)
      g_array_set_size (self->frames, self->frames->len - 1);
    else
      has_room = take_item (self, top->list->items->pdata[top->next++]);
  }
  self->is_stepping = FALSE;
  if (!has_room)
    overflow (self);
  else if (!self->is_waiting)
    finish (self, LIST_READ);
}

/* --- Where it begins --- */

/* What stands behind the AoR. */
static const char *
mark_of (const char *address)
{
  const char *domain = strrchr (address, '@');
  const char *mark = domain != NULL ? strchr (domain, ';') : NULL;

  return mark != NULL ? mark : "";
}

/* NULL: it is no group.  The caller frees. */
static char *
group_of (const char *address)
{
  const char *mark = mark_of (address);

  return g_str_has_prefix (mark, LISTS_PARAM)
             ? g_uri_unescape_string (mark + strlen (LISTS_PARAM), NULL)
             : NULL;
}

static gboolean
is_own_group (const Reading *self)
{
  gsize n = (gsize)(mark_of (self->address) - self->address);

  return strlen (self->watcher) == n
         && g_ascii_strncasecmp (self->address, self->watcher, n) == 0;
}

char *
list_uri (const char *address)
{
  const char *mark = mark_of (address);
  g_autofree char *aor = NULL, *base = NULL;

  if (*mark == '\0')
    return aor_to_uri (address);
  aor = g_strndup (address, (gsize)(mark - address));
  base = aor_to_uri (aor);
  return g_strconcat (base, strcmp (mark, LISTS_SERVICE) != 0 ? mark : "",
                      NULL);
}

static void
start_group (Reading *self, const RlsDoc *doc)
{
  g_autofree char *group = group_of (self->address);
  gboolean is_all = strcmp (group, SERVICE_ALL_CONTACTS) == 0;
  RlsList *list = NULL;

  if (doc != NULL)
    list = is_all ? rls_list_all (doc) : rls_list_named (doc, group);
  if (list == NULL && !is_all) {
    finish (self, LIST_NONE);
    return;
  }
  self->contents.name = list != NULL ? g_strdup (list->name) : NULL;
  if (list != NULL)
    push (self, list);
  step (self);
}

static void
start_service (Reading *self, const RlsDoc *doc)
{
  g_autofree char *uri = list_uri (self->address);
  g_autofree char *key = rls_service_key (uri);
  g_autoptr (RlsService) service
      = doc != NULL ? rls_service_find (doc, key) : NULL;

  if (service == NULL) {
    finish (self, LIST_NONE);
    return;
  }
  if (!rls_service_has (service, self->package)) {
    finish (self, LIST_BAD_EVENT);
    return;
  }
  if (service->list != NULL) {
    self->contents.name = g_strdup (service->list->name);
    push (self, g_steal_pointer (&service->list));
  } else if (service->reference != NULL) {
    follow (self,
            &(RlsItem){ .kind = RLS_EXTERNAL, .text = service->reference });
  }
  if (!self->is_waiting)
    step (self);
}

static void
start_list (Reading *self, const RlsDoc *doc)
{
  if (strcmp (self->wanted.auid, SERVICES) == 0)
    start_service (self, doc);
  else
    start_group (self, doc);
}

/* No service has the address: it may be a group of contacts. */
static void
read_group (Reading *self)
{
  g_autofree char *group = group_of (self->address);

  if (group == NULL)
    finish (self, LIST_NONE);
  else if (!is_own_group (self))
    finish (self, LIST_FORBIDDEN);
  else
    fetch (self, &(DocumentsKey){ LISTS, self->watcher, "index" }, NULL);
}

static void
found_cb (DocumentsOutcome outcome, const DocumentsEntry *entries, gsize n,
          gpointer data)
{
  Reading *self = data;

  if (self->service == NULL || outcome != DOCUMENTS_DONE)
    finish (self, LIST_AWAY);
  else if (n == 0)
    read_group (self);
  else if (!aor_equal (entries[0].key.owner, self->watcher))
    finish (self, LIST_FORBIDDEN);
  else
    fetch (self, &entries[0].key, NULL);
}

GBytes *
list_part (const SubsBody *body)
{
  return body_part (body, LISTS_TYPE, NULL);
}

static void
read_body (Reading *self, const SubsBody *body)
{
  g_autoptr (GBytes) part = list_part (body);
  g_autoptr (GError) error = NULL;
  g_autoptr (RlsDoc) doc = NULL;

  if (part == NULL) {
    self->contents.text = g_strdup ("there is no list in the body");
    finish (self, LIST_BAD);
    return;
  }
  doc = rls_doc_new (part, BYTES_MAX, &error);
  if (doc == NULL) {
    finish_error (self, error);
    return;
  }
  push (self, rls_list_all (doc));
  step (self);
}

void
list_read (Service *service, const ListQuestion *question, ListReadFn fn,
           gpointer data)
{
  Reading *self = reading_new (service, question, fn, data);
  DocumentsPort *port = service->documents_port;
  g_autofree char *uri = NULL;

  if (strchr (question->address, '@') == NULL) {
    read_body (self, question->body);
    return;
  }
  self->contents.is_stored = TRUE;
  uri = list_uri (question->address);
  if (port == NULL)
    finish (self, LIST_NONE);
  else
    port->find_service (port->self, uri, found_cb, self);
}

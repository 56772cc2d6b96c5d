/* SPDX-License-Identifier: ISC
 *
 * Reading and comparing what a list of XCAP URIs selects: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/xcap_state.h"

#include "addr/aor.h"
#include "codec/xcap-edit.h"

#include <string.h>

static const DocumentsKey caps_key = { "xcap-caps", NULL, "index" };

/* Bytes of elements in one state; more are named only. */
#define CONTENT_MAX 32768

/* --- Lists --- */

/* May owner read what path names? */
static gboolean
is_readable (const XcapPath *path, const char *owner)
{
  const XcapUsage *usage = xcap_usage_find (path->auid);
  g_autofree char *aor = NULL;

  if (usage == NULL)
    return FALSE;
  if (path->is_global)
    return xcap_usage_global (usage) >= XCAP_TREE_READ;
  if (path->xui == NULL)
    return TRUE;
  return xcap_usage_users (usage) >= XCAP_TREE_READ
         && aor_parse (path->xui, &aor, NULL) && aor_equal (aor, owner);
}

static void
list_clear (gpointer data)
{
  XcapList *self = data;

  g_free (self->owner);
  g_ptr_array_unref (self->targets);
}

XcapList *
xcap_list_ref (XcapList *self)
{
  return g_rc_box_acquire (self);
}

void
xcap_list_unref (XcapList *self)
{
  if (self != NULL)
    g_rc_box_release_full (self, list_clear);
}

/* A list of every usage's documents. */
static GPtrArray *
everything (void)
{
  GPtrArray *targets
      = g_ptr_array_new_with_free_func ((GDestroyNotify)xcap_diff_target_free);
  const XcapUsage *usage;

  for (guint i = 0; (usage = xcap_usage_nth (i)) != NULL; i++) {
    XcapDiffTarget *target = g_new0 (XcapDiffTarget, 1);

    target->uri = g_strconcat (xcap_usage_auid (usage), "/", NULL);
    xcap_path_parse (target->uri, strlen (target->uri), &target->path);
    g_ptr_array_add (targets, target);
  }
  return targets;
}

XcapList *
xcap_list_new (const char *owner, GBytes *body, const char *root, guint max,
               GError **error)
{
  g_autoptr (GPtrArray) targets = NULL;
  XcapList *self;
  gsize len = 0;
  const char *bytes = body != NULL ? g_bytes_get_data (body, &len) : NULL;

  if (body == NULL)
    targets = everything ();
  else if (!xcap_diff_parse (bytes, len, root, max, &targets, error))
    return NULL;
  for (guint i = targets->len; i-- > 0;)
    if (!is_readable (((XcapDiffTarget *)targets->pdata[i])->path, owner))
      g_ptr_array_remove_index (targets, i);
  self = g_rc_box_new0 (XcapList);
  self->owner = g_strdup (owner);
  self->targets = g_steal_pointer (&targets);
  return self;
}

static const XcapDiffTarget *
target_at (const XcapList *self, guint i)
{
  return self->targets->pdata[i];
}

/* Is a document, or one of those at which NULLs allow, of path? */
static gboolean
is_of (const XcapPath *path, const char *auid, gboolean may_be_own,
       gboolean may_be_global, const char *name)
{
  gboolean takes_own = !path->is_global, takes_global = !path->is_users;

  if (auid != NULL && strcmp (auid, path->auid) != 0)
    return FALSE;
  if (!(takes_own && may_be_own) && !(takes_global && may_be_global))
    return FALSE;
  return path->kind == XCAP_COLLECTION || name == NULL
         || strcmp (name, path->document) == 0;
}

gboolean
xcap_list_selects (const XcapList *self, const char *auid, const char *owner,
                   const char *name)
{
  for (guint i = 0; i < self->targets->len; i++)
    if (is_of (target_at (self, i)->path, auid, TRUE, owner == NULL, name))
      return TRUE;
  return FALSE;
}

/* Does anything in it need the list of that tree? */
static gboolean
lists_tree (const XcapList *self, gboolean is_global)
{
  for (guint i = 0; i < self->targets->len; i++) {
    const XcapPath *path = target_at (self, i)->path;

    if (path->kind <= XCAP_DOCUMENT
        && is_of (path, NULL, !is_global, is_global, NULL))
      return TRUE;
  }
  return FALSE;
}

/* --- States --- */

typedef struct {
  char *sel, *etag;
} Document;

/* An element or attribute; of a target of that index. */
typedef struct {
  char *digest; /* of content and namespaces; NULL: it does not exist */
  GBytes *content, *namespaces; /* NULL: too much */
} Node;

struct XcapState {
  XcapList *list;
  GPtrArray *documents; /* Document, as the store orders them */
  GHashTable *by_sel;   /* sel -> Document */
  Node *nodes;          /* one for each target */
  gsize bytes;          /* of contents */
};

static void
document_free (gpointer data)
{
  Document *self = data;

  g_free (self->sel);
  g_free (self->etag);
  g_free (self);
}

static XcapState *
state_new (XcapList *list)
{
  XcapState *self = g_rc_box_new0 (XcapState);

  self->list = xcap_list_ref (list);
  self->documents = g_ptr_array_new_with_free_func (document_free);
  self->by_sel = g_hash_table_new (g_str_hash, g_str_equal);
  self->nodes = g_new0 (Node, list->targets->len + 1);
  return self;
}

static void
state_clear (gpointer data)
{
  XcapState *self = data;

  for (guint i = 0; i < self->list->targets->len; i++) {
    g_free (self->nodes[i].digest);
    g_clear_pointer (&self->nodes[i].content, g_bytes_unref);
    g_clear_pointer (&self->nodes[i].namespaces, g_bytes_unref);
  }
  g_free (self->nodes);
  g_hash_table_unref (self->by_sel);
  g_ptr_array_unref (self->documents);
  xcap_list_unref (self->list);
}

XcapState *
xcap_state_ref (XcapState *self)
{
  return g_rc_box_acquire (self);
}

void
xcap_state_unref (XcapState *self)
{
  if (self != NULL)
    g_rc_box_release_full (self, state_clear);
}

/* What a NOTIFY calls a document: as the client wrote it, where it did (RFC 5875
 * 4.6); NULL: it is not selected. */
static char *
sel_of (const XcapList *list, const DocumentsKey *key)
{
  gboolean is_global = key->owner == NULL, is_selected = FALSE;
  g_autofree char *xui = is_global ? NULL : aor_to_uri (list->owner);

  for (guint i = 0; i < list->targets->len; i++) {
    const XcapDiffTarget *target = target_at (list, i);

    if (target->path->kind > XCAP_DOCUMENT
        || !is_of (target->path, key->auid, !is_global, is_global, key->name))
      continue;
    if (target->path->kind == XCAP_DOCUMENT)
      return g_strdup (target->uri);
    is_selected = TRUE;
  }
  return is_selected ? xcap_path_document (key->auid, xui, key->name) : NULL;
}

/* A usage may have documents in store that are nobody's to read. */
static gboolean
is_listed (const DocumentsKey *key)
{
  const XcapUsage *usage = xcap_usage_find (key->auid);

  return usage != NULL
         && (key->owner == NULL ? xcap_usage_global (usage)
                                : xcap_usage_users (usage))
                >= XCAP_TREE_READ;
}

static void
take_document (XcapState *self, const DocumentsEntry *entry)
{
  char *sel = is_listed (&entry->key) ? sel_of (self->list, &entry->key) : NULL;
  Document *document;

  if (sel == NULL)
    return;
  document = g_new0 (Document, 1);
  document->sel = sel;
  document->etag = g_strdup (entry->etag);
  g_ptr_array_add (self->documents, document);
  g_hash_table_replace (self->by_sel, document->sel, document);
}

static char *
digest_of (GBytes *content, GBytes *namespaces)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize len;
  gconstpointer bytes = g_bytes_get_data (content, &len);

  g_checksum_update (sum, bytes, (gssize)len);
  if (namespaces != NULL) {
    bytes = g_bytes_get_data (namespaces, &len);
    g_checksum_update (sum, bytes, (gssize)len);
  }
  return g_strdup (g_checksum_get_string (sum));
}

/* Takes both. */
static void
take_node (XcapState *self, guint i, GBytes *content, GBytes *namespaces)
{
  Node *node = &self->nodes[i];
  gsize size;

  if (content == NULL)
    return;
  node->digest = digest_of (content, namespaces);
  size = g_bytes_get_size (content)
         + (namespaces != NULL ? g_bytes_get_size (namespaces) : 0);
  if (namespaces != NULL && self->bytes + size > CONTENT_MAX) {
    g_bytes_unref (content);
    g_clear_pointer (&namespaces, g_bytes_unref);
    return;
  }
  self->bytes += size;
  node->content = content;
  node->namespaces = namespaces;
}

/* --- Reading --- */

typedef struct {
  XcapState *state;
  XcapStateFn fn;
  gpointer data;
  guint waiting; /* answers of the store, and 1 while they are asked for */
  gboolean is_away;
} Reading;

static void
read_end (Reading *self)
{
  if (--self->waiting > 0)
    return;
  self->fn (self->is_away ? NULL : self->state, self->data);
  xcap_state_unref (self->state);
  g_free (self);
}

static void
listed_cb (DocumentsOutcome outcome, const DocumentsEntry *entries, gsize n,
           gpointer data)
{
  Reading *self = data;

  if (outcome == DOCUMENTS_AWAY)
    self->is_away = TRUE;
  else
    for (gsize i = 0; i < n; i++)
      take_document (self->state, &entries[i]);
  read_end (self);
}

static void
read_list (Reading *self, DocumentsPort *port, gboolean is_global)
{
  const XcapList *list = self->state->list;

  if (!lists_tree (list, is_global))
    return;
  self->waiting++;
  port->list (port->self, NULL, is_global ? NULL : list->owner, listed_cb,
              self);
}

/* Do both name a node of the same document? */
static gboolean
is_same_document (const XcapPath *a, const XcapPath *b)
{
  return b->kind > XCAP_DOCUMENT && a->is_global == b->is_global
         && strcmp (a->auid, b->auid) == 0
         && strcmp (a->document, b->document) == 0;
}

typedef struct {
  Reading *reading;
  guint first; /* target */
} Fetching;

static void
take_nodes (XcapState *self, guint first, GBytes *body)
{
  const XcapPath *path = target_at (self->list, first)->path;
  guint n = self->list->targets->len, found = 0;
  g_autofree const XcapPath **paths = g_new0 (const XcapPath *, n);
  g_autofree guint *indexes = g_new0 (guint, n);
  g_autofree GBytes **contents = g_new0 (GBytes *, n);
  g_autofree GBytes **namespaces = g_new0 (GBytes *, n);

  for (guint i = first; i < n; i++)
    if (is_same_document (path, target_at (self->list, i)->path)) {
      indexes[found] = i;
      paths[found++] = target_at (self->list, i)->path;
    }
  xcap_get_nodes (xcap_usage_find (path->auid), body, paths, found, contents,
                  namespaces);
  for (guint i = 0; i < found; i++)
    take_node (self, indexes[i], contents[i], namespaces[i]);
}

static void
fetched_cb (const DocumentsAnswer *answer, gpointer data)
{
  Fetching *self = data;
  Reading *reading = self->reading;

  if (answer->outcome == DOCUMENTS_AWAY)
    reading->is_away = TRUE;
  else if (answer->outcome == DOCUMENTS_DONE && answer->body != NULL)
    take_nodes (reading->state, self->first, answer->body);
  g_free (self);
  read_end (reading);
}

static gboolean
is_caps (const XcapPath *path)
{
  return path->is_global && strcmp (path->auid, caps_key.auid) == 0
         && strcmp (path->document, caps_key.name) == 0;
}

static void
fetch (Reading *self, DocumentsPort *port, guint first)
{
  const XcapList *list = self->state->list;
  const XcapPath *path = target_at (list, first)->path;
  const DocumentsKey key = { .auid = path->auid,
                             .owner = path->is_global ? NULL : list->owner,
                             .name = path->document };
  Fetching *fetching = g_new0 (Fetching, 1);

  fetching->reading = self;
  fetching->first = first;
  self->waiting++;
  port->fetch (port->self, &key, fetched_cb, fetching);
}

static gboolean
is_first_of_document (const XcapList *list, guint i)
{
  const XcapPath *path = target_at (list, i)->path;

  for (guint before = 0; before < i; before++)
    if (is_same_document (path, target_at (list, before)->path))
      return FALSE;
  return TRUE;
}

static void
read_nodes (Reading *self, DocumentsPort *port)
{
  const XcapList *list = self->state->list;

  for (guint i = 0; i < list->targets->len; i++) {
    const XcapPath *path = target_at (list, i)->path;

    if (path->kind <= XCAP_DOCUMENT || !is_first_of_document (list, i))
      continue;
    if (is_caps (path)) {
      g_autoptr (GBytes) caps = xcap_caps_document ();

      take_nodes (self->state, i, caps);
    } else {
      fetch (self, port, i);
    }
  }
}

/* The one document that is not in store (RFC 4825 12). */
static void
read_caps (XcapState *self)
{
  g_autofree char *etag = xcap_caps_etag ();

  take_document (self, &(DocumentsEntry){ .key = caps_key, .etag = etag });
}

void
xcap_state_read (DocumentsPort *port, XcapList *list, XcapStateFn fn,
                 gpointer data)
{
  Reading *self = g_new0 (Reading, 1);

  self->state = state_new (list);
  self->fn = fn;
  self->data = data;
  self->waiting = 1;
  read_caps (self->state);
  read_list (self, port, FALSE);
  read_list (self, port, TRUE);
  read_nodes (self, port);
  read_end (self);
}

/* --- Telling --- */

static gboolean
has_same_documents (const XcapState *a, const XcapState *b)
{
  if (a->documents->len != b->documents->len)
    return FALSE;
  for (guint i = 0; i < a->documents->len; i++) {
    const Document *document = a->documents->pdata[i];
    const Document *other = g_hash_table_lookup (b->by_sel, document->sel);

    if (other == NULL || strcmp (document->etag, other->etag) != 0)
      return FALSE;
  }
  return TRUE;
}

gboolean
xcap_state_equal (const XcapState *a, const XcapState *b)
{
  if (!has_same_documents (a, b))
    return FALSE;
  for (guint i = 0; i < a->list->targets->len; i++)
    if (g_strcmp0 (a->nodes[i].digest, b->nodes[i].digest) != 0)
      return FALSE;
  return TRUE;
}

static const char *
etag_in (const XcapState *self, const char *sel)
{
  const Document *document
      = self != NULL ? g_hash_table_lookup (self->by_sel, sel) : NULL;

  return document != NULL ? document->etag : NULL;
}

static void
tell_documents (XcapDiff *diff, const XcapState *before, const XcapState *after)
{
  for (guint i = 0; i < after->documents->len; i++) {
    const Document *document = after->documents->pdata[i];
    const char *previous = etag_in (before, document->sel);

    if (g_strcmp0 (previous, document->etag) != 0)
      xcap_diff_add_document (
          diff, &(XcapDiffDocument){ document->sel, document->etag, previous });
  }
  for (guint i = 0; before != NULL && i < before->documents->len; i++) {
    const Document *document = before->documents->pdata[i];

    if (etag_in (after, document->sel) == NULL)
      xcap_diff_add_document (
          diff, &(XcapDiffDocument){ document->sel, NULL, document->etag });
  }
}

static void
tell_node (XcapDiff *diff, const XcapDiffTarget *target, const Node *node)
{
  XcapDiffNode told = { .sel = target->uri,
                        .is_attribute = target->path->kind == XCAP_ATTRIBUTE,
                        .exists = node->digest != NULL,
                        .content = node->content,
                        .namespaces = node->namespaces };

  xcap_diff_add_node (diff, &told);
}

GBytes *
xcap_state_tell (const char *root, const XcapState *before,
                 const XcapState *after)
{
  XcapDiff *diff = xcap_diff_new (root);

  tell_documents (diff, before, after);
  for (guint i = 0; i < after->list->targets->len; i++) {
    const char *old = before != NULL ? before->nodes[i].digest : NULL;

    if (g_strcmp0 (old, after->nodes[i].digest) != 0)
      tell_node (diff, target_at (after->list, i), &after->nodes[i]);
  }
  return xcap_diff_end (diff);
}

/* SPDX-License-Identifier: ISC
 *
 * The fake documents of the unit tests. */
#include "fakedocs.h"

#include <string.h>

typedef struct {
  DocumentsKey key; /* strings are its own */
  char *etag;
  GBytes *body;
} Document;

typedef struct {
  DocumentsOutcome outcome;
  GPtrArray *found; /* Document: copies */
  DocumentsFn done;
  DocumentsListFn list_done;
  gpointer data;
} Waiting;

static void
document_free (gpointer data)
{
  Document *self = data;

  g_free ((char *)self->key.auid);
  g_free ((char *)self->key.owner);
  g_free ((char *)self->key.name);
  g_free (self->etag);
  g_bytes_unref (self->body);
  g_free (self);
}

static Document *
document_new (const DocumentsKey *key, const char *etag, GBytes *body)
{
  Document *self = g_new0 (Document, 1);

  self->key = (DocumentsKey){ g_strdup (key->auid), g_strdup (key->owner),
                              g_strdup (key->name) };
  self->etag = g_strdup (etag);
  self->body = g_bytes_ref (body);
  return self;
}

static void
waiting_free (Waiting *self)
{
  g_ptr_array_unref (self->found);
  g_free (self);
}

static void
answer (Waiting *self)
{
  guint n = self->found->len;
  g_autofree DocumentsEntry *entries = g_new0 (DocumentsEntry, n + 1);
  const Document *first = n > 0 ? self->found->pdata[0] : NULL;

  for (guint i = 0; i < n; i++) {
    entries[i].key = ((Document *)self->found->pdata[i])->key;
    entries[i].etag = ((Document *)self->found->pdata[i])->etag;
  }
  if (self->list_done != NULL)
    self->list_done (self->outcome,
                     self->outcome == DOCUMENTS_AWAY ? NULL : entries, n,
                     self->data);
  else
    self->done (&(DocumentsAnswer){ .outcome = self->outcome,
                                    .etag = first ? first->etag : NULL,
                                    .body = first ? first->body : NULL },
                self->data);
  waiting_free (self);
}

void
fake_docs_release (FakeDocs *self)
{
  Waiting *waiting;

  self->is_held = FALSE;
  while ((waiting = g_queue_pop_head (&self->waiting)) != NULL)
    answer (waiting);
}

static void
turn_cb (gpointer data)
{
  FakeDocs *self = data;

  if (!self->is_held)
    fake_docs_release (self);
}

/* NULLs of key but the owner's match anything. */
static Waiting *
find (FakeDocs *self, const DocumentsKey *key, gpointer data)
{
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->data = data;
  waiting->found = g_ptr_array_new_with_free_func (document_free);
  for (guint i = 0; !self->is_away && i < self->documents->len; i++) {
    const Document *document = self->documents->pdata[i];

    if (g_strcmp0 (document->key.owner, key->owner) == 0
        && (key->auid == NULL || g_str_equal (document->key.auid, key->auid))
        && (key->name == NULL || g_str_equal (document->key.name, key->name)))
      g_ptr_array_add (
          waiting->found,
          document_new (&document->key, document->etag, document->body));
  }
  waiting->outcome = self->is_away ? DOCUMENTS_AWAY : DOCUMENTS_DONE;
  g_queue_push_tail (&self->waiting, waiting);
  self->loop->defer (self->loop->self, turn_cb, self, NULL);
  return waiting;
}

static void
list_cb (gpointer port, const char *auid, const char *owner,
         DocumentsListFn done, gpointer data)
{
  FakeDocs *self = port;

  self->lists++;
  find (self, &(DocumentsKey){ auid, owner, NULL }, data)->list_done = done;
}

static void
fetch_cb (gpointer port, const DocumentsKey *key, DocumentsFn done,
          gpointer data)
{
  FakeDocs *self = port;
  Waiting *waiting = find (self, key, data);

  self->fetches++;
  waiting->done = done;
  if (!self->is_away && waiting->found->len == 0)
    waiting->outcome = DOCUMENTS_NONE;
}

FakeDocs *
fake_docs_new (LoopPort *loop)
{
  FakeDocs *self = g_new0 (FakeDocs, 1);

  self->loop = loop;
  self->documents = g_ptr_array_new_with_free_func (document_free);
  self->port
      = (DocumentsPort){ .self = self, .list = list_cb, .fetch = fetch_cb };
  return self;
}

void
fake_docs_free (FakeDocs *self)
{
  Waiting *waiting;

  while ((waiting = g_queue_pop_head (&self->waiting)) != NULL)
    waiting_free (waiting);
  g_ptr_array_unref (self->documents);
  g_free (self);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const Document *left = *(Document *const *)a, *right = *(Document *const *)b;
  gint auid = strcmp (left->key.auid, right->key.auid);

  return auid != 0 ? auid : strcmp (left->key.name, right->key.name);
}

void
fake_docs_put (FakeDocs *self, const char *auid, const char *owner,
               const char *name, const char *etag, const char *body)
{
  const DocumentsKey key = { auid, owner, name };
  g_autoptr (GBytes) bytes = g_bytes_new (body, body ? strlen (body) : 0);

  for (guint i = self->documents->len; i-- > 0;) {
    const Document *document = self->documents->pdata[i];

    if (g_str_equal (document->key.auid, auid)
        && g_strcmp0 (document->key.owner, owner) == 0
        && g_str_equal (document->key.name, name))
      g_ptr_array_remove_index (self->documents, i);
  }
  if (etag != NULL)
    g_ptr_array_add (self->documents, document_new (&key, etag, bytes));
  g_ptr_array_sort (self->documents, compare);
}

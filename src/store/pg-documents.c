/* SPDX-License-Identifier: ISC
 *
 * PgDocuments in PostgreSQL: see the header. */
#include "store/pg-documents.h"

struct PgDocuments {
  DocumentsPort port;
};

static void
answer_away (DocumentsFn done, gpointer data)
{
  done (&(DocumentsAnswer){ .outcome = DOCUMENTS_AWAY }, data);
}

static void
fetch (gpointer port, const DocumentsKey *key, DocumentsFn done, gpointer data)
{
  answer_away (done, data);
}

static void
put (gpointer port, const DocumentsPut *put, DocumentsFn done, gpointer data)
{
  answer_away (done, data);
}

static void
remove_document (gpointer port, const DocumentsKey *key, const char *old_etag,
                 DocumentsFn done, gpointer data)
{
  answer_away (done, data);
}

static void
list (gpointer port, const char *auid, const char *owner, DocumentsListFn done,
      gpointer data)
{
  done (DOCUMENTS_AWAY, NULL, 0, data);
}

PgDocuments *
pg_documents_new (void)
{
  PgDocuments *self = g_new0 (PgDocuments, 1);

  self->port = (DocumentsPort){ .self = self,
                                .fetch = fetch,
                                .put = put,
                                .remove = remove_document,
                                .list = list };
  return self;
}

void
pg_documents_free (PgDocuments *self)
{
  g_free (self);
}

DocumentsPort *
pg_documents_port (PgDocuments *self)
{
  return &self->port;
}

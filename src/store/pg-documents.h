/* SPDX-License-Identifier: ISC
 *
 * Documents in PostgreSQL: port/documents.h as calls on a lane.  The SQL is
 * in pg-documents-sql.c and in the functions of sql/0009-documents.sql. */
#pragma once
#include "port/clock.h"
#include "port/documents.h"
#include "store/call.h"

typedef struct PgDocuments PgDocuments;

typedef struct {
  /* Takes the call to the lane of documents. */
  void (*submit) (Call *call, gpointer data);
  /* As in StorePort. */
  void (*sync) (StoreDoneFn done, gpointer done_data, gpointer data);
  /* As in StoreEvents. */
  void (*policy_changed) (const char *aor, gpointer data);
  void (*documents_changed) (const char *auid, const char *owner,
                             const char *name, gpointer data);
  gpointer data;
} PgDocumentsConfig;

PgDocuments *pg_documents_new (const PgDocumentsConfig *config);
/* After the lanes.  Who waits is not called. */
void pg_documents_free (PgDocuments *self);
DocumentsPort *pg_documents_port (PgDocuments *self);

/* What prepares the statements below, for a lane.  Static. */
const char *pg_documents_setup (void);

/* Statements.  Those that fetch give rows (kind, etag, body, a, b): 'd' the
 * document as stored, 'm' that which is to be merged with the contacts that
 * follow, 'c' a contact (its URI in etag, name in a, group in b), 's' and 'p' the
 * two columns of a settings and of the policy document.  Those that write give
 * (outcome, etag, uris, reason), uris separated by US (31). */
#define FETCH_DOCUMENT "fetch_document" /* auid, owner, name */
#define FETCH_LISTS "fetch_lists"       /* owner */
#define FETCH_SETTINGS "fetch_settings" /* owner */
#define FETCH_POLICY "fetch_policy"     /* - */
#define FIND_SERVICE "find_service"     /* uri; owner, name, etag */
#define LIST_DOCUMENTS "list_documents" /* owner, auid; auid, name, etag */
#define PUT_DOCUMENT "put_document"
#define PUT_LISTS "put_lists"
#define PUT_SETTINGS "put_settings"
#define REMOVE_DOCUMENT "remove_document"
#define REMOVE_LISTS "remove_lists"
#define URI_SEPARATOR "\x1f"

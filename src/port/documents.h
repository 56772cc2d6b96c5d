/* SPDX-License-Identifier: ISC
 *
 * XCAP documents as the room xcap/ needs them stored: fetch, compare and swap,
 * delete, list.  What a document is made of (the contacts table and the frame
 * around it, settings of a user) is the implementation's business, as are the
 * entity tags: a new one for each change, also for one from psql. */
#pragma once
#include <glib.h>

/* Which document; borrowed for a call. */
typedef struct {
  const char *auid;
  const char *owner; /* AoR; NULL: the global tree */
  const char *name;  /* "index" */
} DocumentsKey;

typedef enum {
  DOCUMENTS_DONE,       /* fetched; committed; deleted */
  DOCUMENTS_NONE,       /* there is no such document */
  DOCUMENTS_CHANGED,    /* it is not (any more) as old_etag says; nothing was
                           written */
  DOCUMENTS_REFUSED,    /* a rule of the database's: text says which; nothing
                           was written */
  DOCUMENTS_NOT_UNIQUE, /* uris are taken on this server; nothing was written */
  DOCUMENTS_AWAY,       /* PostgreSQL is away: nothing was written, and nothing
                           will be */
} DocumentsOutcome;

/* Borrowed in the callback.  What is not named for an outcome is NULL. */
typedef struct {
  DocumentsOutcome outcome;
  const char *etag; /* DONE: without quotes, of the document as fetched or as
                       sent; NULL after a delete */
  GBytes *body;     /* DONE of a fetch */
  const char *text; /* REFUSED: a sentence for the user */
  /* DONE of a put: contacts of a whole document that did not fit and were left
   * out afterwards (a change of the server's own, with another etag);
   * REFUSED: those that do not fit; NOT_UNIQUE: those taken. */
  const char *const *uris;
} DocumentsAnswer;
typedef void (*DocumentsFn) (const DocumentsAnswer *answer, gpointer data);

typedef struct {
  DocumentsKey key;
  const char *old_etag; /* NULL: there must be none */
  GBytes *body;         /* valid for its usage (xcap_usage_check) */
  /* A whole document was sent: with too many contacts, store those that fit and
   * name the others.  FALSE (an element was added, or xcap.overflow = strict):
   * refuse. */
  gboolean may_shorten;
  /* URIs that must be nobody else's on this server (xcap_usage_service_uris);
   * may be empty. */
  const char *const *unique;
} DocumentsPut;

/* One document of a list; borrowed in the callback. */
typedef struct {
  DocumentsKey key;
  const char *etag;
} DocumentsEntry;
/* entries is NULL with DOCUMENTS_AWAY. */
typedef void (*DocumentsListFn) (DocumentsOutcome outcome,
                                 const DocumentsEntry *entries, gsize n,
                                 gpointer data);

/* Each call leads to exactly one call of done: inside it or later.  Everything
 * given is borrowed for the call.  A success means: committed.  A write that had
 * been sent when PostgreSQL went away is answered once its outcome is known,
 * which may be when it is back. */
typedef struct {
  gpointer self;
  void (*fetch) (gpointer self, const DocumentsKey *key, DocumentsFn done,
                 gpointer data);
  void (*put) (gpointer self, const DocumentsPut *put, DocumentsFn done,
               gpointer data);
  /* NONE when there is none, CHANGED when it has another etag. */
  void (*remove) (gpointer self, const DocumentsKey *key, const char *old_etag,
                  DocumentsFn done, gpointer data);
  /* Documents of owner (NULL: the global tree), in the order of auid and name;
   * auid NULL: of all usages. */
  void (*list) (gpointer self, const char *auid, const char *owner,
                DocumentsListFn done, gpointer data);
  /* The rls-services document that defines the service with this address: one
   * entry, whose owner is named, or none. */
  void (*find_service) (gpointer self, const char *uri, DocumentsListFn done,
                        gpointer data);
} DocumentsPort;

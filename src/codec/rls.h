/* SPDX-License-Identifier: ISC
 *
 * Lists to subscribe to (RFC 4826): what a resource-lists document has in a
 * list, and the services of an rls-services document.  Inner lists are laid
 * flat; what refers elsewhere is named, for somebody who can read that. */
#pragma once
#include "codec/xcap-path.h"

typedef enum {
  RLS_ENTRY,     /* text: the URI of a member */
  RLS_ENTRY_REF, /* text: a relative path to an <entry>, below the XCAP root */
  RLS_EXTERNAL,  /* text: an absolute URI of a <list> */
} RlsKind;

typedef struct {
  RlsKind kind;
  char *text;
  char *name; /* display-name, or NULL */
} RlsItem;

/* A document that can be asked; it keeps the bytes. */
typedef struct RlsDoc RlsDoc;

/* RC_ERROR_SYNTAX for what is not well formed, or neither resource-lists nor
 * rls-services; RC_ERROR_BOUND for one that is nested too deep or larger than
 * max bytes. */
RlsDoc *rls_doc_new (GBytes *bytes, gsize max, GError **error);
void rls_doc_free (RlsDoc *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RlsDoc, rls_doc_free)

/* What is found of a list; free with rls_list_free. */
typedef struct {
  char *name;       /* display-name of the list, or NULL */
  GPtrArray *items; /* RlsItem, in document order */
} RlsList;
void rls_list_free (RlsList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RlsList, rls_list_free)

/* All lists of a resource-lists document together, but those of the OMA's that
 * say who is blocked or granted something. */
RlsList *rls_list_all (const RlsDoc *self);
/* The lists of that name, wherever they are; NULL: there is none. */
RlsList *rls_list_named (const RlsDoc *self, const char *name);
/* The <list> or <entry> that path selects in the document; NULL: nothing. */
RlsList *rls_list_at (const RlsDoc *self, const XcapPath *path);

/* A service (RFC 4826 4.1): one of list and reference. */
typedef struct {
  RlsList *list;
  char *reference; /* <resource-list>: an absolute URI of a <list> */
  char **packages; /* NULL: it names none */
} RlsService;
void rls_service_free (RlsService *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (RlsService, rls_service_free)

/* The key by which addresses of services are compared, as rollcall.service_key
 * in SQL.  The caller frees. */
char *rls_service_key (const char *uri);
/* The service whose uri has this key; NULL: there is none. */
RlsService *rls_service_find (const RlsDoc *self, const char *key);
/* May that package be subscribed to? */
gboolean rls_service_has (const RlsService *self, const char *package);

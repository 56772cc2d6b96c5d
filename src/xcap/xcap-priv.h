/* SPDX-License-Identifier: ISC
 *
 * What the files of this room share; never included outside xcap/.  A task is
 * one request on its way: task.c finds out what is asked and whether the user
 * may, read.c and edit.c do it, reply.c says so. */
#pragma once
#include "auth/digest.h"
#include "base/limit.h"
#include "codec/xcap-edit.h"
#include "xcap/xcap.h"

struct Xcap {
  Http *http;
  const Conf *conf;
  const Clock *clock;
  Counters *counters;
  DocumentsPort *documents;
  XcapHooks hooks;
  Digest *digest;
  Limit *per_source, *per_user;
  Limit *failed; /* logins; by source and username */
  char *root;    /* xcap_root_uri; NULL: no HTTP */
  GBytes *caps;  /* the document of xcap-caps */
  char *caps_etag;
  GHashTable *lines; /* key of a document -> XcapLine */
  GQueue tasks;      /* links of XcapTasks that wait for the store */
  gboolean is_stopping;
  void (*stopped_fn) (gpointer data);
  gpointer stopped_data;
};

typedef enum {
  XCAP_GET, /* HEAD too */
  XCAP_PUT,
  XCAP_DELETE,
  XCAP_OPTIONS,
  XCAP_OTHER, /* 405 */
} XcapVerb;

typedef struct XcapLine XcapLine;

typedef struct {
  Xcap *xcap;           /* NULL: gone, and the request has been answered */
  HttpRequest *request; /* NULL: has been answered */
  XcapVerb verb;
  char *peer;     /* numeric address of who asks */
  XcapPath *path; /* NULL until it has been read */
  const XcapUsage *usage;
  char *user;  /* AoR of who asks; NULL: not known (yet) */
  char *owner; /* AoR whose document it is; NULL: global */
  /* If-Match, If-None-Match, as they came; NULL: none. */
  char *if_match, *if_none_match;
  GList link;         /* in xcap->tasks */
  gboolean is_linked; /* it is there */

  /* edit.c */
  XcapLine *line;
  gboolean is_created; /* 201 */
  GBytes *written;     /* what the store was given; NULL: a removal */
  char **service_uris; /* of it */
  guint tries;
} XcapTask;

/* Takes a request from its arrival to reader_start or editor_start. */
void task_take (Xcap *xcap, HttpRequest *request);
/* It goes to the store: from here on xcap_free and xcap_quiesce know it. */
void task_wait (XcapTask *self);
/* Its user has left it; what is held longer by task_hold lives on. */
void task_free (XcapTask *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapTask, task_free)
/* Around a call of the port, which may answer inside and still read what it was
 * given. */
XcapTask *task_hold (XcapTask *self);

DocumentsKey task_key (const XcapTask *self);
/* What the codec asks; document: as it is now, or NULL. */
XcapEdit task_edit (const XcapTask *self, GBytes *document);

/* reply.c: each answers the request, counts and logs it. */

typedef struct {
  guint status;
  const char *why; /* for the log, and the body where there is no other */
  const char *type;
  GBytes *body;
  const char *etag; /* without quotes */
  const char *allow, *warning;
  const char *const *challenges;
} XcapReply;
void reply (XcapTask *self, const XcapReply *say);
/* A line of text. */
void reply_text (XcapTask *self, guint status, const char *why);
/* 405, with Allow for what path names. */
void reply_not_allowed (XcapTask *self);
/* 503 with Retry-After. */
void reply_busy (XcapTask *self, const char *why);
/* 409 with its document (RFC 4825 section 11). */
void reply_conflict (XcapTask *self, XcapError *error);
/* Value of Allow for what path names. */
const char *reply_methods (const XcapTask *self);
/* text, and the URIs, as far as there is room for them; the caller frees. */
char *reply_naming (const char *text, const char *const *uris);
/* The value of a Warning that says text; the caller frees. */
char *reply_warning (const char *text);

/* login.c: who asks.  TRUE: user is set; FALSE: it has been answered: 401; 400
 * for credentials that are for something else; 503 after too many wrong
 * ones. */
gboolean login_check (XcapTask *self);

/* condition.c: conditional requests (RFC 9110 section 13). */
typedef enum {
  CONDITION_MET,
  CONDITION_NOT_MODIFIED, /* 304 */
  CONDITION_FAILED,       /* 412 */
} Condition;
/* Is a header's value "*" or a list of entity tags?  A tag without quotes is
 * taken as one.  NULL is well formed. */
gboolean condition_is_valid (const char *header);
/* etag: of what is there now, without quotes; NULL: nothing is. */
Condition condition_check (const char *if_match, const char *if_none_match,
                           const char *etag, gboolean is_read);

/* read.c and edit.c: take the task, and answer it inside or later. */
void reader_start (XcapTask *self);
/* With the document in hand; does not take the task. */
void reader_reply (XcapTask *self, GBytes *document, const char *etag);
void editor_start (XcapTask *self);
/* Is an edit the one of its document that is with the store? */
gboolean editor_is_first (const XcapTask *self);
void editor_line_free (XcapLine *self);

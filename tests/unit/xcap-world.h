/* SPDX-License-Identifier: ISC
 *
 * The room xcap/ with all around it for tests: requests without a socket,
 * documents in memory, a clock that stands still, users alice, bob and dave
 * (disabled) of example.com and erin of example.org. */
#pragma once
#include "tests/lib/fakehttp.h"
#include "xcap/xcap.h"

typedef struct {
  char *etag, *body;
} WorldDocument;

typedef struct {
  Conf *conf;
  Http *http;
  Counters *counters;
  Clock clock;
  gint64 now;
  gboolean is_ready;
  GPtrArray *users; /* StoreUser */
  DocumentsPort port;
  Xcap *xcap;

  /* Documents. */
  GHashTable *documents; /* "auid owner name" -> WorldDocument */
  guint etags;           /* how many were given */
  gboolean is_away;
  gboolean is_deferred; /* what is asked waits for world_step */
  GQueue asked;
  guint fetches, puts, removes;
  gboolean may_shorten; /* of the last put */
  char **unique;        /* of it */
  /* What the next put gives in place of what it would. */
  gboolean is_forced;
  DocumentsAnswer forced;

  /* The client. */
  char *nonce, *realm;
  guint nc;
  gboolean has_sha256; /* answers with it */
} World;

/* options: lines of the group [xcap], and what follows; or NULL. */
World *world_new (const char *options);
void world_free (World *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* Text for a file of configuration; the caller frees. */
Conf *world_conf (const char *options);

/* As PostgreSQL has it; body NULL: not. */
void world_set (World *self, const char *key, const char *body);
const WorldDocument *world_get (World *self, const char *key);
/* Does what has been asked for longest. */
void world_step (World *self);
void world_settle (World *self);

/* A request for a path below the root; headers: name, value, ..., NULL. */
FakeExchange *world_ask_bare (World *self, const char *method, const char *path,
                              const char *const *headers, const char *body);
/* The same with credentials of user's, whose password is "secret". */
FakeExchange *world_ask_with (World *self, const char *user, const char *method,
                              const char *path, const char *const *headers,
                              const char *body);
/* As alice, with one header or none (NULL). */
FakeExchange *world_ask (World *self, const char *method, const char *path,
                         const char *name, const char *value, const char *body);
/* The value of an Authorization.  uri: what is signed. */
char *world_authorize (World *self, const char *user, const char *password,
                       const char *method, const char *uri);

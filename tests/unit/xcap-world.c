/* SPDX-License-Identifier: ISC
 *
 * The world around xcap/: see the header. */
#include "tests/unit/xcap-world.h"

#include "addr/aor.h"
#include "auth/digest.h"

#include <string.h>

static const char *const people[] = { "alice@example.com", "bob@example.com",
                                      "dave@example.com", "erin@example.org" };

/* What waits for world_step. */
typedef struct {
  enum { FETCH, PUT, REMOVE } kind;
  char *key, *old_etag, *body;
  DocumentsFn done;
  gpointer data;
} Asked;

static void
document_free (gpointer data)
{
  WorldDocument *self = data;

  g_free (self->etag);
  g_free (self->body);
  g_free (self);
}

static char *
key_of (const DocumentsKey *key)
{
  return g_strdup_printf ("%s %s %s", key->auid, key->owner ? key->owner : "-",
                          key->name);
}

void
world_set (World *self, const char *key, const char *body)
{
  WorldDocument *document;

  g_hash_table_remove (self->documents, key);
  if (body == NULL)
    return;
  document = g_new0 (WorldDocument, 1);
  document->etag = g_strdup_printf ("e%u", ++self->etags);
  document->body = g_strdup (body);
  g_hash_table_insert (self->documents, g_strdup (key), document);
}

const WorldDocument *
world_get (World *self, const char *key)
{
  return g_hash_table_lookup (self->documents, key);
}

static void
fetch (World *self, const Asked *asked, DocumentsAnswer *out)
{
  const WorldDocument *document = world_get (self, asked->key);

  self->fetches++;
  if (document == NULL) {
    out->outcome = DOCUMENTS_NONE;
    return;
  }
  out->etag = document->etag;
  out->body = g_bytes_new (document->body, strlen (document->body));
}

static void
put (World *self, const Asked *asked, DocumentsAnswer *out)
{
  const WorldDocument *document = world_get (self, asked->key);

  self->puts++;
  if (self->is_forced) {
    self->is_forced = FALSE;
    *out = self->forced;
    if (out->outcome != DOCUMENTS_DONE)
      return;
  }
  if (g_strcmp0 (document != NULL ? document->etag : NULL, asked->old_etag)) {
    out->outcome = DOCUMENTS_CHANGED;
    return;
  }
  world_set (self, asked->key, asked->body);
  out->etag = world_get (self, asked->key)->etag;
}

static void
removal (World *self, const Asked *asked, DocumentsAnswer *out)
{
  const WorldDocument *document = world_get (self, asked->key);

  self->removes++;
  if (document == NULL)
    out->outcome = DOCUMENTS_NONE;
  else if (g_strcmp0 (document->etag, asked->old_etag) != 0)
    out->outcome = DOCUMENTS_CHANGED;
  else
    world_set (self, asked->key, NULL);
}

static void
run (World *self, Asked *asked)
{
  static void (*const kinds[]) (World *, const Asked *, DocumentsAnswer *)
      = { [FETCH] = fetch, [PUT] = put, [REMOVE] = removal };
  DocumentsAnswer out = { .outcome = DOCUMENTS_DONE };

  if (self->is_away)
    out.outcome = DOCUMENTS_AWAY;
  else
    kinds[asked->kind](self, asked, &out);
  asked->done (&out, asked->data);
  g_clear_pointer (&out.body, g_bytes_unref);
  g_free (asked->key);
  g_free (asked->old_etag);
  g_free (asked->body);
  g_free (asked);
}

void
world_step (World *self)
{
  Asked *asked = g_queue_pop_head (&self->asked);

  g_assert_nonnull (asked);
  run (self, asked);
}

void
world_settle (World *self)
{
  while (self->asked.length > 0)
    world_step (self);
}

static void
ask (World *self, int kind, const DocumentsKey *key, const char *old_etag,
     GBytes *body, DocumentsFn done, gpointer data)
{
  Asked *asked = g_new0 (Asked, 1);

  *asked = (Asked){ .kind = kind,
                    .key = key_of (key),
                    .old_etag = g_strdup (old_etag),
                    .done = done,
                    .data = data };
  if (body != NULL)
    asked->body
        = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  if (self->is_deferred)
    g_queue_push_tail (&self->asked, asked);
  else
    run (self, asked);
}

static void
fetch_fn (gpointer self, const DocumentsKey *key, DocumentsFn done,
          gpointer data)
{
  ask (self, FETCH, key, NULL, NULL, done, data);
}

/* Looks at what it borrows when done has returned, as it may. */
static void
put_fn (gpointer data, const DocumentsPut *put_, DocumentsFn done,
        gpointer done_data)
{
  World *self = data;

  self->may_shorten = put_->may_shorten;
  g_clear_pointer (&self->unique, g_strfreev);
  self->unique = g_strdupv ((char **)put_->unique);
  ask (self, PUT, &put_->key, put_->old_etag, put_->body, done, done_data);
  g_free (key_of (&put_->key));
  g_free (g_strdup (put_->old_etag));
  g_assert_cmpuint (g_strv_length ((char **)put_->unique), ==,
                    g_strv_length (self->unique));
}

static void
remove_fn (gpointer self, const DocumentsKey *key, const char *old_etag,
           DocumentsFn done, gpointer data)
{
  ask (self, REMOVE, key, old_etag, NULL, done, data);
  g_free (key_of (key));
  g_free (g_strdup (old_etag));
}

static const StoreUser *
user_cb (const char *aor, gpointer data)
{
  World *self = data;

  for (guint i = 0; i < self->users->len; i++) {
    const StoreUser *user = self->users->pdata[i];

    if (aor_equal (user->aor, aor))
      return user;
  }
  return NULL;
}

static gboolean
has_domain_cb (const char *host, gpointer data)
{
  return g_str_equal (host, "example.com") || g_str_equal (host, "example.org");
}

static gboolean
is_ready_cb (gpointer data)
{
  return ((World *)data)->is_ready;
}

static gint64
now_cb (gpointer data)
{
  return ((World *)data)->now;
}

static StoreUser *
user_new (const char *aor)
{
  StoreUser *self = g_new0 (StoreUser, 1);
  const char *domain = aor_domain (aor);
  g_autofree char *name = aor_user (aor);

  self->aor = g_strdup (aor);
  self->ha1_md5 = digest_ha1 (DIGEST_MD5, name, domain, "secret");
  self->ha1_sha256 = digest_ha1 (DIGEST_SHA256, name, domain, "secret");
  self->is_enabled = !g_str_has_prefix (aor, "dave");
  return self;
}

Conf *
world_conf (const char *options)
{
  g_autofree char *text
      = g_strconcat ("[server]\ndomains = example.com;example.org\n"
                     "[http]\nlisten = 192.0.2.9:8080\n[xcap]\n",
                     options != NULL ? options : "", NULL);
  g_autoptr (GError) error = NULL;
  Conf *conf = conf_parse (text, strlen (text), "test", &error);

  g_assert_no_error (error);
  return conf;
}

World *
world_new (const char *options)
{
  World *self = g_new0 (World, 1);
  XcapHooks hooks = { user_cb, has_domain_cb, is_ready_cb, self };

  self->conf = world_conf (options);
  self->http = fake_http_new ();
  self->counters = counters_new ();
  self->clock = (Clock){ .now = now_cb, .self = self };
  self->now = 1000 * G_USEC_PER_SEC;
  self->is_ready = TRUE;
  self->users
      = g_ptr_array_new_with_free_func ((GDestroyNotify)store_user_free);
  for (guint i = 0; i < G_N_ELEMENTS (people); i++)
    g_ptr_array_add (self->users, user_new (people[i]));
  self->documents
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, document_free);
  self->port = (DocumentsPort){
    .self = self, .fetch = fetch_fn, .put = put_fn, .remove = remove_fn
  };
  self->xcap = xcap_new (self->http, self->conf, &self->clock, self->counters,
                         &self->port, &hooks);
  return self;
}

void
world_free (World *self)
{
  xcap_free (self->xcap);
  world_settle (self);
  http_free (self->http);
  conf_free (self->conf);
  counters_free (self->counters);
  g_ptr_array_unref (self->users);
  g_hash_table_unref (self->documents);
  g_strfreev (self->unique);
  g_free (self->nonce);
  g_free (self->realm);
  g_free (self);
}

FakeExchange *
world_ask_bare (World *self, const char *method, const char *path,
                const char *const *headers, const char *body)
{
  g_autofree char *target = g_strconcat (XCAP_ROOT_PATH, path, NULL);

  return fake_http_ask (self->http, method, target, headers, body);
}

/* A parameter of a challenge; the caller frees. */
static char *
parameter (const char *challenge, const char *name)
{
  g_autofree char *start = g_strconcat (name, "=\"", NULL);
  const char *at = strstr (challenge, start);

  g_assert_nonnull (at);
  at += strlen (start);
  return g_strndup (at, strcspn (at, "\""));
}

static char *
hash (const World *self, const char *text)
{
  return g_compute_checksum_for_string (
      self->has_sha256 ? G_CHECKSUM_SHA256 : G_CHECKSUM_MD5, text, -1);
}

/* RFC 7616 3.4.1, with GLib's hashes. */
char *
world_authorize (World *self, const char *user, const char *password,
                 const char *method, const char *uri)
{
  g_autofree char *a1
      = g_strdup_printf ("%s:%s:%s", user, self->realm, password);
  g_autofree char *a2 = g_strdup_printf ("%s:%s", method, uri);
  g_autofree char *ha1 = hash (self, a1), *ha2 = hash (self, a2);
  g_autofree char *nc = g_strdup_printf ("%08x", ++self->nc);
  g_autofree char *all
      = g_strdup_printf ("%s:%s:%s:c:auth:%s", ha1, self->nonce, nc, ha2);
  g_autofree char *response = hash (self, all);

  return g_strdup_printf (
      "Digest username=\"%s\", realm=\"%s\", nonce=\"%s\", uri=\"%s\", "
      "algorithm=%s, qop=auth, nc=%s, cnonce=\"c\", response=\"%s\"",
      user, self->realm, self->nonce, uri, self->has_sha256 ? "SHA-256" : "MD5",
      nc, response);
}

/* For the realm of path, or the default one where path is nothing. */
static void
get_challenge (World *self, const char *path)
{
  const FakeExchange *got = world_ask_bare (self, "GET", path, NULL, NULL);
  const char *challenge;

  if (got->status != 401)
    got = world_ask_bare (self, "GET", "xcap-caps/global/index", NULL, NULL);
  challenge = fake_exchange_header (got, "WWW-Authenticate",
                                    self->has_sha256 ? 1 : 0);
  g_assert_cmpuint (got->status, ==, 401);
  g_free (self->nonce);
  g_free (self->realm);
  self->nonce = parameter (challenge, "nonce");
  self->realm = parameter (challenge, "realm");
  self->nc = 0;
}

FakeExchange *
world_ask_with (World *self, const char *user, const char *method,
                const char *path, const char *const *headers, const char *body)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();
  g_autofree char *uri = g_strconcat (XCAP_ROOT_PATH, path, NULL);
  g_autofree char *authorization = NULL;

  if (self->nonce == NULL)
    get_challenge (self, path);
  authorization = world_authorize (self, user, "secret", method, uri);
  g_ptr_array_add (all, (char *)"Authorization");
  g_ptr_array_add (all, authorization);
  for (; headers != NULL && *headers != NULL; headers++)
    g_ptr_array_add (all, (char *)*headers);
  g_ptr_array_add (all, NULL);
  return world_ask_bare (self, method, path, (const char *const *)all->pdata,
                         body);
}

FakeExchange *
world_ask (World *self, const char *method, const char *path, const char *name,
           const char *value, const char *body)
{
  const char *const headers[] = { name, value, NULL };

  return world_ask_with (self, "alice", method, path, headers, body);
}

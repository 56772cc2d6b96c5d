/* SPDX-License-Identifier: ISC
 *
 * xcap/: a table of requests, each with its answer and the document afterwards
 * (RFC 4825 sections 7 to 11), then the order of edits and what the store says.
 * test-xcap-login.c has who may ask. */
#include "tests/unit/xcap-world.h"

#include <string.h>

#define RL "application/resource-lists+xml"
#define EL "application/xcap-el+xml"
#define ATT "application/xcap-att+xml"
#define NS "application/xcap-ns+xml"
#define RULES "application/auth-policy+xml"
#define TEXT "text/plain; charset=utf-8"
#define ERROR "application/xcap-error+xml"

#define HOME "resource-lists/users/sip:alice@example.com/"
#define INDEX HOME "index"
#define LIST INDEX "/~~/resource-lists/list%5b@name=%22a%22%5d"
#define KEY "resource-lists alice@example.com index"
#define ROOT "http://192.0.2.9:8080/xcap-root/"

#define DOC(INSIDE)                                                            \
  "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">"           \
  "<list name=\"a\">" INSIDE "</list></resource-lists>"
#define BOB "<entry uri=\"sip:bob@example.com\"/>"
#define CAROL "<entry uri=\"sip:carol@example.com\"/>"
#define OLD DOC (BOB)

typedef struct {
  const char *name, *method, *path, *header, *value, *body;
  guint status;
  const char *type;  /* of the answer */
  const char *has;   /* in its body; with '=' at the start: all of it */
  const char *after; /* the document; NULL: none */
} Row;

static const Row ROWS[] = {
  { "7.3/document", "GET", INDEX, NULL, NULL, NULL, 200, RL, "=" OLD, OLD },
  { "7.6/element", "GET", LIST "/entry", NULL, NULL, NULL, 200, EL, "=" BOB,
    OLD },
  { "7.9/attribute", "GET", LIST "/entry/@uri", NULL, NULL, NULL, 200, ATT,
    "=\"sip:bob@example.com\"", OLD },
  { "7.10/namespaces", "GET", LIST "/namespace::*", NULL, NULL, NULL, 200, NS,
    "=<list xmlns=\"urn:ietf:params:xml:ns:resource-lists\"/>", OLD },
  { "6.4/query", "GET",
    INDEX "/~~/r:resource-lists/r:list?xmlns(r=urn:ietf:params:xml:ns:"
          "resource-lists)",
    NULL, NULL, NULL, 200, EL, "<list name=\"a\">", OLD },
  { "8/unbound-prefix", "GET", INDEX "/~~/r:resource-lists", NULL, NULL, NULL,
    400, TEXT, "xmlns()", OLD },
  { "8/bad-escape", "GET", INDEX "/~~/resource%zz", NULL, NULL, NULL, 400, TEXT,
    "", OLD },
  { "8/extension-selector", "GET", INDEX "/~~/resource-lists/count(list)", NULL,
    NULL, NULL, 404, TEXT, "", OLD },
  { "8/no-usage", "GET", "nowhere/users/sip:alice@example.com/index", NULL,
    NULL, NULL, 404, TEXT, "", OLD },
  { "8/no-user", "GET", "resource-lists/users/sip:nobody@example.com/index",
    NULL, NULL, NULL, 404, TEXT, "", OLD },
  { "8/no-such-xui", "GET", "resource-lists/users/nobody/index", NULL, NULL,
    NULL, 404, TEXT, "", OLD },
  { "6.2/collection", "GET", HOME, NULL, NULL, NULL, 404, TEXT, "", OLD },
  { "6.2/collection-put", "PUT", HOME, "Content-Type", RL, OLD, 404, TEXT, "",
    OLD },
  { "6.2/root", "GET", "", NULL, NULL, NULL, 404, TEXT, "", OLD },
  { "8.3/no-document", "GET", HOME "other", NULL, NULL, NULL, 404, TEXT, "",
    OLD },
  { "8.3/no-element", "GET", LIST "/external", NULL, NULL, NULL, 404, TEXT, "",
    OLD },
  { "8.3/head", "HEAD", INDEX, NULL, NULL, NULL, 200, RL, NULL, OLD },

  { "8.1/post", "POST", INDEX, "Content-Type", RL, OLD, 405, TEXT, "", OLD },
  { "8.2/namespaces-put", "PUT", LIST "/namespace::*", "Content-Type", NS, "x",
    405, TEXT, "", OLD },
  { "8.4/namespaces-delete", "DELETE", LIST "/namespace::*", NULL, NULL, NULL,
    405, TEXT, "", OLD },
  { "options", "OPTIONS", INDEX, NULL, NULL, NULL, 200, NULL, "=", OLD },

  { "7.1/replace", "PUT", INDEX, "Content-Type", RL, DOC (CAROL), 200, NULL,
    "=", DOC (CAROL) },
  { "7.4/create-element", "PUT",
    LIST "/entry%5b@uri=%22sip:carol@example.com%22%5d", "Content-Type", EL,
    CAROL, 201, NULL, "=", DOC (BOB CAROL) },
  { "7.4/replace-element", "PUT",
    LIST "/entry%5b@uri=%22sip:bob@example.com%22%5d", "Content-Type",
    "APPLICATION/xcap-el+xml; charset=utf-8",
    "<entry uri=\"sip:bob@example.com\" />", 200, NULL, "=",
    DOC ("<entry uri=\"sip:bob@example.com\" />") },
  { "7.7/attribute", "PUT", LIST "/entry/@uri", "Content-Type", ATT,
    "\"sip:dora@example.com\"", 200, NULL, "=",
    DOC ("<entry uri=\"sip:dora@example.com\"/>") },
  { "7.2/delete", "DELETE", INDEX, NULL, NULL, NULL, 200, NULL, "=", NULL },
  { "7.5/delete-element", "DELETE", LIST "/entry", NULL, NULL, NULL, 200, NULL,
    "=", DOC ("") },
  { "8.4/no-document", "DELETE", HOME "other", NULL, NULL, NULL, 404, TEXT, "",
    OLD },
  { "8.4/no-element", "DELETE", LIST "/entry%5b2%5d", NULL, NULL, NULL, 404,
    TEXT, "", OLD },

  { "8.2.2/document-type", "PUT", INDEX, "Content-Type", EL, OLD, 415, TEXT, RL,
    OLD },
  { "8.2.2/element-type", "PUT", LIST "/entry", "Content-Type", RL, BOB, 415,
    TEXT, EL, OLD },
  { "8.2.2/attribute-type", "PUT", LIST "/entry/@uri", "Content-Type",
    "text/plain", "\"x\"", 415, TEXT, ATT, OLD },
  { "8.2.2/no-type", "PUT", INDEX, NULL, NULL, OLD, 415, TEXT, RL, OLD },

  { "11.1/not-well-formed", "PUT", INDEX, "Content-Type", RL, "<a>", 409, ERROR,
    "<not-well-formed", OLD },
  { "11.1/not-well-formed-empty", "PUT", INDEX, "Content-Type", RL, NULL, 409,
    ERROR, "<not-well-formed", OLD },
  { "11.1/not-xml-frag", "PUT", LIST "/entry", "Content-Type", EL, BOB CAROL,
    409, ERROR, "<not-xml-frag", OLD },
  { "11.1/not-utf-8", "PUT", INDEX, "Content-Type", RL, "<a>\xff</a>", 409,
    ERROR, "<not-utf-8", OLD },
  { "11.1/not-xml-att-value", "PUT", LIST "/@name", "Content-Type", ATT, "a<b",
    409, ERROR, "<not-xml-att-value", OLD },
  { "11.1/no-parent", "PUT", LIST "/list%5b@name=%22x%22%5d/entry",
    "Content-Type", EL, BOB, 409, ERROR,
    "<ancestor>" ROOT INDEX
    "/~~/resource-lists/list%5B@name=%22a%22%5D</ancestor>",
    OLD },
  { "11.1/no-parent-document", "PUT", HOME "new/~~/resource-lists/list",
    "Content-Type", EL, "<list/>", 409, ERROR,
    "<ancestor>" ROOT HOME "</ancestor>", OLD },
  { "11.1/no-parent-folder", "PUT", HOME "folder/index", "Content-Type", RL,
    OLD, 409, ERROR, "<no-parent", OLD },
  { "11.1/cannot-insert", "PUT",
    LIST "/entry%5b@uri=%22sip:x@example.com%22%5d", "Content-Type", EL, CAROL,
    409, ERROR, "<cannot-insert", OLD },
  { "11.1/schema-validation-error", "PUT", INDEX, "Content-Type", RL, "<a/>",
    409, ERROR, "<schema-validation-error", OLD },
  { "11.1/uniqueness-failure", "PUT", INDEX, "Content-Type", RL, DOC (BOB BOB),
    409, ERROR, "<exists field=\"resource-lists/list", OLD },
  { "11.1/constraint-failure", "PUT", INDEX, "Content-Type", RL,
    "<!DOCTYPE a><a/>", 409, ERROR, "<constraint-failure", OLD },

  { "8.2.6/if-match", "PUT", INDEX, "If-Match", "\"x\", \"e1\"", NULL, 415,
    TEXT, "", OLD },
  { "rfc9110-13.1.1/other", "DELETE", INDEX, "If-Match", "\"x\"", NULL, 412,
    TEXT, "", OLD },
  { "rfc9110-13.1.1/mine", "DELETE", INDEX, "If-Match", "\"x\" , \"e1\"", NULL,
    200, NULL, "=", NULL },
  { "rfc9110-13.1.1/unquoted", "DELETE", INDEX, "If-Match", "e1", NULL, 200,
    NULL, "=", NULL },
  { "rfc9110-13.1.1/weak", "DELETE", INDEX, "If-Match", "W/\"e1\"", NULL, 412,
    TEXT, "", OLD },
  { "rfc9110-13.1.1/any", "DELETE", LIST "/entry", "If-Match", "*", NULL, 200,
    NULL, "=", DOC ("") },
  { "rfc9110-13.1.1/read", "GET", INDEX, "If-Match", "\"x\"", NULL, 412, TEXT,
    "", OLD },
  { "rfc9110-13.1.1/malformed", "DELETE", INDEX, "If-Match", "\"e1", NULL, 400,
    TEXT, "", OLD },
  { "rfc9110-13.2.1/nothing-there", "DELETE", HOME "other", "If-Match", "\"x\"",
    NULL, 404, TEXT, "", OLD },
  { "rfc9110-13.1.2/not-modified", "GET", LIST "/entry", "If-None-Match",
    "W/\"e1\"", NULL, 304, NULL, "=", OLD },
  { "rfc9110-13.1.2/modified", "GET", INDEX, "If-None-Match", "\"e0\"", NULL,
    200, RL, "=" OLD, OLD },
  { "rfc9110-13.1.2/any", "GET", INDEX, "If-None-Match", "*", NULL, 304, NULL,
    "=", OLD },
  { "rfc9110-13.1.2/no-element", "GET", LIST "/external", "If-None-Match", "*",
    NULL, 404, TEXT, "", OLD },
  { "rfc9110-13.1.2/write", "DELETE", INDEX, "If-None-Match", "\"e1\"", NULL,
    412, TEXT, "", OLD },

  { "12/caps", "GET", "xcap-caps/global/index", NULL, NULL, NULL, 200,
    "application/xcap-caps+xml", "<auid>resource-lists</auid>", OLD },
  { "12/caps-element", "GET", "xcap-caps/global/index/~~/xcap-caps/auids", NULL,
    NULL, NULL, 200, EL, "<auids>", OLD },
  { "5.7/caps-write", "DELETE", "xcap-caps/global/index", NULL, NULL, NULL, 403,
    TEXT, "", OLD },
  { "5.7/caps-users", "GET", "xcap-caps/users/sip:alice@example.com/index",
    NULL, NULL, NULL, 404, TEXT, "", OLD },
  { "5.7/global-write", "PUT", "resource-lists/global/index", "Content-Type",
    RL, OLD, 403, TEXT, "", OLD },
  { "5.7/global-read", "GET", "resource-lists/global/index", NULL, NULL, NULL,
    404, TEXT, "", OLD },
  { "rfc4826-4.4.9/hidden", "GET", "rls-services/global/index", NULL, NULL,
    NULL, 403, TEXT, "", OLD },
  { "5.7/others", "GET", "resource-lists/users/sip:bob@example.com/index", NULL,
    NULL, NULL, 403, TEXT, "", OLD },
  { "5.7/others-write", "DELETE",
    "resource-lists/users/sip:bob@example.com/index", NULL, NULL, NULL, 403,
    TEXT, "", OLD },

  { "6.2/xui-escaped", "GET",
    "resource-lists/users/sip%3aALICE%40example.com/index", NULL, NULL, NULL,
    200, RL, "=" OLD, OLD },
  { "6.2/xui-bare", "GET", "resource-lists/users/alice@Example.com/index", NULL,
    NULL, NULL, 200, RL, "=" OLD, OLD },
  { "6/separator-escaped", "GET", INDEX "/%7e%7E/resource-lists/list/@name",
    NULL, NULL, NULL, 200, ATT, "=\"a\"", OLD },
};

static void
check_body (const Row *row, const FakeExchange *got)
{
  if (row->has == NULL)
    return;
  if (*row->has == '=')
    g_assert_cmpstr (got->body, ==, row->has + 1);
  else if (strstr (got->body, row->has) == NULL)
    g_error ("no %s in %s", row->has, got->body);
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (World) world = world_new (NULL);
  const WorldDocument *document;
  const FakeExchange *got;
  gboolean is_good;

  world_set (world, KEY, OLD);
  got = world_ask (world, row->method, row->path, row->header, row->value,
                   row->body);
  g_assert_cmpuint (got->status, ==, row->status);
  g_assert_cmpstr (got->type, ==, row->type);
  check_body (row, got);
  document = world_get (world, KEY);
  g_assert_cmpstr (document ? document->body : NULL, ==, row->after);
  is_good = row->status < 400 && strcmp (row->method, "OPTIONS") != 0
            && row->after != NULL;
  g_assert_cmpint (fake_exchange_header (got, "ETag", 0) != NULL, ==, is_good);
  g_assert_cmpint (fake_exchange_header (got, "Allow", 0) != NULL, ==,
                   row->status == 405 || strcmp (row->method, "OPTIONS") == 0);
  g_assert_cmpuint (world->puts + world->removes, ==,
                    g_strcmp0 (row->after, OLD) != 0);
}

static void
assert_etag (const FakeExchange *got, const char *etag)
{
  g_assert_cmpstr (fake_exchange_header (got, "ETag", 0), ==, etag);
}

/* All resources of a document have its etag (8.5). */
static void
test_etag (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  got = world_ask (world, "PUT", INDEX, "Content-Type", RL, OLD);
  g_assert_cmpuint (got->status, ==, 201);
  assert_etag (got, "\"e1\"");
  assert_etag (world_ask (world, "GET", INDEX, NULL, NULL, NULL), "\"e1\"");
  assert_etag (world_ask (world, "GET", LIST "/entry/@uri", NULL, NULL, NULL),
               "\"e1\"");
  got = world_ask (world, "GET", INDEX, "If-None-Match", "\"e1\"", NULL);
  g_assert_cmpuint (got->status, ==, 304);
  assert_etag (got, "\"e1\"");
  assert_etag (world_ask (world, "DELETE", LIST "/entry", NULL, NULL, NULL),
               "\"e2\"");
  got = world_ask (world, "DELETE", INDEX, NULL, NULL, NULL);
  g_assert_cmpuint (got->status, ==, 200);
  assert_etag (got, NULL);
}

/* Section 9. */
static void
test_no_cache (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world_set (world, KEY, OLD);
  got = world_ask (world, "GET", INDEX, NULL, NULL, NULL);
  g_assert_cmpstr (fake_exchange_header (got, "Cache-Control", 0), ==,
                   "no-cache");
}

static FakeExchange *
put_if (World *world, const char *path, const char *type, const char *name,
        const char *value, const char *body)
{
  const char *const headers[] = { "Content-Type", type, name, value, NULL };

  return world_ask_with (world, "alice", "PUT", path, headers, body);
}

static void
test_put_conditions (void)
{
  static const struct {
    const char *path, *type, *body, *name, *value;
    gboolean is_there;
    guint status;
  } rows[] = {
    { INDEX, RL, DOC (CAROL), "If-Match", "\"e1\"", TRUE, 200 },
    { INDEX, RL, DOC (CAROL), "If-Match", "*", TRUE, 200 },
    { INDEX, RL, DOC (CAROL), "If-Match", "\"e2\"", TRUE, 412 },
    { INDEX, RL, DOC (CAROL), "If-Match", "\"e1\"", FALSE, 412 },
    { INDEX, RL, DOC (CAROL), "If-Match", "*", FALSE, 412 },
    { INDEX, RL, DOC (CAROL), "If-None-Match", "*", FALSE, 201 },
    { INDEX, RL, DOC (CAROL), "If-None-Match", "*", TRUE, 412 },
    { INDEX, RL, DOC (CAROL), "If-None-Match", "\"e2\"", TRUE, 200 },
    /* 8.2.6: never right for what is inside a document. */
    { LIST "/external", EL, "<external/>", "If-None-Match", "*", TRUE, 412 },
    { LIST "/external", EL, "<external anchor=\"http://x/y\"/>", "If-Match",
      "\"e1\"", TRUE, 201 },
    { LIST "/external", EL, "<external/>", "If-Match", "\"e1\"", FALSE, 409 },
    /* Conditions before the body (RFC 9110 13.2.1). */
    { INDEX, RL, "<", "If-Match", "\"e2\"", TRUE, 412 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) world = world_new (NULL);
    const FakeExchange *got;

    if (rows[i].is_there)
      world_set (world, KEY, OLD);
    got = put_if (world, rows[i].path, rows[i].type, rows[i].name,
                  rows[i].value, rows[i].body);
    g_test_message ("row %u", i);
    g_assert_cmpuint (got->status, ==, rows[i].status);
  }
}

static void
test_plain (void)
{
  g_autoptr (World) world = world_new (NULL);

  g_assert_cmpuint (
      put_if (world, INDEX, RL, "Content-Encoding", "gzip", OLD)->status, ==,
      415);
  g_assert_cmpuint (
      put_if (world, INDEX, RL, "Content-Range", "bytes 0-9/*", OLD)->status,
      ==, 400);
  g_assert_cmpuint (
      put_if (world, INDEX, RL, "Content-Encoding", "identity", OLD)->status,
      ==, 201);
}

/* Two lines of a list are one (RFC 9110 5.3). */
static void
test_condition_lines (void)
{
  const char *const headers[]
      = { "If-Match", "\"x\"", "If-Match", "\"e1\"", NULL };
  g_autoptr (World) world = world_new (NULL);

  world_set (world, KEY, OLD);
  g_assert_cmpuint (
      world_ask_with (world, "alice", "DELETE", INDEX, headers, NULL)->status,
      ==, 200);
}

static void
test_allow (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  got = world_ask_bare (world, "OPTIONS", INDEX, NULL, NULL);
  g_assert_cmpstr (fake_exchange_header (got, "Allow", 0), ==,
                   "GET, HEAD, PUT, DELETE, OPTIONS");
  got = world_ask_bare (world, "DELETE", LIST "/namespace::*", NULL, NULL);
  g_assert_cmpstr (fake_exchange_header (got, "Allow", 0), ==,
                   "GET, HEAD, OPTIONS");
}

static FakeExchange *
add (World *world, const char *user)
{
  g_autofree char *path
      = g_strconcat (LIST "/entry%5b@uri=%22sip:", user, "%22%5d", NULL);
  g_autofree char *body = g_strdup_printf ("<entry uri=\"sip:%s\"/>", user);

  return world_ask (world, "PUT", path, "Content-Type", EL, body);
}

/* Edits of one document wait for each other, and only the first one fetches;
 * others' documents do not wait. */
static void
test_order (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *first, *second, *third, *other;

  world_set (world, KEY, DOC (""));
  world->is_deferred = TRUE;
  first = add (world, "a");
  second = world_ask (world, "DELETE", LIST "/entry", NULL, NULL, NULL);
  third = add (world, "b");
  other = world_ask (world, "PUT", HOME "other", "Content-Type", RL, OLD);
  g_assert_cmpuint (world->asked.length, ==, 2);
  world_settle (world);
  g_assert_cmpuint (first->status, ==, 201);
  g_assert_cmpuint (second->status, ==, 200);
  g_assert_cmpuint (third->status, ==, 201);
  g_assert_cmpuint (other->status, ==, 201);
  g_assert_cmpuint (world->fetches, ==, 2);
  g_assert_cmpstr (world_get (world, KEY)->body, ==,
                   DOC ("<entry uri=\"sip:b\"/>"));
}

/* Changed from elsewhere between fetch and write: the edit is made again. */
static void
test_changed_retried (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world_set (world, KEY, DOC (""));
  world->is_deferred = TRUE;
  got = add (world, "a");
  world_step (world);
  world_set (world, KEY, OLD);
  world_settle (world);
  g_assert_cmpuint (got->status, ==, 201);
  assert_etag (got, "\"e3\"");
  g_assert_cmpstr (world_get (world, KEY)->body, ==,
                   DOC (BOB "<entry uri=\"sip:a\"/>"));
  g_assert_cmpint (*counters_cell (world->counters, "xcap_retries_total"), ==,
                   1);
}

/* ... and with a condition it is not what the client expects any more. */
static void
test_changed_conditional (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *match, *none;

  world_set (world, KEY, DOC (""));
  world->is_deferred = TRUE;
  match = put_if (world, INDEX, RL, "If-Match", "\"e1\"", DOC (CAROL));
  none = put_if (world, HOME "new", RL, "If-None-Match", "*", DOC (CAROL));
  world_step (world);
  world_step (world);
  world_set (world, KEY, OLD);
  world_set (world, "resource-lists alice@example.com new", OLD);
  world_settle (world);
  g_assert_cmpuint (match->status, ==, 412);
  g_assert_cmpuint (none->status, ==, 412);
  g_assert_cmpstr (world_get (world, KEY)->body, ==, OLD);
}

/* Gone meanwhile. */
static void
test_deleted_meanwhile (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world_set (world, KEY, OLD);
  world->is_deferred = TRUE;
  got = world_ask (world, "DELETE", INDEX, NULL, NULL, NULL);
  world_step (world);
  world_set (world, KEY, NULL);
  world_settle (world);
  g_assert_cmpuint (got->status, ==, 404);
}

/* Always somebody else is quicker: given up, not tried for ever. */
static void
test_changed_always (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world_set (world, KEY, OLD);
  world->is_deferred = TRUE;
  got = add (world, "a");
  for (guint i = 0; got->status == 0 && i < 100; i++) {
    world_step (world);
    world_set (world, KEY, OLD);
  }
  g_assert_cmpuint (got->status, ==, 503);
  g_assert_nonnull (fake_exchange_header (got, "Retry-After", 0));
  g_assert_cmpuint (world->asked.length, ==, 0);
}

static void
assert_busy (const FakeExchange *got)
{
  const char *retry = fake_exchange_header (got, "Retry-After", 0);

  g_assert_cmpuint (got->status, ==, 503);
  g_assert_nonnull (retry);
  g_assert_cmpint (atoi (retry), >, 0);
}

static void
test_away (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world_set (world, KEY, OLD);
  world->is_away = TRUE;
  assert_busy (world_ask (world, "GET", INDEX, NULL, NULL, NULL));
  assert_busy (add (world, "a"));
  world->is_away = FALSE;
  world->is_deferred = TRUE;
  got = add (world, "a"); /* away between fetch and write */
  world_step (world);
  world->is_away = TRUE;
  world_settle (world);
  assert_busy (got);
  g_assert_cmpstr (world_get (world, KEY)->body, ==, OLD);
  world->is_deferred = world->is_away = FALSE;
  g_assert_cmpuint (add (world, "a")->status, ==, 201);
}

static void
test_not_ready (void)
{
  g_autoptr (World) world = world_new (NULL);

  world->is_ready = FALSE;
  assert_busy (world_ask_bare (world, "GET", INDEX, NULL, NULL));
}

/* What xcap_free finds waiting. */
static void
test_freed (void)
{
  World *world = world_new (NULL);
  FakeExchange *got[3];

  world_set (world, KEY, OLD);
  world->is_deferred = TRUE;
  got[0] = add (world, "a");
  got[1] = add (world, "b");
  got[2] = world_ask (world, "GET", INDEX, NULL, NULL, NULL);
  xcap_free (world->xcap);
  world->xcap = NULL;
  for (guint i = 0; i < 3; i++)
    assert_busy (got[i]);
  world_free (world); /* the store speaks, nobody listens */
}

static void
set_cb (gpointer data)
{
  *(gboolean *)data = TRUE;
}

static void
test_quiesce (void)
{
  g_autoptr (World) world = world_new (NULL);
  gboolean is_done = FALSE;
  FakeExchange *got;

  world_set (world, KEY, OLD);
  world->is_deferred = TRUE;
  got = add (world, "a");
  xcap_quiesce (world->xcap, set_cb, &is_done);
  g_assert_false (is_done);
  assert_busy (world_ask_bare (world, "GET", INDEX, NULL, NULL));
  world_settle (world);
  g_assert_true (is_done);
  g_assert_cmpuint (got->status, ==, 201);
  is_done = FALSE;
  xcap_quiesce (world->xcap, set_cb, &is_done);
  g_assert_true (is_done);
}

/* DESIGN section 4: a whole list is shortened, one entry is not. */
static void
test_overflow (void)
{
  const char *const uris[] = { "sip:\"x\\@e\nf", "sip:y@e", NULL };
  const char *const two[] = { "sip:a", "sip:b", NULL };
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world->is_forced = TRUE;
  world->forced = (DocumentsAnswer){ .outcome = DOCUMENTS_DONE, .uris = uris };
  got = world_ask (world, "PUT", INDEX, "Content-Type", RL, OLD);
  g_assert_cmpuint (got->status, ==, 201);
  g_assert_true (world->may_shorten);
  assert_etag (got, "\"e1\"");
  g_assert_cmpstr (fake_exchange_header (got, "Warning", 0), ==,
                   "299 rollcall \"Contacts that do not fit were left out: "
                   "sip:\\\"x\\\\@ef, sip:y@e\"");
  world->is_forced = TRUE;
  world->forced = (DocumentsAnswer){ .outcome = DOCUMENTS_REFUSED,
                                     .text = "sip:a is too much",
                                     .uris = two };
  got = add (world, "a");
  g_assert_false (world->may_shorten);
  g_assert_cmpuint (got->status, ==, 409);
  g_assert_cmpstr (got->type, ==, ERROR);
  g_assert_nonnull (strstr (got->body, "<constraint-failure "
                                       "phrase=\"sip:a is too much; these "
                                       "do not fit either: sip:b\""));
  g_assert_cmpint (*counters_cell (world->counters, "xcap_shortened_total"), ==,
                   1);
}

/* After a list was shortened, what was sent is not what is there. */
static void
test_overflow_fetched_again (void)
{
  const char *const uris[] = { "sip:y@e", NULL };
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world->is_deferred = TRUE;
  world_ask (world, "PUT", INDEX, "Content-Type", RL, OLD);
  got = add (world, "a");
  world_step (world);
  world->is_forced = TRUE;
  world->forced = (DocumentsAnswer){ .outcome = DOCUMENTS_DONE, .uris = uris };
  world_step (world);
  world_set (world, KEY, DOC (""));
  world_settle (world);
  g_assert_cmpuint (got->status, ==, 201);
  g_assert_cmpint (*counters_cell (world->counters, "xcap_retries_total"), ==,
                   0);
  g_assert_cmpstr (world_get (world, KEY)->body, ==,
                   DOC ("<entry uri=\"sip:a\"/>"));
}

static void
test_overflow_strict (void)
{
  g_autoptr (World) world = world_new ("overflow = strict");

  world_ask (world, "PUT", INDEX, "Content-Type", RL, OLD);
  g_assert_cmpuint (world->puts, ==, 1);
  g_assert_false (world->may_shorten);
}

/* More URIs than a header has room for. */
static void
test_overflow_many (void)
{
  g_autoptr (World) world = world_new (NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) uris = NULL;
  const char *warning;
  FakeExchange *got;

  for (guint i = 0; i < 1000; i++) {
    g_autofree char *uri = g_strdup_printf ("sip:user%03u@example.com", i);

    g_strv_builder_add (builder, uri);
  }
  uris = g_strv_builder_end (builder);
  world->is_forced = TRUE;
  world->forced = (DocumentsAnswer){ .outcome = DOCUMENTS_DONE,
                                     .uris = (const char *const *)uris };
  got = world_ask (world, "PUT", INDEX, "Content-Type", RL, OLD);
  warning = fake_exchange_header (got, "Warning", 0);
  g_assert_cmpuint (strlen (warning), <, 4000);
  g_assert_true (g_str_has_suffix (warning, " more\""));
}

#define SERVICES "rls-services/users/sip:alice@example.com/index"
#define SERVICES_DOC                                                           \
  "<rls-services xmlns=\"urn:ietf:params:xml:ns:rls-services\" "               \
  "xmlns:rl=\"urn:ietf:params:xml:ns:resource-lists\">"                        \
  "<service uri=\"sip:one@example.com\"><list>"                                \
  "<rl:entry uri=\"sip:bob@example.com\"/></list></service>"                   \
  "<service uri=\"sip:two@example.com\"><list/></service></rls-services>"

/* RFC 4826 4.4.5. */
static void
test_unique (void)
{
  const char *const taken[] = { "sip:two@example.com", NULL };
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  world->is_forced = TRUE;
  world->forced
      = (DocumentsAnswer){ .outcome = DOCUMENTS_NOT_UNIQUE, .uris = taken };
  got = world_ask (world, "PUT", SERVICES, "Content-Type",
                   "application/rls-services+xml", SERVICES_DOC);
  g_assert_cmpuint (got->status, ==, 409);
  g_assert_cmpstr (world->unique[0], ==, "sip:one@example.com");
  g_assert_cmpstr (world->unique[1], ==, "sip:two@example.com");
  g_assert_nonnull (
      strstr (got->body, "<exists field=\"rls-services/service%5b2%5d/@uri\">"
                         "<alt-value>sip:two-"));
  g_assert_nonnull (strstr (got->body, "@example.com</alt-value>"));
  g_assert_null (strstr (got->body, "service%5b1%5d"));
}

static void
test_bounds (void)
{
  g_autoptr (World) world = world_new ("max_document = 4k\nmax_depth = 8\n");
  g_autoptr (Conf) fresh = world_conf ("max_document = 8k\n");
  g_autofree char *fill = g_strnfill (4000, 'x');
  g_autofree char *entry = g_strdup_printf (
      "<entry uri=\"sip:a\"><display-name>%s</display-name></entry>", fill);
  FakeExchange *got;

  g_assert_cmpuint (fake_http_max_body (world->http), ==, 4096);
  world_set (world, KEY, OLD);
  got = world_ask (world, "PUT", LIST "/entry%5b@uri=%22sip:a%22%5d",
                   "Content-Type", EL, entry);
  g_assert_cmpuint (got->status, ==, 409);
  g_assert_nonnull (strstr (got->body, "<constraint-failure"));
  got = world_ask (
      world, "PUT", INDEX, "Content-Type", RL,
      DOC ("<list><list><list><list><list><list><list/></list></list></list>"
           "</list></list></list>"));
  g_assert_cmpuint (got->status, ==, 409);
  g_assert_nonnull (strstr (got->body, "<constraint-failure"));
  xcap_reload (world->xcap, fresh);
  g_assert_cmpuint (fake_http_max_body (world->http), ==, 8192);
  got = world_ask (world, "PUT", LIST "/entry%5b@uri=%22sip:a%22%5d",
                   "Content-Type", EL, entry);
  g_assert_cmpuint (got->status, ==, 201);
  xcap_reload (world->xcap, world->conf);
}

static void
test_too_long (void)
{
  g_autoptr (World) world = world_new (NULL);
  g_autofree char *fill = g_strnfill (9000, 'x');
  g_autofree char *path = g_strconcat (HOME, fill, NULL);

  g_assert_cmpuint (world_ask_bare (world, "GET", path, NULL, NULL)->status, ==,
                    414);
}

static void
test_broken (void)
{
  g_autoptr (World) world = world_new (NULL);

  world_set (world, KEY, "<broken>");
  g_test_expect_message ("xcap", G_LOG_LEVEL_WARNING,
                         "GET of resource-lists/sip:alice@example.com/index*");
  g_assert_cmpuint (world_ask (world, "GET", LIST, NULL, NULL, NULL)->status,
                    ==, 500);
  g_test_expect_message ("xcap", G_LOG_LEVEL_WARNING, "PUT of *");
  g_assert_cmpuint (add (world, "a")->status, ==, 500);
  g_test_assert_expected_messages ();
  g_assert_cmpuint (
      world_ask (world, "PUT", INDEX, "Content-Type", RL, OLD)->status, ==,
      200);
}

static void
test_counters (void)
{
  g_autoptr (World) world = world_new (NULL);

  world_set (world, KEY, OLD);
  add (world, "a");
  world_ask (world, "PUT", INDEX, "Content-Type", RL, "<");
  g_assert_cmpint (
      *counters_cell (world->counters,
                      "xcap_requests_total{method=\"PUT\",status=\"201\"}"),
      ==, 1);
  g_assert_cmpint (
      *counters_cell (world->counters,
                      "xcap_conflicts_total{error=\"not-well-formed\"}"),
      ==, 1);
}

static void
test_root_uri (void)
{
  static const struct {
    const char *options, *root;
  } rows[] = {
    { "", ROOT },
    { "root = https://xcap.example.com", "https://xcap.example.com/" },
    { "root = https://xcap.example.com/a/\n", "https://xcap.example.com/a/" },
    { "[http]\nlisten = 0.0.0.0:80;192.0.2.1:81",
      "http://example.com:80/xcap-root/" },
    { "[http]\nlisten = [::]:80", "http://example.com:80/xcap-root/" },
    { "[http]\nlisten = [2001:db8::1]:80",
      "http://[2001:db8::1]:80/xcap-root/" },
    { "[http]\nlisten =", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gboolean is_http = g_str_has_prefix (rows[i].options, "[http]");
    g_autofree char *text = g_strconcat (
        "[server]\ndomains = example.com\n",
        is_http ? "" : "[http]\nlisten = 192.0.2.9:8080\n[xcap]\n",
        rows[i].options, NULL);
    g_autoptr (Conf) conf = conf_parse (text, strlen (text), "test", NULL);
    g_autofree char *root = xcap_root_uri (conf);

    g_assert_cmpstr (root, ==, rows[i].root);
  }
}

/* The flows of section 13, and a phone's: capabilities first. */
static void
test_example (void)
{
  g_autoptr (World) world = world_new (NULL);
  FakeExchange *got;

  got = world_ask (world, "GET", "xcap-caps/global/index", NULL, NULL, NULL);
  g_assert_cmpuint (got->status, ==, 200);
  got = world_ask (world, "PUT", INDEX, "Content-Type", RL,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<resource-lists xmlns=\"urn:ietf:params:xml:ns:"
                   "resource-lists\">\n  <list name=\"friends\">\n  </list>\n"
                   "</resource-lists>");
  g_assert_cmpuint (got->status, ==, 201);
  got = world_ask (world, "PUT",
                   INDEX "/~~/resource-lists/list%5b@name=%22friends%22%5d/"
                         "entry",
                   "Content-Type", EL,
                   "<entry uri=\"sip:bob@example.com\">\n"
                   "    <display-name>Bob Jones</display-name>\n  </entry>");
  g_assert_cmpuint (got->status, ==, 201);
  got = world_ask (world, "PUT",
                   INDEX "/~~/resource-lists/list%5b@name=%22friends%22%5d/"
                         "list%5b@name=%22close-friends%22%5d",
                   "Content-Type", EL,
                   "<list name=\"close-friends\">"
                   "<entry uri=\"sip:joe@example.com\"/>"
                   "<entry uri=\"sip:nancy@example.com\"/>"
                   "<entry uri=\"sip:petri@example.com\"/></list>");
  g_assert_cmpuint (got->status, ==, 201);
  got = world_ask (world, "DELETE",
                   INDEX "/~~/resource-lists/list/list/"
                         "entry%5b@uri=%22sip:petri@example.com%22%5d",
                   NULL, NULL, NULL);
  g_assert_cmpuint (got->status, ==, 200);
  got = world_ask (world, "GET",
                   INDEX "/~~/resource-lists/list/list/entry%5b2%5d/@uri", NULL,
                   NULL, NULL);
  g_assert_cmpstr (got->body, ==, "\"sip:nancy@example.com\"");
}

static void
test_condition_table (void)
{
  g_autoptr (World) world = world_new ("[auth]\nalgorithms = md5;sha256");

  world->has_sha256 = TRUE;
  world_set (world, "pres-rules alice@example.com index",
             "<ruleset xmlns=\"urn:ietf:params:xml:ns:common-policy\"/>");
  g_assert_cmpstr (world_ask (world, "GET",
                              "pres-rules/users/sip:alice@example.com/index",
                              NULL, NULL, NULL)
                       ->type,
                   ==, RULES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (ROWS); i++) {
    gboolean is_other = g_str_has_prefix (ROWS[i].name, "rfc");
    g_autofree char *path = g_strconcat ("/xcap/", is_other ? "" : "rfc4825-",
                                         ROWS[i].name, NULL);

    g_test_add_data_func (path, &ROWS[i], test_row);
  }
#define ADD(NAME, TEST) g_test_add_func ("/xcap/" NAME, TEST)
  ADD ("rfc4825-8.5/etag", test_etag);
  ADD ("rfc4825-9/no-cache", test_no_cache);
  ADD ("rfc4825-8.2.6/conditions", test_put_conditions);
  ADD ("rfc9110-8.4/plain", test_plain);
  ADD ("rfc9110-5.3/condition-lines", test_condition_lines);
  ADD ("rfc9110-10.2.1/allow", test_allow);
  ADD ("order/one-after-the-other", test_order);
  ADD ("order/changed-retried", test_changed_retried);
  ADD ("order/changed-conditional", test_changed_conditional);
  ADD ("order/deleted-meanwhile", test_deleted_meanwhile);
  ADD ("order/changed-always", test_changed_always);
  ADD ("store/away", test_away);
  ADD ("store/not-ready", test_not_ready);
  ADD ("store/broken", test_broken);
  ADD ("end/freed", test_freed);
  ADD ("end/quiesce", test_quiesce);
  ADD ("overflow/shortened", test_overflow);
  ADD ("overflow/fetched-again", test_overflow_fetched_again);
  ADD ("overflow/strict", test_overflow_strict);
  ADD ("overflow/many", test_overflow_many);
  ADD ("rfc4826-4.4.5/unique", test_unique);
  ADD ("bounds/document", test_bounds);
  ADD ("bounds/path", test_too_long);
  ADD ("counters", test_counters);
  ADD ("root-uri", test_root_uri);
  ADD ("rfc4825-13/examples", test_example);
  ADD ("rfc5025-9.4/type", test_condition_table);
  return g_test_run ();
}

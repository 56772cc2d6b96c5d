/* SPDX-License-Identifier: ISC
 *
 * How many element PUTs a second reach PostgreSQL through port/documents.h: 50
 * users edit lists of 200 entries at the same time, each fetching the document,
 * editing it (codec/xcap-edit) and storing it before the next.
 *
 *   tests/lib/with-postgres --schema bench/xcap-put [add|rename] [SECONDS] */
#include <string.h>
#include <sys/resource.h>

#include "codec/xcap-edit.h"
#include "store/store.h"
#include "tests/lib/testloop.h"

#define USERS 50
#define ENTRIES 200
#define RL "urn:ietf:params:xml:ns:resource-lists"

typedef struct {
  char *aor, *etag;
  guint n;
} User;

static TestLoop *loop;
static DocumentsPort *documents;
static User users[USERS];
static guint n_put, n_failed, n_ready;
static gboolean is_loaded, is_renaming, is_over;

static GBytes *
make_document (void)
{
  GString *out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<resource-lists xmlns=\"" RL "\">\n"
                               " <list name=\"contacts\">\n");

  for (guint i = 0; i < ENTRIES; i++)
    g_string_append_printf (out,
                            "  <entry uri=\"sip:user%u@example.org\">\n"
                            "   <display-name>User %u</display-name>\n"
                            "  </entry>\n",
                            i, i);
  g_string_append (out, " </list>\n</resource-lists>\n");
  return g_string_free_to_bytes (out);
}

/* One entry gets another name, or one is added and, the next time, removed. */
static GBytes *
edit (GBytes *document, guint n)
{
  guint which = is_renaming ? n % ENTRIES : ENTRIES + n / 2 % 50;
  g_autofree char *text = g_strdup_printf (
      "resource-lists/users/sip:alice@example.com/index/~~/resource-lists/"
      "list%%5b@name=%%22contacts%%22%%5d/"
      "entry%%5b@uri=%%22sip:user%u@example.org%%22%%5d",
      which);
  g_autofree char *entry = g_strdup_printf (
      "<entry uri=\"sip:user%u@example.org\"><display-name>%u</display-name>"
      "</entry>",
      which, n);
  g_autoptr (XcapPath) path = NULL;
  g_autoptr (GBytes) body = g_bytes_new (entry, strlen (entry));
  g_autoptr (XcapError) error = NULL;
  GBytes *out;
  XcapOutcome outcome;
  XcapEdit request = { .usage = xcap_usage_find ("resource-lists"),
                       .document = document,
                       .body = body,
                       .bounds = { 1048576, 32 } };

  if (xcap_path_parse (text, strlen (text), &path) != XCAP_PATH_OK)
    g_error ("%s", text);
  request.path = path;
  outcome = is_renaming || n % 2 == 0 ? xcap_put (&request, &out, &error)
                                      : xcap_delete (&request, &out, &error);
  if (outcome != XCAP_DONE && outcome != XCAP_CREATED)
    g_error ("%s", entry);
  return out;
}

static void fetched_cb (const DocumentsAnswer *answer, gpointer data);

static void
next (User *user)
{
  DocumentsKey key = { "resource-lists", user->aor, "index" };

  if (!is_over)
    documents->fetch (documents->self, &key, fetched_cb, user);
  else
    n_ready++;
}

static void
put_cb (const DocumentsAnswer *answer, gpointer data)
{
  n_put++;
  n_failed += answer->outcome != DOCUMENTS_DONE;
  next (data);
}

static void
put (User *user, const char *etag, GBytes *body)
{
  documents->put (
      documents->self,
      &(DocumentsPut){ .key = { "resource-lists", user->aor, "index" },
                       .old_etag = etag,
                       .body = body },
      put_cb, user);
}

static void
fetched_cb (const DocumentsAnswer *answer, gpointer data)
{
  User *user = data;
  g_autoptr (GBytes) body = answer->body != NULL
                                ? edit (answer->body, user->n++)
                                : make_document ();

  put (user, answer->etag, body);
}

static void
user_cb (StoreUser *user, gpointer data)
{
  guint i = n_ready++;

  if (i < USERS)
    users[i].aor = g_strdup (user->aor);
  store_user_free (user);
}

static void
loaded_cb (gpointer data)
{
  is_loaded = TRUE;
}

static void
row_cb (void)
{
}

static gboolean
is_past (gpointer data)
{
  return g_get_monotonic_time () > *(gint64 *)data;
}

static gboolean
has_ended (gpointer data)
{
  return n_ready == USERS;
}

static double
cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
measure (double seconds)
{
  gint64 start = g_get_monotonic_time (), end = start + seconds * 1e6;
  double before = cpu (), taken;
  guint first = n_put;

  test_loop_run_until (loop, is_past, &end, 600000);
  taken = (g_get_monotonic_time () - start) / 1e6;
  g_print ("xcap-put: %s one of %u entries, %u in flight: %.0f PUTs/s, %.0f us"
           " of CPU each (+ PostgreSQL), %u failed\n",
           is_renaming ? "rename" : "add or remove", ENTRIES, USERS,
           (n_put - first) / taken,
           (cpu () - before) * 1e6 / MAX (n_put - first, 1), n_failed);
}

int
main (int argc, char **argv)
{
  static const StoreEvents events;
  StoreLoadFns fns = { .user = user_cb,
                       .binding = (gpointer)row_cb,
                       .publication = (gpointer)row_cb,
                       .subscription = (gpointer)row_cb,
                       .loaded = loaded_cb };
  Counters *counters = counters_new ();
  gint64 end = g_get_monotonic_time () + 2 * G_USEC_PER_SEC;
  StorePg *store;

  is_renaming = argc > 1 && strcmp (argv[1], "rename") == 0;
  loop = test_loop_new ();
  store = store_pg_new (
      &(StorePgConfig){ g_getenv ("ROLLCALL_TEST_DSN"), 4, 5000 },
      test_loop_port (loop), test_clock (), counters);
  documents = store_pg_documents (store);
  store_pg_port (store)->set_events (store, &events, NULL);
  store_pg_port (store)->load (store, &fns, NULL);
  if (!test_loop_run_until_set (loop, &is_loaded, 20000) || n_ready < USERS)
    g_error ("PostgreSQL with %u users is needed", USERS);
  for (guint i = 0; i < USERS; i++)
    next (&users[i]);
  test_loop_run_until (loop, is_past, &end, 600000);
  measure (argc > 2 ? g_ascii_strtod (argv[2], NULL) : 5);
  n_ready = 0;
  is_over = TRUE;
  test_loop_run_until (loop, has_ended, NULL, 20000);
  store_pg_free (store);
  test_loop_free (loop);
  counters_free (counters);
  for (guint i = 0; i < USERS; i++)
    g_free (users[i].aor);
  return n_failed > 0;
}

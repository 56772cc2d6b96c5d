/* SPDX-License-Identifier: ISC
 *
 * port/documents.h: one suite for both stores. */
#include "tests/contract/documents.h"

#include "codec/xcap-settings.h"

#include <string.h>

#define PATIENCE 20000
#define SETTINGS(text)                                                         \
  "<settings xmlns=\"" XCAP_SETTINGS_NS "\">" text "</settings>"

static Answer the_answer;
static GString *the_list;

/* --- Calls --- */

void
answer_clear (Answer *self)
{
  g_free (self->etag);
  g_free (self->body);
  g_free (self->text);
  g_free (self->uris);
  memset (self, 0, sizeof *self);
}

static void
answer_cb (const DocumentsAnswer *given, gpointer data)
{
  Answer *out = data;

  g_assert_false (out->is_here);
  out->is_here = TRUE;
  out->outcome = given->outcome;
  out->etag = g_strdup (given->etag);
  out->text = g_strdup (given->text);
  if (given->body != NULL)
    out->body = g_strndup (g_bytes_get_data (given->body, NULL),
                           g_bytes_get_size (given->body));
  if (given->uris != NULL)
    out->uris = g_strjoinv (" ", (GStrv)given->uris);
}

static const Answer *
wait_answer (Rig *rig)
{
  g_assert_true (
      test_loop_run_until_set (rig->loop, &the_answer.is_here, PATIENCE));
  return &the_answer;
}

const Answer *
doc_fetch (Rig *rig, const char *auid, const char *owner, const char *name)
{
  DocumentsKey key = { auid, owner, name };

  answer_clear (&the_answer);
  rig->documents->fetch (rig->documents->self, &key, answer_cb, &the_answer);
  return wait_answer (rig);
}

void
doc_start_put (Rig *rig, const Put *put, Answer *out)
{
  const char *unique[] = { put->unique, NULL };
  g_autoptr (GBytes) body = g_bytes_new (put->body, strlen (put->body));
  DocumentsPut given = { .key = { put->auid, put->owner, put->name },
                         .old_etag = put->old_etag,
                         .body = body,
                         .may_shorten = put->may_shorten,
                         .unique = unique };

  rig->documents->put (rig->documents->self, &given, answer_cb, out);
}

const Answer *
doc_put (Rig *rig, const Put *put)
{
  g_autofree char *old_etag = g_strdup (put->old_etag);
  Put own = *put;

  own.old_etag = old_etag; /* it may be of the answer before */
  answer_clear (&the_answer);
  doc_start_put (rig, &own, &the_answer);
  return wait_answer (rig);
}

const Answer *
doc_remove (Rig *rig, const char *auid, const char *owner, const char *name,
            const char *old_etag)
{
  DocumentsKey key = { auid, owner, name };
  g_autofree char *etag = g_strdup (old_etag);

  answer_clear (&the_answer);
  rig->documents->remove (rig->documents->self, &key, etag, answer_cb,
                          &the_answer);
  return wait_answer (rig);
}

static void
list_cb (DocumentsOutcome outcome, const DocumentsEntry *entries, gsize n,
         gpointer data)
{
  Answer *out = data;

  out->outcome = outcome;
  out->is_here = TRUE;
  for (gsize i = 0; i < n; i++) {
    g_assert_nonnull (entries[i].etag);
    g_string_append_printf (the_list, "%s/%s\n", entries[i].key.auid,
                            entries[i].key.name);
  }
}

const char *
doc_list (Rig *rig, const char *auid, const char *owner)
{
  answer_clear (&the_answer);
  if (the_list == NULL)
    the_list = g_string_new (NULL);
  g_string_truncate (the_list, 0);
  rig->documents->list (rig->documents->self, auid, owner, list_cb,
                        &the_answer);
  assert_outcome (wait_answer (rig), DOCUMENTS_DONE);
  return the_list->str;
}

void
assert_outcome (const Answer *answer, DocumentsOutcome outcome)
{
  static const char *const names[]
      = { "DONE", "NONE", "CHANGED", "REFUSED", "NOT_UNIQUE", "AWAY" };

  if (answer->outcome != outcome)
    g_error ("%s (%s) instead of %s", names[answer->outcome],
             answer->text != NULL ? answer->text : "", names[outcome]);
  g_assert_cmpint (answer->text != NULL, ==, outcome == DOCUMENTS_REFUSED);
}

/* --- Lists --- */

const Answer *
lists_fetch (Rig *rig)
{
  return doc_fetch (rig, "resource-lists", ALICE, "index");
}

char *
lists_body (const char *entries)
{
  g_auto (GStrv) names = g_strsplit (entries, " ", -1);
  GString *out = g_string_new ("<resource-lists xmlns=\"" RL
                               "\"><!-- x --><list name=\"friends\">");

  for (guint i = 0; names[i] != NULL; i++)
    if (strchr (names[i], ':') != NULL)
      g_string_append_printf (out, "<entry uri=\"%s\"/>", names[i]);
    else if (*names[i] != '\0')
      g_string_append_printf (out, "<entry uri=\"sip:%s@example.com\"/>",
                              names[i]);
  g_string_append (out, "</list></resource-lists>");
  return g_string_free (out, FALSE);
}

const Answer *
lists_put (Rig *rig, const char *old_etag, const char *entries,
           gboolean may_shorten)
{
  g_autofree char *body = lists_body (entries);

  return doc_put (rig, &(Put){ .auid = "resource-lists",
                               .owner = ALICE,
                               .name = "index",
                               .old_etag = old_etag,
                               .body = body,
                               .may_shorten = may_shorten });
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  return strcmp (*(char *const *)a, *(char *const *)b);
}

void
assert_contacts (Rig *rig, const char *expected)
{
  const StorePolicy *policy = rig_policy (rig, ALICE);
  g_autoptr (GString) out = g_string_new (NULL);

  g_ptr_array_sort (policy->contacts, compare_cb);
  for (guint i = 0; i < policy->contacts->len; i++) {
    const char *uri = policy->contacts->pdata[i];

    if (g_str_has_suffix (uri, "@example.com"))
      g_string_append_printf (out, " %.*s", (int)strlen (uri) - 16, uri + 4);
    else
      g_string_append_printf (out, " %s", uri);
  }
  g_assert_cmpstr (out->str + (out->len > 0), ==, expected);
}

static gboolean
has_changed (gpointer data)
{
  gpointer *pair = data;

  return strstr (((Rig *)pair[0])->changed->str, pair[1]) != NULL;
}

/* Waits until a change of these documents is told. */
static void
wait_changed (Rig *rig, const char *line)
{
  gpointer pair[] = { rig, (gpointer)line };

  rig_wait (rig, has_changed, pair);
  g_string_truncate (rig->changed, 0);
}

static Rig *
started (gconstpointer kind)
{
  static const char *const users[]
      = { "alice", "bob", "carol", "dora", "eve", NULL };
  Rig *rig = rig_new (kind);

  for (guint i = 0; users[i] != NULL; i++)
    rig_add_user (rig, users[i]);
  rig_start (rig);
  return rig;
}

static void
set_limit (Rig *rig, gint32 most)
{
  PolicySettings settings = policy_settings_default;

  settings.max_contacts = most;
  rig->kind->put_settings (rig, &settings);
}

/* As an administrator: these are alice's contacts besides. */
static void
add_contact (Rig *rig, const char *uri)
{
  const StorePolicy *now = rig_policy (rig, ALICE);
  StorePolicy *policy = store_policy_new (ALICE);
  gboolean is_mem = strcmp (rig->kind->name, "mem") == 0;

  for (guint i = 0; is_mem && i < now->contacts->len; i++)
    g_ptr_array_add (policy->contacts, g_strdup (now->contacts->pdata[i]));
  g_ptr_array_add (policy->contacts, g_strdup (uri));
  rig->kind->put_policy (rig, policy);
}

/* --- Any document --- */

/* RFC 4825 7.11: one writer wins, the other learns of it. */
static void
test_plain (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put = {
    .auid = "pres-rules", .owner = ALICE, .name = "index", .body = "<a/>"
  };
  g_autofree char *first = NULL, *second = NULL;
  const Answer *got;

  assert_outcome (doc_fetch (rig, put.auid, ALICE, "index"), DOCUMENTS_NONE);
  put.old_etag = "x";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_CHANGED);
  put.old_etag = NULL;
  got = doc_put (rig, &put);
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_null (got->uris);
  first = g_strdup (got->etag);
  wait_changed (rig, "pres-rules " ALICE " index\n");
  g_assert_true (rig_has_event (rig, "policy " ALICE));
  got = doc_fetch (rig, put.auid, "Alice@example.com", "index");
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_cmpstr (got->etag, ==, first);
  g_assert_cmpstr (got->body, ==, "<a/>");
  assert_outcome (doc_put (rig, &put), DOCUMENTS_CHANGED);
  put.old_etag = first;
  put.body = "<b/>";
  got = doc_put (rig, &put);
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_cmpstr (got->etag, !=, first);
  second = g_strdup (got->etag);
  assert_outcome (doc_put (rig, &put), DOCUMENTS_CHANGED);
  g_assert_cmpuint (rig_policy (rig, ALICE)->rules->len, ==, 1);
  assert_outcome (doc_remove (rig, put.auid, ALICE, "index", first),
                  DOCUMENTS_CHANGED);
  rig_restart (rig);
  g_assert_cmpstr (doc_fetch (rig, put.auid, ALICE, "index")->body, ==, "<b/>");
  assert_outcome (doc_fetch (rig, put.auid, "bob@example.com", "index"),
                  DOCUMENTS_NONE);
  assert_outcome (doc_remove (rig, put.auid, ALICE, "index", second),
                  DOCUMENTS_DONE);
  g_assert_null (the_answer.etag);
  assert_outcome (doc_remove (rig, put.auid, ALICE, "index", second),
                  DOCUMENTS_NONE);
  assert_outcome (doc_fetch (rig, put.auid, ALICE, "index"), DOCUMENTS_NONE);
}

static void
test_list (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put
      = { .auid = "rls-services", .owner = ALICE, .name = "b", .body = "<a/>" };

  g_assert_cmpstr (doc_list (rig, NULL, ALICE), ==,
                   XCAP_SETTINGS_AUID "/index\n");
  g_assert_cmpstr (doc_list (rig, NULL, NULL), ==,
                   XCAP_SETTINGS_AUID "/policy\n");
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
  put.name = "B";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
  put.auid = "resource-lists";
  put.name = "other";
  put.body = "<resource-lists xmlns='" RL "'><list><entry uri='sip:x@y.z'/>"
             "</list></resource-lists>";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
  g_assert_cmpstr (doc_list (rig, NULL, ALICE), ==,
                   XCAP_SETTINGS_AUID "/index\nresource-lists/other\n"
                                      "rls-services/B\nrls-services/b\n");
  /* "index" alone has to do with contacts. */
  assert_contacts (rig, "");
  assert_outcome (lists_put (rig, NULL, "bob", FALSE), DOCUMENTS_DONE);
  g_assert_cmpstr (doc_list (rig, "resource-lists", ALICE), ==,
                   "resource-lists/index\nresource-lists/other\n");
  g_assert_cmpstr (doc_list (rig, NULL, "nobody@example.com"), ==, "");
}

static void
test_stranger (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put = { .auid = "pres-rules",
              .owner = "x@example.com",
              .name = "index",
              .body = "<a/>" };

  assert_outcome (doc_put (rig, &put), DOCUMENTS_REFUSED);
  put.auid = "resource-lists";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_REFUSED);
  assert_outcome (doc_fetch (rig, put.auid, put.owner, "index"),
                  DOCUMENTS_NONE);
  assert_outcome (doc_remove (rig, put.auid, put.owner, "index", "e"),
                  DOCUMENTS_NONE);
}

/* A user's documents go with him. */
static void
test_removed_user (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put
      = { .auid = "rls-services",
          .owner = ALICE,
          .name = "index",
          .body = "<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'"
                  "><service uri='sip:l@example.com'/></rls-services>",
          .unique = "sip:l@example.com" };

  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
  assert_outcome (lists_put (rig, NULL, "bob", FALSE), DOCUMENTS_DONE);
  g_string_truncate (rig->changed, 0);
  rig->kind->drop_user (rig, ALICE);
  wait_changed (rig, "* " ALICE " *\n");
  rig_add_user (rig, "alice");
  assert_outcome (doc_fetch (rig, put.auid, ALICE, "index"), DOCUMENTS_NONE);
  put.owner = "bob@example.com";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
}

/* RFC 4826 4.4.5 */
static void
test_unique (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put
      = { .auid = "rls-services",
          .owner = ALICE,
          .name = "index",
          .body = "<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'"
                  "><service uri='sip:l@example.com'/></rls-services>",
          .unique = "sip:l@example.com" };
  const Answer *got = doc_put (rig, &put);

  assert_outcome (got, DOCUMENTS_DONE);
  put.old_etag = got->etag;
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE); /* its own */
  put.owner = "bob@example.com";
  put.old_etag = NULL;
  put.unique = "SIP:L@EXAMPLE.com";
  got = doc_put (rig, &put);
  assert_outcome (got, DOCUMENTS_NOT_UNIQUE);
  g_assert_cmpstr (got->uris, ==, "SIP:L@EXAMPLE.com");
  assert_outcome (doc_fetch (rig, put.auid, put.owner, "index"),
                  DOCUMENTS_NONE);
  put.unique = "sip:carol@example.com"; /* a user */
  assert_outcome (doc_put (rig, &put), DOCUMENTS_NOT_UNIQUE);
  put.unique = "sip:bob@example.com;pres-list=x";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
}

static void
service_cb (DocumentsOutcome outcome, const DocumentsEntry *entries, gsize n,
            gpointer data)
{
  Answer *out = data;

  out->outcome = outcome;
  out->is_here = TRUE;
  g_string_truncate (the_list, 0);
  for (gsize i = 0; i < n; i++) {
    g_assert_cmpstr (entries[i].key.auid, ==, "rls-services");
    g_string_append_printf (the_list, "%s %s", entries[i].key.owner,
                            entries[i].key.name);
  }
}

static const char *
find_service (Rig *rig, const char *uri)
{
  answer_clear (&the_answer);
  if (the_list == NULL)
    the_list = g_string_new (NULL);
  rig->documents->find_service (rig->documents->self, uri, service_cb,
                                &the_answer);
  assert_outcome (wait_answer (rig), DOCUMENTS_DONE);
  return the_list->str;
}

/* RFC 4826 4: who subscribes to an address of a service finds its document. */
static void
test_find_service (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put = { .auid = "rls-services",
              .owner = ALICE,
              .name = "index",
              .body = "<rls-services"
                      " xmlns='urn:ietf:params:xml:ns:rls-services'>"
                      "<service uri='sip:Friends@example.com'>"
                      "<list/></service></rls-services>",
              .unique = "sip:Friends@example.com" };

  g_assert_cmpstr (find_service (rig, "sip:friends@example.com"), ==, "");
  assert_outcome (doc_put (rig, &put), DOCUMENTS_DONE);
  g_assert_cmpstr (find_service (rig, "SIP:friends@EXAMPLE.com"), ==,
                   ALICE " index");
  g_assert_cmpstr (find_service (rig, "sip:foes@example.com"), ==, "");
}

/* --- What users set --- */

static void
test_settings (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  Put put = { .auid = XCAP_SETTINGS_AUID,
              .owner = ALICE,
              .name = "index",
              .body = SETTINGS ("<share-availability>false"
                                "</share-availability>") };
  const Answer *got = doc_fetch (rig, put.auid, ALICE, "index");
  g_autofree char *first = NULL;

  assert_outcome (got, DOCUMENTS_DONE); /* it is always there */
  first = g_strdup (got->etag);
  assert_outcome (doc_put (rig, &put), DOCUMENTS_CHANGED);
  put.old_etag = first;
  got = doc_put (rig, &put);
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_cmpstr (got->etag, !=, first);
  /* In force when it is answered. */
  g_assert_true (rig_has_event (rig, "+" ALICE " New"));
  wait_changed (rig, XCAP_SETTINGS_AUID " " ALICE " index\n");
  put.old_etag = the_answer.etag;
  got = doc_fetch (rig, put.auid, ALICE, "index");
  g_assert_cmpstr (got->etag, !=, first);
  g_assert_nonnull (strstr (got->body, "<share-availability>false<"));
  g_assert_null (strstr (got->body, "allow-without-approval"));
  rig_restart (rig);
  for (guint i = 0; i < rig->users->len; i++) {
    const StoreUser *user = rig->users->pdata[i];

    g_assert_cmpint (user->share_availability, ==,
                     strcmp (user->aor, ALICE) == 0 ? POLICY_NO
                                                    : POLICY_AS_SETTINGS);
  }
  assert_outcome (doc_remove (rig, put.auid, ALICE, "index", first),
                  DOCUMENTS_CHANGED);
  got = doc_fetch (rig, put.auid, ALICE, "index");
  assert_outcome (doc_remove (rig, put.auid, ALICE, "index", got->etag),
                  DOCUMENTS_DONE);
  got = doc_fetch (rig, put.auid, ALICE, "index");
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_null (strstr (got->body, "share-availability"));
}

static void
test_policy_document (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  PolicySettings settings = policy_settings_default;
  Put put = { .auid = XCAP_SETTINGS_AUID,
              .name = XCAP_POLICY_NAME,
              .body = SETTINGS ("") };
  const Answer *got = doc_fetch (rig, put.auid, NULL, put.name);
  g_autofree char *first = NULL;

  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_nonnull (strstr (got->body, "<allow-history>true<"));
  first = g_strdup (got->etag);
  put.old_etag = first;
  assert_outcome (doc_put (rig, &put), DOCUMENTS_REFUSED);
  settings.max_contacts = 7; /* of others nothing is said */
  rig->kind->put_settings (rig, &settings);
  wait_changed (rig, XCAP_SETTINGS_AUID " * policy\n");
  g_assert_cmpstr (doc_fetch (rig, put.auid, NULL, put.name)->etag, ==, first);
  settings.allow_history = FALSE;
  rig->kind->put_settings (rig, &settings);
  wait_changed (rig, XCAP_SETTINGS_AUID " * policy\n");
  got = doc_fetch (rig, put.auid, NULL, put.name);
  g_assert_cmpstr (got->etag, !=, first);
  g_assert_nonnull (strstr (got->body, "<allow-history>false<"));
  assert_outcome (doc_fetch (rig, put.auid, NULL, "x"), DOCUMENTS_NONE);
  put.owner = ALICE;
  put.name = "x";
  assert_outcome (doc_put (rig, &put), DOCUMENTS_REFUSED);
}

/* --- Contacts --- */

static void
test_contacts (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *body = lists_body ("bob carol");
  g_autofree char *etag = NULL;
  const Answer *got;
  const StorePolicy *policy;

  assert_outcome (lists_fetch (rig), DOCUMENTS_NONE);
  assert_outcome (lists_put (rig, "x", "bob", FALSE), DOCUMENTS_CHANGED);
  assert_contacts (rig, "");
  got = lists_put (rig, NULL, "bob carol", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  etag = g_strdup (got->etag);
  g_assert_true (rig_has_event (rig, "policy " ALICE));
  wait_changed (rig, "resource-lists " ALICE " index\n");
  got = lists_fetch (rig);
  g_assert_cmpstr (got->etag, ==, etag);
  g_assert_cmpstr (got->body, ==, body);
  policy = rig_policy (rig, ALICE);
  g_assert_nonnull (policy->lists);
  g_assert_cmpuint (g_bytes_get_size (policy->lists), ==, strlen (body));
  assert_contacts (rig, "bob carol");
  /* One more from psql: there, and not to be overwritten unseen. */
  add_contact (rig, "sip:dora@example.com");
  wait_changed (rig, "resource-lists " ALICE " index\n");
  assert_outcome (lists_put (rig, etag, "bob", FALSE), DOCUMENTS_CHANGED);
  got = lists_fetch (rig);
  g_assert_cmpstr (got->etag, !=, etag);
  g_assert_nonnull (strstr (got->body, "<!-- x -->"));
  g_assert_nonnull (strstr (got->body, "dora@example.com"));
  got = lists_put (rig, got->etag, "dora", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  assert_contacts (rig, "dora");
  got = lists_put (rig, got->etag, "eve dora SIP:Carol@example.com", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  got = lists_put (rig, got->etag, "eve dora carol", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  assert_contacts (rig, "carol dora eve");
  rig_restart (rig);
  got = lists_fetch (rig);
  assert_outcome (doc_remove (rig, "resource-lists", ALICE, "index", "x"),
                  DOCUMENTS_CHANGED);
  got = lists_fetch (rig);
  assert_outcome (doc_remove (rig, "resource-lists", ALICE, "index", got->etag),
                  DOCUMENTS_DONE);
  assert_contacts (rig, "");
  assert_outcome (lists_fetch (rig), DOCUMENTS_NONE);
}

/* Without a document of a client's. */
static void
test_generated (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *etag = NULL;
  const Answer *got;

  add_contact (rig, "sip:bob@example.com");
  got = lists_fetch (rig);
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_nonnull (strstr (got->body, "<list name=\"contacts\">"));
  etag = g_strdup (got->etag);
  g_assert_cmpstr (doc_list (rig, "resource-lists", ALICE), ==,
                   "resource-lists/index\n");
  assert_outcome (lists_put (rig, NULL, "carol", FALSE), DOCUMENTS_CHANGED);
  assert_outcome (lists_put (rig, etag, "carol", FALSE), DOCUMENTS_DONE);
  assert_contacts (rig, "carol");
}

/* DESIGN section 4: 195 and 6 more at 200, in small. */
static void
test_limit (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *etag = NULL, *sent = NULL;
  const Answer *got;

  set_limit (rig, 2);
  got = lists_put (rig, NULL, "bob carol dora", FALSE);
  assert_outcome (got, DOCUMENTS_REFUSED);
  g_assert_cmpstr (got->uris, ==, "sip:dora@example.com");
  g_assert_nonnull (strstr (got->text, "sip:dora@example.com"));
  assert_contacts (rig, "");
  assert_outcome (lists_fetch (rig), DOCUMENTS_NONE);
  got = lists_put (rig, NULL, "bob carol dora eve", TRUE);
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_cmpstr (got->uris, ==, "sip:dora@example.com sip:eve@example.com");
  sent = g_strdup (got->etag);
  assert_contacts (rig, "bob carol");
  /* The shortening is a change of the server's own. */
  got = lists_fetch (rig);
  etag = g_strdup (got->etag);
  g_assert_cmpstr (etag, !=, sent);
  g_assert_null (strstr (got->body, "dora"));
  assert_outcome (lists_put (rig, sent, "bob", FALSE), DOCUMENTS_CHANGED);
  /* Who is over it keeps what he has, and one may go for another. */
  set_limit (rig, 1);
  got = lists_put (rig, etag, "carol bob", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  g_clear_pointer (&etag, g_free);
  etag = g_strdup (got->etag);
  assert_outcome (lists_put (rig, etag, "bob dora", FALSE), DOCUMENTS_REFUSED);
  got = lists_put (rig, etag, "dora", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  assert_contacts (rig, "dora");
  set_limit (rig, POLICY_NO_LIMIT);
  got = lists_put (rig, got->etag, "dora bob carol eve", FALSE);
  assert_outcome (got, DOCUMENTS_DONE);
  assert_contacts (rig, "bob carol dora eve");
}

static void
test_refusals (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  StorePolicy *bobs = store_policy_new ("bob@example.com");
  const Answer *got;

  set_limit (rig, 1);
  g_ptr_array_add (bobs->contacts, g_strdup ("sip:eve@example.com"));
  rig->kind->put_policy (rig, bobs);
  got = lists_put (rig, NULL, "bob", FALSE);
  assert_outcome (got, DOCUMENTS_REFUSED);
  g_assert_nonnull (strstr (got->text, "full"));
  set_limit (rig, 5);
  got = lists_put (rig, NULL, "nobody", FALSE);
  assert_outcome (got, DOCUMENTS_REFUSED);
  g_assert_nonnull (strstr (got->text, "no such user"));
  got = lists_put (rig, NULL, "http://x.example", FALSE);
  assert_outcome (got, DOCUMENTS_REFUSED);
  g_assert_cmpstr (got->uris, ==, "http://x.example");
  got = lists_put (rig, NULL, "http://x.example bob nobody tel:+1 sip:a@b.c",
                   TRUE);
  assert_outcome (got, DOCUMENTS_DONE);
  g_assert_cmpstr (got->uris, ==, "http://x.example sip:nobody@example.com");
  assert_contacts (rig, "sip:a@b.c bob tel:+1");
}

/* RFC 4826 3: nested lists, one URI in several; OMA's lists are no contacts. */
static void
test_shape (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  const char *body
      = "<resource-lists xmlns='" RL "'><list name='a'>"
        "<entry uri='sip:bob@example.com'/><list><entry "
        "uri='SIP:BOB@example.com'/><entry uri='sip:carol@example.com'/>"
        "</list></list><list name='oma_blockedcontacts'>"
        "<entry uri='sip:eve@example.com'/></list></resource-lists>";
  const Answer *got;

  set_limit (rig, 2);
  got = doc_put (rig, &(Put){ .auid = "resource-lists",
                              .owner = ALICE,
                              .name = "index",
                              .body = body });
  assert_outcome (got, DOCUMENTS_DONE);
  assert_contacts (rig, "bob carol");
  g_assert_cmpstr (lists_fetch (rig)->body, ==, body);
}

/* A long list that is edited again and again is never anything else than what
 * was put, and its contacts are what is in it. */
static void
test_edits (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *etag = NULL;

  for (guint round = 0; round < 60; round++) {
    g_autoptr (GString) names = g_string_new (NULL);
    g_autofree char *body = NULL, *sorted = NULL;
    g_autoptr (GPtrArray) in = g_ptr_array_new_with_free_func (g_free);
    guint at = g_test_rand_int_range (0, 8);
    const Answer *got;

    for (guint i = 0; i < 8; i++)
      if (g_test_rand_int_range (0, 3) > 0)
        g_ptr_array_add (in, g_strdup_printf ("sip:u%u@x.org", (i + at) % 8));
    g_ptr_array_add (in, NULL);
    body = lists_body (
        g_string_append (names, sorted = g_strjoinv (" ", (GStrv)in->pdata))
            ->str);
    got = lists_put (rig, etag, names->str, FALSE);
    assert_outcome (got, DOCUMENTS_DONE);
    g_free (etag);
    etag = g_strdup (got->etag);
    g_assert_cmpstr (lists_fetch (rig)->body, ==, body);
    g_assert_cmpstr (the_answer.etag, ==, etag);
    g_ptr_array_set_size (in, in->len - 1);
    g_ptr_array_sort (in, compare_cb);
    g_ptr_array_add (in, NULL);
    g_free (sorted);
    sorted = g_strjoinv (" ", (GStrv)in->pdata);
    assert_contacts (rig, sorted);
  }
}

static void
test_away (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *etag = NULL;

  assert_outcome (lists_put (rig, NULL, "bob", FALSE), DOCUMENTS_DONE);
  etag = g_strdup (lists_fetch (rig)->etag);
  rig->kind->set_up (rig, FALSE);
  assert_outcome (lists_fetch (rig), DOCUMENTS_AWAY); /* finds out */
  assert_outcome (lists_put (rig, etag, "carol", FALSE), DOCUMENTS_AWAY);
  assert_outcome (lists_fetch (rig), DOCUMENTS_AWAY);
  rig->kind->set_up (rig, TRUE);
  rig_wait_event (rig, "up");
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  assert_contacts (rig, "bob");
}

static void
add (const RigKind *kind, const char *name, GTestDataFunc fn)
{
  g_autofree char *path
      = g_strdup_printf ("/documents/%s/%s", kind->name, name);

  g_test_add_data_func (path, kind, fn);
}

void
documents_add_tests (const RigKind *kind)
{
  add (kind, "plain", test_plain);
  add (kind, "list", test_list);
  add (kind, "stranger", test_stranger);
  add (kind, "removed-user", test_removed_user);
  add (kind, "rfc4826-4.4.5/unique", test_unique);
  add (kind, "rfc4826-4/find-service", test_find_service);
  add (kind, "settings", test_settings);
  add (kind, "policy", test_policy_document);
  add (kind, "contacts", test_contacts);
  add (kind, "contacts/generated", test_generated);
  add (kind, "contacts/limit", test_limit);
  add (kind, "contacts/refused", test_refusals);
  add (kind, "contacts/rfc4826-3/shape", test_shape);
  add (kind, "contacts/edits", test_edits);
  add (kind, "away", test_away);
}

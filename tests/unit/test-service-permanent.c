/* SPDX-License-Identifier: ISC
 *
 * service/: permanent presence (RFC 4827) and who sees what of it, when. */
#include "service/permanent.h"
#include "tests/lib/fakedocs.h"
#include "tests/lib/servicebed.h"

#include <string.h>

#define AUID "pidf-manipulation"
#define TUPLE(id, basic)                                                       \
  "<tuple id='" id "'><status><basic>" basic "</basic></status></tuple>"
#define PRESENCE(inner)                                                        \
  "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:" ALICE "'"       \
  " xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model'"                         \
  " xmlns:rpid='urn:ietf:params:xml:ns:pidf:rpid'>" inner "</presence>"
#define OPEN PRESENCE (TUPLE ("x", "open") "<note>by mail</note>")
#define MOOD(mood)                                                             \
  "<dm:person id='p'><rpid:mood><rpid:" mood "/></rpid:mood></dm:person>"

/* --- What the tests do --- */

static void
done_cb (const DocumentsAnswer *answer, gpointer data)
{
  g_assert_cmpint (answer->outcome, ==, DOCUMENTS_DONE);
  g_free (*(char **)data);
  *(char **)data = g_strdup (answer->etag);
}

/* As a user does by XCAP; NULL: removes it. */
static void
put (ServiceBed *bed, const char *owner, const char *text, char **etag)
{
  DocumentsPort *port = store_mem_documents (bed->store);
  DocumentsKey key = { AUID, owner, "index" };
  static const char *const none[] = { NULL };

  if (text == NULL) {
    port->remove (port->self, &key, *etag, done_cb, etag);
  } else {
    g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));
    DocumentsPut given
        = { .key = key, .old_etag = *etag, .body = body, .unique = none };

    port->put (port->self, &given, done_cb, etag);
  }
  fake_loop_settle (bed->loop);
}

static void
watch (ServiceBed *bed, const char *watcher, const char *text)
{
  bed_subscribe (bed, watcher, ALICE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  bed_expect (bed, watcher, SUBS_ACTIVE, text);
}

static void
set_enabled (ServiceBed *bed, const char *aor, gboolean is_enabled)
{
  store_mem_put_user (bed->store, &(StoreUser){ .aor = (char *)aor,
                                                .ha1_md5 = (char *)"x",
                                                .ha1_sha256 = (char *)"y",
                                                .is_enabled = is_enabled });
  fake_loop_settle (bed->loop);
}

/* --- Tests --- */

static void
test_seen (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *etag = NULL;

  watch (bed, BOB, "<basic>closed");
  put (bed, ALICE, OPEN, &etag);
  bed_expect (bed, BOB, SUBS_ACTIVE, "by mail");
  watch (bed, CAROL, "<basic>open");
  put (bed, ALICE, OPEN, &etag); /* the same again is no change */
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed_publish (bed, TUPLE ("d", "closed"));
  bed_expect (bed, BOB, SUBS_ACTIVE, "id=\"d\"");
  bed_expect (bed, CAROL, SUBS_ACTIVE, "by mail");
  put (bed, ALICE, NULL, &etag);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (bed_drain (bed), ==, 1);
}

static void
test_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *etag = NULL, *other = NULL;

  put (bed, ALICE, OPEN, &etag);
  put (bed, CAROL, PRESENCE (""), &other);
  bed_restart (bed);
  watch (bed, BOB, "by mail");
  put (bed, ALICE, NULL, &etag);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
}

/* It is no more than presence: settings, rules and decisions stand above it. */
static void
test_rules (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *etag = NULL;

  bed_put_policy (
      bed,
      "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'"
      " xmlns:pr='urn:ietf:params:xml:ns:pres-rules'><rule id='a'><conditions>"
      "<identity><one id='sip:" BOB "'/></identity></conditions><actions>"
      "<pr:sub-handling>allow</pr:sub-handling></actions><transformations>"
      "<pr:provide-services><pr:all-services/></pr:provide-services>"
      "</transformations></rule></ruleset>",
      NULL, CAROL "=polite_block");
  watch (bed, BOB, "<basic>closed");
  watch (bed, CAROL, "<basic>closed");
  put (bed, ALICE, PRESENCE (MOOD ("happy") TUPLE ("x", "open")), &etag);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>open");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  /* What bob may not see is no news to him. */
  put (bed, ALICE, PRESENCE (MOOD ("sad") TUPLE ("x", "open")), &etag);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed->settings.share_availability = FALSE;
  bed_set (bed);
  fake_loop_run (bed->loop, 2);
  bed_expect (bed, BOB, SUBS_ACTIVE, ALICE "\"></presence>");
  bed_drain (bed);
  put (bed, ALICE, PRESENCE (TUPLE ("x", "closed")), &etag);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

static void
test_user (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *etag = NULL;

  put (bed, ALICE, OPEN, &etag);
  set_enabled (bed, ALICE, FALSE);
  /* Nothing comes of what he changes meanwhile, but the newest is there. */
  put (bed, ALICE, PRESENCE (TUPLE ("y", "open")), &etag);
  set_enabled (bed, ALICE, TRUE);
  watch (bed, BOB, "id=\"y\"");
  set_enabled (bed, ALICE, FALSE);
  bed_drain (bed);
  bed_restart (bed);
  set_enabled (bed, ALICE, TRUE);
  watch (bed, BOB, "id=\"y\"");
  store_mem_drop_user (bed->store, ALICE);
  fake_loop_settle (bed->loop);
  bed_drain (bed);
  set_enabled (bed, ALICE, TRUE);
  watch (bed, BOB, "<basic>closed");
}

/* Logged once, passed over, and there again when it can be read. */
static void
test_broken (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autofree char *etag = NULL;

  put (bed, ALICE, OPEN, &etag);
  watch (bed, BOB, "by mail");
  g_test_expect_message ("service", G_LOG_LEVEL_WARNING,
                         "permanent presence of " ALICE " is passed over: *");
  put (bed, ALICE, "<presence", &etag);
  g_test_assert_expected_messages ();
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  permanent_changed (AUID, NULL, NULL, bed->service);
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  put (bed, ALICE, OPEN, &etag);
  bed_expect (bed, BOB, SUBS_ACTIVE, "by mail");
  g_test_expect_message ("service", G_LOG_LEVEL_WARNING,
                         "permanent presence of " ALICE " is passed over: *");
  put (bed, ALICE, "", &etag);
  g_test_assert_expected_messages ();
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  g_test_expect_message ("service", G_LOG_LEVEL_WARNING,
                         "permanent presence of " ALICE " is passed over: *");
  bed_restart (bed);
  g_test_assert_expected_messages ();
  watch (bed, CAROL, "<basic>closed");
}

/* --- Reading --- */

/* Documents that the test makes up. */
static FakeDocs *
use_docs (ServiceBed *bed)
{
  FakeDocs *docs = fake_docs_new (fake_loop_port (bed->loop));

  service_set_documents (bed->service, &docs->port, NULL);
  return docs;
}

static void
changed (ServiceBed *bed, const char *auid, const char *owner, const char *name)
{
  permanent_changed (auid, owner, name, bed->service);
  fake_loop_settle (bed->loop);
}

/* A reading that is older than a change is thrown away. */
static void
test_changed_while_read (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  FakeDocs *docs = use_docs (bed);

  watch (bed, BOB, "<basic>closed");
  docs->is_held = TRUE;
  fake_docs_put (docs, AUID, ALICE, "index", "1",
                 PRESENCE (TUPLE ("old", "open")));
  changed (bed, AUID, ALICE, "index");
  fake_docs_put (docs, AUID, ALICE, "index", "2",
                 PRESENCE (TUPLE ("new", "open")));
  changed (bed, AUID, ALICE, "index");
  changed (bed, AUID, ALICE, NULL);
  g_assert_cmpuint (docs->fetches, ==, 1);
  fake_docs_release (docs);
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (docs->fetches, ==, 2);
  bed_expect (bed, BOB, SUBS_ACTIVE, "id=\"new\"");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  fake_docs_put (docs, AUID, ALICE, "index", NULL, NULL);
  changed (bed, NULL, ALICE, NULL);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  fake_docs_free (docs);
}

/* "Of anybody" is of all who have one, once; of others nothing is read. */
static void
test_wide (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  FakeDocs *docs = use_docs (bed);

  fake_docs_put (docs, AUID, ALICE, "index", "1", OPEN);
  changed (bed, "resource-lists", ALICE, "index");
  changed (bed, AUID, ALICE, "other");
  changed (bed, AUID, "nobody@example.com", "index");
  changed (bed, AUID, NULL, NULL);
  g_assert_cmpuint (docs->fetches, ==, 0);
  changed (bed, AUID, ALICE, NULL);
  watch (bed, BOB, "by mail");
  fake_docs_put (docs, AUID, ALICE, "index", "2",
                 PRESENCE (TUPLE ("new", "open")));
  changed (bed, AUID, NULL, NULL);
  bed_expect (bed, BOB, SUBS_ACTIVE, "id=\"new\"");
  fake_docs_put (docs, AUID, ALICE, "index", NULL, NULL);
  changed (bed, NULL, NULL, NULL);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (docs->fetches, ==, 3);
  changed (bed, NULL, NULL, NULL);
  g_assert_cmpuint (docs->fetches, ==, 3);
  fake_docs_free (docs);
}

static void
test_away (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  FakeDocs *docs = use_docs (bed);

  watch (bed, BOB, "<basic>closed");
  fake_docs_put (docs, AUID, ALICE, "index", "1", OPEN);
  docs->is_away = TRUE;
  changed (bed, AUID, ALICE, "index");
  changed (bed, AUID, ALICE, "index");
  g_assert_cmpuint (docs->fetches, ==, 1);
  docs->is_away = FALSE;
  permanent_retry (bed->service);
  fake_loop_settle (bed->loop);
  bed_expect (bed, BOB, SUBS_ACTIVE, "by mail");
  /* Nobody says that it is back. */
  docs->is_away = TRUE;
  fake_docs_put (docs, AUID, ALICE, "index", NULL, NULL);
  changed (bed, AUID, ALICE, "index");
  docs->is_away = FALSE;
  fake_loop_run (bed->loop, 11);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (docs->fetches, ==, 4);
  /* Stopped while it is being read. */
  docs->is_held = TRUE;
  changed (bed, AUID, ALICE, "index");
  changed (bed, AUID, CAROL, "index");
  bed_restart (bed);
  fake_docs_release (docs);
  fake_loop_settle (bed->loop);
  fake_docs_free (docs);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/service/permanent/rfc4827-3/seen", test_seen);
  g_test_add_func ("/service/permanent/rfc4827-3/rules", test_rules);
  g_test_add_func ("/service/permanent/restart", test_restart);
  g_test_add_func ("/service/permanent/user", test_user);
  g_test_add_func ("/service/permanent/broken", test_broken);
  g_test_add_func ("/service/permanent/changed-while-read",
                   test_changed_while_read);
  g_test_add_func ("/service/permanent/wide", test_wide);
  g_test_add_func ("/service/permanent/away", test_away);
  return g_test_run ();
}

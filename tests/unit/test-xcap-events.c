/* SPDX-License-Identifier: ISC
 *
 * Event package xcap-diff (RFC 5875): service/ over a store in memory, documents
 * that the test makes up, and a clock that stands still. */
#include "codec/xcap-usages.h"
#include "service/service.h"
#include "store/store.h"
#include "tests/lib/fakedocs.h"
#include "tests/lib/fakeloop.h"
#include "tests/lib/fakesip.h"

#include <string.h>

#define ROOT "http://xcap.example.com/xcap-root/"
#define ALICE "alice@example.com"
#define BOB "bob@example.com"
#define LISTS "resource-lists"
#define INDEX "resource-lists/users/sip:alice@example.com/index"
#define HOME "resource-lists/users/sip:alice@example.com/"
#define ENTRY INDEX "/~~/resource-lists/list%5b1%5d/entry%5b1%5d"
#define NAME INDEX "/~~/resource-lists/list%5b1%5d/@name"
#define DOC(inside)                                                            \
  "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">" inside    \
  "</resource-lists>"
#define CREATED(sel, etag) "<d:document new-etag=\"" etag "\" sel=\"" sel "\"/>"
#define CHANGED(sel, from, to)                                                 \
  "<d:document new-etag=\"" to "\" sel=\"" sel "\" previous-etag=\"" from "\"" \
  "/>"
#define DELETED(sel, etag)                                                     \
  "<d:document sel=\"" sel "\" previous-etag=\"" etag "\"/>"

typedef struct {
  FakeLoop *loop;
  FakeSip *sip;
  FakeDocs *docs;
  StoreMem *store;
  StorePort port; /* the store's, but that we see its events */
  StoreEvents events;
  gpointer events_data;
  Counters *counters;
  Service *service;
  guint answers;
  ServiceVerdict verdict;
  guint expires;
  char *text, *accept, *tag;
} Bed;

static Bed *current;

static const ServiceLimits limits = { .im = { .max_locks = 10,
                                               .chunk = 1,
                                               .max_waiting = 2 },
                                       .subs = { 60, 7200, 3600, 60, 64, 0, 0 },
                                      .wake_rate = 1000,
                                      .away_expires = 120,
                                      .xcap_subscriptions = 2,
                                      .xcap_uris = 8,
                                      .xcap_interval = 5 };

static void
set_events_cb (gpointer self, const StoreEvents *events, gpointer data)
{
  current->events = *events;
  current->events_data = data;
  store_mem_port (current->store)->set_events (self, events, data);
}

static void
ready_cb (gpointer data)
{
}

static void
start_service (Bed *bed)
{
  static const char *const domains[] = { "example.com", NULL };

  current = bed;
  bed->port = *store_mem_port (bed->store);
  bed->port.set_events = set_events_cb;
  bed->service
      = service_new (&limits, domains, fake_loop_clock (bed->loop),
                     fake_loop_port (bed->loop), &bed->port, bed->counters);
  service_set_sip (bed->service, &bed->sip->port);
  service_set_documents (bed->service, &bed->docs->port, ROOT);
  service_start (bed->service, ready_cb, bed);
  fake_loop_settle (bed->loop);
}

/* Alice has one list of one friend. */
static void
setup (Bed *bed, gconstpointer data)
{
  static const char *const users[] = { ALICE, BOB };

  bed->loop = fake_loop_new ();
  bed->sip = fake_sip_new ();
  bed->docs = fake_docs_new (fake_loop_port (bed->loop));
  bed->counters = counters_new ();
  bed->store
      = store_mem_new (fake_loop_port (bed->loop), fake_loop_clock (bed->loop));
  for (guint i = 0; i < G_N_ELEMENTS (users); i++)
    store_mem_put_user (bed->store, &(StoreUser){ .aor = (char *)users[i],
                                                  .is_enabled = TRUE });
  fake_docs_put (
      bed->docs, LISTS, ALICE, "index", "e1",
      DOC ("<list name=\"a&amp;b\"><entry uri=\"sip:x@y\"/></list>"));
  start_service (bed);
}

static void
teardown (Bed *bed, gconstpointer data)
{
  fake_sip_drain (bed->sip);
  fake_loop_settle (bed->loop);
  fake_sip_drain (bed->sip);
  service_free (bed->service);
  store_mem_free (bed->store);
  fake_docs_free (bed->docs);
  fake_sip_free (bed->sip);
  fake_loop_free (bed->loop);
  counters_free (bed->counters);
  g_free (bed->text);
  g_free (bed->accept);
  g_free (bed->tag);
}

/* --- What the tests do --- */

static void
subscribed_cb (const SubscribeAnswer *answer, gpointer data)
{
  Bed *bed = data;

  bed->answers++;
  bed->verdict = answer->verdict;
  bed->expires = answer->expires;
  g_free (bed->text);
  bed->text = g_strdup (answer->text);
  g_free (bed->accept);
  bed->accept = g_strdup (answer->accept);
  if (answer->local_tag == NULL)
    return;
  g_free (bed->tag);
  bed->tag = g_strdup (answer->local_tag);
}

/* One SUBSCRIBE; what is NULL or 0 is as usual. */
typedef struct {
  const char *user, *presentity, *call_id, *tag, *accept, *type, *body;
  guint32 cseq;
  gint64 expires;
  guint64 flow; /* 0: UDP */
  gboolean is_optional;
} Ask;

static void
ask (Bed *bed, const Ask *ask)
{
  const char *user = ask->user != NULL ? ask->user : ALICE;
  const char *call_id = ask->call_id != NULL ? ask->call_id : "call";
  const char *source
      = ask->flow != 0 ? "tcp:127.0.0.1:5099" : "udp:127.0.0.1:5099";
  guint32 cseq = ask->cseq != 0 ? ask->cseq : 1;
  ServiceCaller caller = { .user = user,
                           .source = source,
                           .flow = ask->flow,
                           .contact = "sip:alice@127.0.0.1:5099",
                           .call_id = call_id,
                           .from_tag = "ft",
                           .cseq = cseq };
  g_autoptr (GBytes) bytes
      = ask->body != NULL ? g_bytes_new (ask->body, strlen (ask->body)) : NULL;
  g_autoptr (SubsBody) body
      = bytes != NULL ? subs_body_new (
            ask->type != NULL ? ask->type : "application/resource-lists+xml",
            bytes)
                      : NULL;
  SubscribeCommand command
      = { .dialog
          = { .presentity = ask->presentity != NULL ? ask->presentity : user,
              .watcher = user,
              .package = "xcap-diff",
              .event = "xcap-diff",
              .call_id = call_id,
              .local_tag = ask->tag,
              .remote_tag = "ft",
              .local_uri = "sip:alice@example.com",
              .remote_uri = "sip:alice@example.com",
              .target = "sip:alice@127.0.0.1:5099",
              .accept = ask->accept,
              .source = source,
              .flow = ask->flow,
              .local_contact = "sip:127.0.0.1:5060",
              .body = body },
          .expires = ask->expires != 0 ? ask->expires : 600,
          .is_body_optional = ask->is_optional };

  if (ask->expires < 0)
    command.expires = 0;
  bed->answers = 0;
  service_subscribe (bed->service, &caller, &command, subscribed_cb, bed);
  fake_loop_settle (bed->loop);
}

static char *
list_of (const char *const *uris)
{
  GString *out = g_string_new ("<list>");
  g_autofree char *text = NULL;

  for (; *uris != NULL; uris++)
    g_string_append_printf (out, "<entry uri=\"%s\"/>", *uris);
  g_string_append (out, "</list>");
  text = g_string_free (out, FALSE);
  return g_strdup_printf (DOC ("%s"), text);
}

#define LIST(...) list_of ((const char *const[]){ __VA_ARGS__, NULL })

static void
subscribe (Bed *bed, char *list)
{
  ask (bed, &(Ask){ .body = list });
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_free (list);
}

static void
refresh (Bed *bed, guint32 cseq, char *list, gint64 expires)
{
  ask (bed,
       &(Ask){
           .body = list, .tag = bed->tag, .cseq = cseq, .expires = expires });
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_free (list);
}

static void
changed (Bed *bed, const char *auid, const char *owner, const char *name)
{
  bed->events.documents_changed (auid, owner, name, bed->events_data);
  fake_loop_run (bed->loop, 0.1);
}

/* etag NULL: it is deleted. */
static void
put (Bed *bed, const char *name, const char *etag)
{
  fake_docs_put (bed->docs, LISTS, ALICE, name, etag,
                 DOC ("<list name=\"z\"/>"));
  changed (bed, LISTS, ALICE, name);
}

static void
expect_ended (Bed *bed, SubsState state, const char *lines,
              SubsNotifyResult result)
{
  g_autoptr (FakeNotify) notify = fake_sip_answer (bed->sip, NULL, result);
  g_autofree char *wanted = g_strdup_printf (
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<d:xcap-diff "
      "xmlns:d=\"urn:ietf:params:xml:ns:xcap-diff\" xcap-root=\"" ROOT
      "\">%s%s\n</d:xcap-diff>\n",
      lines != NULL && *lines != '\0' ? "\n" : "", lines);

  g_assert_cmpint (notify->state, ==, state);
  g_assert_cmpstr (notify->body, ==, lines != NULL ? wanted : NULL);
  g_assert_cmpstr (notify->content_type, ==, "application/xcap-diff+xml");
  fake_loop_settle (bed->loop);
}

/* The NOTIFY that is out, and its answer. */
static void
expect (Bed *bed, const char *lines)
{
  expect_ended (bed, SUBS_ACTIVE, lines, SUBS_NOTIFY_OK);
}

static void
expect_none (Bed *bed)
{
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
}

/* --- SUBSCRIBE --- */

static void
test_first_has_all (Bed *bed, gconstpointer data)
{
  fake_docs_put (bed->docs, LISTS, ALICE, "other", "e2", DOC (""));
  fake_docs_put (bed->docs, LISTS, NULL, "index", "g1", DOC (""));
  subscribe (bed, LIST (HOME, ENTRY, NAME, INDEX "/~~/resource-lists/list/@x",
                        "resource-lists/global/index"));
  expect (bed,
          CREATED (INDEX, "e1") "\n" CREATED (HOME "other", "e2") "\n" CREATED (
              "resource-lists/global/index",
              "g1") "\n<d:element sel=\"" ENTRY
                    "\" xmlns=\"urn:ietf:params:xml:ns:resource-lists\">"
                    "<entry uri=\"sip:x@y\"/></d:element>"
                    "\n<d:attribute sel=\"" NAME "\">a&amp;b</d:attribute>");
  expect_none (bed);
}

/* The user's own documents and the global ones, that of xcap-caps too: what
 * there is to know at his address when nothing narrows it. */
static void
test_without_list (Bed *bed, gconstpointer data)
{
  g_autofree char *caps = xcap_caps_etag ();
  g_autofree char *all
      = g_strdup_printf (CREATED ("xcap-caps/global/index", "%s") "\n" CREATED (
                             INDEX, "e1") "\n" CREATED ("pres-rules/global/"
                                                        "index",
                                                        "g1"),
                         caps);

  fake_docs_put (bed->docs, "pres-rules", NULL, "index", "g1", "<r/>");
  fake_docs_put (bed->docs, "rls-services", NULL, "index", "h1", "<r/>");
  fake_docs_put (bed->docs, LISTS, BOB, "index", "b1", DOC (""));
  ask (bed, &(Ask){ 0 });
  expect (bed, all);
}

/* RFC 4825 12: the document that is in no store. */
static void
test_caps (Bed *bed, gconstpointer data)
{
  g_autofree char *caps = xcap_caps_etag ();
  g_autofree char *told = g_strdup_printf (
      CREATED ("xcap-caps/global/index",
               "%s") "\n<d:element sel=\"xcap-caps/"
                     "global/index/~~/xcap-caps/extensions\" "
                     "xmlns=\"urn:ietf:params:xml:ns:"
                     "xcap-caps\"><extensions/></d:element>",
      caps);

  subscribe (bed, LIST ("xcap-caps/global/index",
                        "xcap-caps/global/index/~~/xcap-caps/extensions"));
  expect (bed, told);
}

/* RFC 5875 4.4, 4.6: relative or absolute; told as the client wrote it. */
static void
test_absolute (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST ("http://XCAP.example.com/xcap-root/" INDEX));
  expect (bed, CREATED ("http://XCAP.example.com/xcap-root/" INDEX, "e1"));
}

/* RFC 5875 4.7: no overlapping responses. */
static void
test_superfluous (Bed *bed, gconstpointer data)
{
  const char *odd = "resource-lists/users/sip:%61lice@example.com/index";

  subscribe (bed, LIST ("resource-lists/", odd, HOME, INDEX));
  expect (bed,
          CREATED ("resource-lists/users/sip:%61lice@example.com/index", "e1"));
}

/* RFC 5875 4.7, RFC 4825 5.7: MUST NOT be included. */
static void
test_privileges (Bed *bed, gconstpointer data)
{
  fake_docs_put (bed->docs, LISTS, BOB, "index", "b1", DOC (""));
  fake_docs_put (bed->docs, "rls-services", NULL, "index", "h1", "<r/>");
  subscribe (bed, LIST ("resource-lists/users/",
                        "resource-lists/users/sip:bob@example.com/index",
                        "resource-lists/users/sip:bob@example.com/",
                        "resource-lists/users/sip:bob@example.com/index/~~/*",
                        "rls-services/", "rls-services/global/index/~~/*"));
  expect (bed, CREATED (INDEX, "e1"));
  changed (bed, LISTS, BOB, "index");
  expect_none (bed);
}

/* RFC 5875 7: only at one's own address. */
static void
test_owner_only (Bed *bed, gconstpointer data)
{
  ask (bed, &(Ask){ .user = BOB, .presentity = ALICE });
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  g_assert_cmpuint (bed->docs->lists + bed->docs->fetches, ==, 0);
}

static void
test_bodies (Bed *bed, gconstpointer data)
{
  static const struct {
    const char *type, *body, *accept;
    gboolean is_optional;
    ServiceVerdict verdict;
  } rows[] = {
    { NULL, "<resource-lists", NULL, FALSE, SERVICE_BAD_REQUEST },
    { NULL, "<!DOCTYPE a><a/>", NULL, FALSE, SERVICE_BAD_REQUEST },
    { NULL, "<other/>", NULL, FALSE, SERVICE_BAD_REQUEST },
    { "application/simple-filter+xml", "<f/>", NULL, FALSE, SERVICE_BAD_TYPE },
    { "application/simple-filter+xml", "<f/>", NULL, TRUE, SERVICE_OK },
    { "Application/Resource-Lists+xml", DOC (""), NULL, FALSE, SERVICE_OK },
    { NULL, NULL, "application/pidf+xml", FALSE, SERVICE_NOT_ACCEPTABLE },
    { NULL, NULL, "text/a, application/xcap-diff+xml;q=0.5", FALSE,
      SERVICE_OK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *call_id = g_strdup_printf ("call%u", i);

    ask (bed, &(Ask){ .call_id = call_id,
                      .type = rows[i].type,
                      .body = rows[i].body,
                      .accept = rows[i].accept,
                      .is_optional = rows[i].is_optional,
                      .expires = -1 });
    g_assert_cmpuint (bed->answers, ==, 1);
    g_assert_cmpint (bed->verdict, ==, rows[i].verdict);
    g_assert_cmpstr (bed->accept, ==,
                     bed->verdict == SERVICE_BAD_TYPE
                         ? "application/resource-lists+xml"
                         : NULL);
    fake_sip_drain (bed->sip);
    fake_loop_run (bed->loop, 100); /* the fetch is forgotten */
  }
}

static void
test_bounds (Bed *bed, gconstpointer data)
{
  g_autofree char *list
      = LIST ("a/1", "a/2", "a/3", "a/4", "a/5", "a/6", "a/7", "a/8", "a/9");

  ask (bed, &(Ask){ .body = list });
  g_assert_cmpint (bed->verdict, ==, SERVICE_BAD_REQUEST);
  ask (bed, &(Ask){ .call_id = "1" });
  ask (bed, &(Ask){ .call_id = "2" });
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  ask (bed, &(Ask){ .call_id = "3" });
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
  g_assert_nonnull (strstr (bed->text, "too many"));
  ask (bed, &(Ask){ .call_id = "2" }); /* repeated */
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

static void
test_no_server (Bed *bed, gconstpointer data)
{
  service_set_documents (bed->service, NULL, NULL);
  ask (bed, &(Ask){ 0 });
  g_assert_cmpint (bed->verdict, ==, SERVICE_FORBIDDEN);
}

/* RFC 5875 A.2: as PROPFIND; nothing is left of it. */
static void
test_fetch (Bed *bed, gconstpointer data)
{
  g_autofree char *list = LIST (INDEX);

  ask (bed, &(Ask){ .body = list, .expires = -1 });
  expect_ended (bed, SUBS_TERMINATED, CREATED (INDEX, "e1"), SUBS_NOTIFY_OK);
  fake_loop_run (bed->loop, 100);
  put (bed, "index", "e2");
  expect_none (bed);
  g_assert_cmpuint (bed->docs->lists, ==, 1);
}

static void
test_unsubscribe (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  refresh (bed, 2, NULL, -1);
  expect_ended (bed, SUBS_TERMINATED, CREATED (INDEX, "e1"), SUBS_NOTIFY_OK);
  put (bed, "index", "e2");
  expect_none (bed);
  ask (bed, &(Ask){ .tag = bed->tag, .cseq = 3 });
  g_assert_cmpint (bed->verdict, ==, SERVICE_GONE);
}

/* RFC 5875 4.4: the new list counts; 4.7: everything is told again. */
static void
test_refresh (Bed *bed, gconstpointer data)
{
  fake_docs_put (bed->docs, LISTS, ALICE, "other", "o1", DOC (""));
  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  refresh (bed, 2, NULL, 0);
  expect (bed, CREATED (INDEX, "e1"));
  refresh (bed, 3, LIST (HOME "other"), 0);
  expect (bed, CREATED (HOME "other", "o1"));
  put (bed, "index", "e2");
  expect_none (bed);
  put (bed, "other", "o2");
  expect (bed, CHANGED (HOME "other", "o1", "o2"));
  refresh (bed, 4, NULL, 0);
  expect (bed, CREATED (HOME "other", "o2"));
}

/* A refresh that is refused has not happened. */
static void
test_refresh_not_written (Bed *bed, gconstpointer data)
{
  g_autofree char *list = LIST (HOME "other");

  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  store_mem_refuse_next (bed->store);
  ask (bed, &(Ask){ .body = list, .tag = bed->tag, .cseq = 2 });
  g_assert_cmpint (bed->verdict, ==, SERVICE_FAILED);
  fake_sip_drain (bed->sip);
  fake_loop_settle (bed->loop);
  put (bed, "index", "e2");
  expect (bed, CHANGED (INDEX, "e1", "e2"));
}

/* --- Changes --- */

static void
test_changes (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST ("resource-lists/"));
  expect (bed, CREATED (INDEX, "e1"));
  put (bed, "new", "n1"); /* RFC 5875 A.3: additive */
  expect (bed, CREATED (HOME "new", "n1"));
  put (bed, "new", "n2");
  expect (bed, CHANGED (HOME "new", "n1", "n2"));
  put (bed, "new", NULL);
  expect (bed, DELETED (HOME "new", "n2"));
  expect_none (bed);
}

/* RFC 5875 A.5: contents while they exist, then that they do not. */
static void
test_nodes (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX "/~~/resource-lists/list/@name"));
  expect (bed, "<d:attribute sel=\"" INDEX
               "/~~/resource-lists/list/@name\">a&amp;b</d:attribute>");
  put (bed, "index", "e2");
  expect (bed, "<d:attribute sel=\"" INDEX
               "/~~/resource-lists/list/@name\">z</d:attribute>");
  put (bed, "index", "e3"); /* another etag, the same attribute */
  expect_none (bed);
  put (bed, "index", NULL);
  expect (bed, "<d:attribute sel=\"" INDEX
               "/~~/resource-lists/list/@name\" exists=\"false\">"
               "</d:attribute>");
}

/* RFC 5875 4.7: too large an element is named only. */
static void
test_large_element (Bed *bed, gconstpointer data)
{
  g_autofree char *name = g_strnfill (40000, 'n');
  g_autofree char *body = g_strdup_printf (DOC ("<list name=\"%s\"/>"), name);
  const char *element
      = "<d:element sel=\"" INDEX "/~~/resource-lists/list\"></d:element>";

  fake_docs_put (bed->docs, LISTS, ALICE, "index", "e1", body);
  subscribe (bed, LIST (INDEX "/~~/resource-lists/list"));
  expect (bed, element);
  body[strlen (body) - 30] = 'm';
  fake_docs_put (bed->docs, LISTS, ALICE, "index", "e2", body);
  changed (bed, LISTS, ALICE, "index");
  expect (bed, element);
}

/* One NOTIFY in flight; the next tells from what was told, whatever came between
 * (RFC 5875 4.7). */
static void
test_during_flight (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST ("resource-lists/"));
  put (bed, "index", "e2");
  put (bed, "new", "n1");
  put (bed, "index", "e3");
  g_assert_cmpuint (bed->sip->notifies->len, ==, 1);
  expect (bed, CREATED (INDEX, "e1"));
  expect (bed, CHANGED (INDEX, "e1", "e3") "\n" CREATED (HOME "new", "n1"));
  expect_none (bed);
}

/* What a refused NOTIFY said is in the next one. */
static void
test_lost (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  put (bed, "index", "e2");
  expect_ended (bed, SUBS_ACTIVE, CHANGED (INDEX, "e1", "e2"),
                SUBS_NOTIFY_REFUSED);
  put (bed, "index", "e3");
  expect (bed, CHANGED (INDEX, "e1", "e3"));
}

/* RFC 5875 4.7: a timeout MUST remove the subscription. */
static void
test_timeout (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX));
  expect_ended (bed, SUBS_ACTIVE, CREATED (INDEX, "e1"), SUBS_NOTIFY_SUSPENDED);
  put (bed, "index", "e2");
  fake_loop_run (bed->loop, 120);
  expect_none (bed);
  ask (bed, &(Ask){ .tag = bed->tag, .cseq = 2 });
  g_assert_cmpint (bed->verdict, ==, SERVICE_GONE);
}

/* RFC 5875 4.10: the first four at once, then one in five seconds. */
static void
test_rate (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST ("resource-lists/"));
  fake_sip_drain (bed->sip);
  for (guint i = 0; i < 20; i++) {
    g_autofree char *etag = g_strdup_printf ("f%u", i);

    put (bed, "index", etag);
    g_assert_cmpuint (bed->sip->notifies->len, ==, i < 4);
    fake_sip_drain (bed->sip);
  }
  g_assert_cmpuint (bed->docs->lists, ==, 2 + 4 * 2);
  fake_loop_run (bed->loop, 2);
  expect_none (bed);
  fake_loop_run (bed->loop, 2);
  expect (bed, CHANGED (INDEX, "f3", "f19"));
  put (bed, "index", "g");
  expect_none (bed);
  fake_loop_run (bed->loop, 5);
  expect (bed, CHANGED (INDEX, "f19", "g"));
}

/* What is changed while it is read is read once more. */
static void
test_changed_while_read (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  bed->docs->is_held = TRUE;
  put (bed, "index", "e2");
  put (bed, "index", "e3");
  expect_none (bed);
  fake_docs_release (bed->docs);
  expect (bed, CHANGED (INDEX, "e1", "e2"));
  fake_loop_run (bed->loop, 0.1);
  expect (bed, CHANGED (INDEX, "e2", "e3"));
}

/* Between the reading for a SUBSCRIBE and its commit. */
static void
test_changed_before_commit (Bed *bed, gconstpointer data)
{
  g_autofree char *list = LIST (INDEX);

  bed->docs->is_held = TRUE;
  ask (bed, &(Ask){ .body = list });
  g_assert_cmpuint (bed->answers, ==, 0);
  put (bed, "index", "e2");
  fake_docs_release (bed->docs);
  fake_loop_settle (bed->loop);
  expect (bed, CREATED (INDEX, "e1"));
  fake_loop_run (bed->loop, 0.1);
  expect (bed, CHANGED (INDEX, "e1", "e2"));
}

/* A change costs those who watch the document, and nobody else. */
static void
test_cost (Bed *bed, gconstpointer data)
{
  guint calls;

  ask (bed, &(Ask){ .user = BOB });
  fake_sip_drain (bed->sip);
  subscribe (bed, LIST (INDEX));
  fake_sip_drain (bed->sip);
  calls = bed->docs->lists + bed->docs->fetches;
  changed (bed, LISTS, "carol@example.com", "index");
  changed (bed, LISTS, ALICE, "other");
  changed (bed, "pres-rules", ALICE, NULL);
  g_assert_cmpuint (bed->docs->lists + bed->docs->fetches, ==, calls);
  changed (bed, LISTS, ALICE, NULL);
  g_assert_cmpuint (bed->docs->lists, ==, calls + 1);
  changed (bed, NULL, ALICE, NULL);
  g_assert_cmpuint (bed->docs->lists, ==, calls + 2);
  expect_none (bed);
}

/* The global tree, or anybody's: everybody concerned, at a rate. */
static void
test_everybody (Bed *bed, gconstpointer data)
{
  ask (bed, &(Ask){ .user = BOB });
  fake_sip_drain (bed->sip);
  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  fake_docs_put (bed->docs, LISTS, NULL, "index", "g1", DOC (""));
  changed (bed, LISTS, NULL, "index");
  fake_loop_run (bed->loop, 1);
  expect (bed, CREATED ("resource-lists/global/index", "g1"));
  expect_none (bed);
  fake_docs_put (bed->docs, LISTS, ALICE, "index", "e2", DOC (""));
  changed (bed, NULL, NULL, NULL);
  changed (bed, NULL, NULL, NULL);
  fake_loop_run (bed->loop, 1);
  expect (bed, CHANGED (INDEX, "e1", "e2"));
  expect_none (bed);
}

/* --- PostgreSQL away, restarts --- */

/* The dialog goes on and hears everything when it is back. */
static void
test_away (Bed *bed, gconstpointer data)
{
  bed->docs->is_away = TRUE;
  subscribe (bed, LIST (INDEX));
  {
    g_autoptr (FakeNotify) notify
        = fake_sip_answer (bed->sip, NULL, SUBS_NOTIFY_OK);

    g_assert_null (notify->body);
  }
  put (bed, "index", "e2");
  expect_none (bed);
  bed->docs->is_away = FALSE;
  bed->events.up_changed (TRUE, bed->events_data);
  fake_loop_run (bed->loop, 1);
  expect (bed, CREATED (INDEX, "e2"));
  bed->docs->is_away = TRUE;
  put (bed, "index", "e3");
  bed->docs->is_away = FALSE;
  fake_loop_run (bed->loop, 11); /* nobody says that it is back */
  expect (bed, CHANGED (INDEX, "e2", "e3"));
}

static void
restart (Bed *bed)
{
  service_free (bed->service);
  start_service (bed);
  fake_loop_run (bed->loop, 0.5);
}

/* Full state, of the same list, also after changes that nobody has seen. */
static void
test_restart (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX, NAME));
  fake_sip_drain (bed->sip);
  fake_docs_put (bed->docs, LISTS, ALICE, "index", "e2", DOC (""));
  restart (bed);
  expect (bed, CREATED (INDEX, "e2"));
  put (bed, "index", "e3");
  expect (bed, CHANGED (INDEX, "e2", "e3") "\n<d:attribute sel=\"" NAME
                                           "\">z</d:attribute>");
  refresh (bed, 2, NULL, 0);
  expect (bed, CREATED (INDEX, "e3") "\n<d:attribute sel=\"" NAME
                                     "\">z</d:attribute>");
}

/* Over TCP it waits for its device; that may be back before the documents have
 * been read, and even before their turn came. */
static void
test_restart_over_flow (Bed *bed, gconstpointer is_read)
{
  g_autofree char *list = LIST (INDEX);

  ask (bed, &(Ask){ .body = list, .flow = 7 });
  expect (bed, CREATED (INDEX, "e1"));
  bed->docs->is_held = TRUE;
  service_free (bed->service);
  start_service (bed);
  if (GPOINTER_TO_INT (is_read)) {
    fake_loop_run (bed->loop, 0.5);
    fake_docs_release (bed->docs);
  }
  fake_loop_settle (bed->loop);
  expect_none (bed);
  ask (bed, &(Ask){ .tag = "none", .flow = 8 }); /* any request of his */
  g_assert_cmpint (bed->verdict, ==, SERVICE_GONE);
  if (!GPOINTER_TO_INT (is_read)) {
    expect_none (bed);
    fake_loop_run (bed->loop, 0.5);
    expect_none (bed);
    fake_docs_release (bed->docs);
    fake_loop_settle (bed->loop);
  }
  g_assert_cmpuint (
      ((FakeNotify *)g_ptr_array_index (bed->sip->notifies, 0))->flow, ==, 8);
  expect (bed, CREATED (INDEX, "e1"));
  expect_none (bed);
}

static void
test_restart_over_flow_late (Bed *bed, gconstpointer data)
{
  test_restart_over_flow (bed, GINT_TO_POINTER (TRUE));
}

static void
test_restart_over_flow_early (Bed *bed, gconstpointer data)
{
  test_restart_over_flow (bed, GINT_TO_POINTER (FALSE));
}

/* It waits for what it has to tell. */
static void
test_restart_away (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX));
  fake_sip_drain (bed->sip);
  bed->docs->is_away = TRUE;
  restart (bed);
  expect_none (bed);
  bed->docs->is_away = FALSE;
  bed->events.up_changed (TRUE, bed->events_data);
  fake_loop_run (bed->loop, 0.5);
  expect (bed, CREATED (INDEX, "e1"));
}

/* Freed while something is being read. */
static void
test_freed (Bed *bed, gconstpointer data)
{
  subscribe (bed, LIST (INDEX));
  expect (bed, CREATED (INDEX, "e1"));
  bed->docs->is_held = TRUE;
  put (bed, "index", "e2");
  service_free (bed->service);
  fake_docs_release (bed->docs);
  start_service (bed);
}

#define ADD(path, fn)                                                          \
  g_test_add ("/xcap-events/" path, Bed, NULL, setup, fn, teardown)

static void
add_subscribe_tests (void)
{
  ADD ("rfc5875-4.1/first-has-all", test_first_has_all);
  ADD ("rfc5875-4.4/without-list", test_without_list);
  ADD ("rfc4825-12/caps", test_caps);
  ADD ("rfc5875-4.6/sel-as-written", test_absolute);
  ADD ("rfc5875-4.7/superfluous", test_superfluous);
  ADD ("rfc5875-4.7/privileges", test_privileges);
  ADD ("rfc5875-7/owner-only", test_owner_only);
  ADD ("rfc5875-4.4/bodies", test_bodies);
  ADD ("rfc5875-7/bounds", test_bounds);
  ADD ("no-server", test_no_server);
  ADD ("rfc5875-A.2/fetch", test_fetch);
  ADD ("rfc6665-4.2.1.4/unsubscribe", test_unsubscribe);
  ADD ("rfc5875-4.7/refresh", test_refresh);
  ADD ("refresh-not-written", test_refresh_not_written);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_subscribe_tests ();
  ADD ("rfc5875-A.3/changes", test_changes);
  ADD ("rfc5875-A.5/nodes", test_nodes);
  ADD ("rfc5875-4.7/large-element", test_large_element);
  ADD ("rfc5875-4.7/during-flight", test_during_flight);
  ADD ("rfc5875-4.7/lost", test_lost);
  ADD ("rfc5875-4.7/timeout-ends", test_timeout);
  ADD ("rfc5875-4.10/rate", test_rate);
  ADD ("changed-while-read", test_changed_while_read);
  ADD ("changed-before-commit", test_changed_before_commit);
  ADD ("cost", test_cost);
  ADD ("everybody", test_everybody);
  ADD ("away", test_away);
  ADD ("restart/full-state", test_restart);
  ADD ("restart/flow-late", test_restart_over_flow_late);
  ADD ("restart/flow-early", test_restart_over_flow_early);
  ADD ("restart/away", test_restart_away);
  ADD ("freed-while-read", test_freed);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * service/lists: members of other domains, as somebody gives them; and when
 * changes are told, on a clock that stands still. */
#include "service/lists.h"
#include "tests/lib/servicebed.h"

#include <string.h>

#define DAVE "dave@example.net"
#define OPEN "<tuple id='t'><status><basic>open</basic></status></tuple>"

/* Whoever watches Dave. */
typedef struct {
  guint started, stopped;
  ListsForeignState state;
  void (*changed) (gpointer data);
  gpointer data;
} Elsewhere;

static gpointer
start_cb (gpointer self, const char *watcher, const char *uri,
          const char *package, void (*changed) (gpointer data), gpointer data)
{
  Elsewhere *elsewhere = self;

  g_assert_cmpstr (watcher, ==, BOB);
  g_assert_cmpstr (uri, ==, "sip:" DAVE);
  g_assert_cmpstr (package, ==, "presence");
  elsewhere->started++;
  elsewhere->changed = changed;
  elsewhere->data = data;
  return elsewhere;
}

static void
stop_cb (gpointer self, gpointer handle)
{
  g_assert_true (self == handle);
  ((Elsewhere *)self)->stopped++;
}

static void
state_cb (gpointer self, gpointer handle, ListsForeignState *out)
{
  *out = ((Elsewhere *)handle)->state;
}

/* Bob watches this list of his own making. */
static void
watch (ServiceBed *bed, const char *users, gint64 expires)
{
  g_auto (GStrv) names = g_strsplit (users, " ", -1);
  GString *text = g_string_new (
      "<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list>");
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (SubsBody) body = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    g_string_append_printf (text, "<entry uri='sip:%s'/>", names[i]);
  bytes = g_string_free_to_bytes (
      g_string_append (text, "</list></resource-lists>"));
  body = subs_body_new ("application/resource-lists+xml", bytes);
  bed->body = body;
  bed_subscribe (bed, BOB, "example.com", "presence", expires);
  bed->body = NULL;
}

static void
tell (ServiceBed *bed, Elsewhere *elsewhere, SubsMemberState state,
      SubsReason reason, GBytes *body)
{
  elsewhere->state = (ListsForeignState){ state, reason, "text/x", body };
  elsewhere->changed (elsewhere->data);
  fake_loop_run (bed->loop, 0.2);
}

/* RFC 4662 4.5: no instance before anything is known, then what is told. */
static void
test_foreign (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (GBytes) body = g_bytes_new_static ("dave is here", 12);
  Elsewhere elsewhere = { 0 };
  const ListsForeign foreign = { &elsewhere, start_cb, stop_cb, state_cb };

  lists_set_foreign (bed->service, &foreign);
  watch (bed, DAVE " " ALICE, 600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  g_assert_cmpuint (elsewhere.started, ==, 1);
  bed_expect (bed, BOB, SUBS_ACTIVE,
              "<resource uri=\"sip:" DAVE "\"></resource>");
  tell (bed, &elsewhere, SUBS_MEMBER_PENDING, SUBS_NO_REASON, NULL);
  bed_expect (bed, BOB, SUBS_ACTIVE, "state=\"pending\"/>");
  tell (bed, &elsewhere, SUBS_MEMBER_ACTIVE, SUBS_NO_REASON, body);
  bed_expect (bed, BOB, SUBS_ACTIVE, "text/x\r\n\r\ndave is here");
  tell (bed, &elsewhere, SUBS_MEMBER_ENDED, SUBS_GIVEUP, NULL);
  bed_expect (bed, BOB, SUBS_ACTIVE, "state=\"terminated\" reason=\"giveup\"");
  g_assert_cmpuint (elsewhere.stopped, ==, 0);
  bed->settings.adhoc_enabled = FALSE; /* no contact of Bob's */
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, BOB, SUBS_ACTIVE, "reason=\"rejected\"");
  g_assert_cmpuint (elsewhere.stopped, ==, 1);
}

static void
test_fetched (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  Elsewhere elsewhere = { 0 };
  const ListsForeign foreign = { &elsewhere, start_cb, stop_cb, state_cb };

  lists_set_foreign (bed->service, &foreign);
  watch (bed, DAVE, 0);
  bed_expect (bed, BOB, SUBS_TERMINATED, "fullState=\"true\"");
  fake_loop_settle (bed->loop);
  g_assert_cmpuint (elsewhere.started, ==, 1);
  g_assert_cmpuint (elsewhere.stopped, ==, 1);
}

/* The first change begins the time; what comes in it is one NOTIFY. */
static void
test_gathered (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  guint before;

  watch (bed, ALICE " " CAROL, 600);
  bed_expect (bed, BOB, SUBS_ACTIVE, "fullState=\"true\"");
  before = bed->sip->sent;
  bed_publish (bed, OPEN "<note>1</note>");
  fake_loop_run (bed->loop, 0.05);
  bed_publish (bed, OPEN "<note>2</note>");
  g_assert_cmpuint (bed->sip->sent, ==, before);
  fake_loop_run (bed->loop, 0.06);
  g_assert_cmpuint (bed->sip->sent, ==, before + 1);
  bed_expect (bed, BOB, SUBS_ACTIVE, "<note>2</note>");
  fake_loop_run (bed->loop, 1);
  g_assert_cmpuint (bed->sip->sent, ==, before + 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lists/rfc4662-4.5/foreign", test_foreign);
  g_test_add_func ("/lists/rfc4662-4.6/fetched", test_fetched);
  g_test_add_func ("/lists/rfc4662-4.8/gathered", test_gathered);
  return g_test_run ();
}

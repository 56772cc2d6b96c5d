/* SPDX-License-Identifier: ISC
 *
 * xmpp/: what becomes of messages and questions that are in the stream, and when
 * it is tried again. */
#include "xmpp/backoff.h"
#include "xmpp/pending.h"
#include "xmpp/queries.h"

#include <libxml/parser.h>

#include <string.h>

static GString *told;
static Pending *pending; /* of the test at hand */

static void
done_cb (XmppOutcome outcome, XmppError error, const char *text, gpointer data)
{
  static const char *const names[] = {
    [XMPP_TAKEN] = "taken", [XMPP_REFUSED] = "refused", [XMPP_LOST] = "lost"
  };

  g_string_append_printf (told, "%s %s", (const char *)data, names[outcome]);
  if (error != XMPP_NO_ERROR)
    g_string_append_printf (told, " %s", stanza_error_name (error));
  g_string_append_c (told, ';');
}

static void
expect (const char *text)
{
  g_assert_cmpstr (told->str, ==, text);
  g_string_truncate (told, 0);
}

static void
add (const char *id)
{
  pending_add (pending, id, "x@y.z", done_cb, (gpointer)id);
}

static void
test_ping_confirms (void)
{
  g_autoptr (Pending) self = pending = pending_new ();

  g_assert_false (pending_wants_ping (self));
  add ("1");
  add ("2");
  g_assert_true (pending_wants_ping (self));
  pending_ping (self);
  add ("3"); /* behind the ping: it says nothing of it */
  g_assert_false (pending_wants_ping (self));
  pending_pong (self);
  expect ("1 taken;2 taken;");
  g_assert_true (pending_wants_ping (self));
  pending_ping (self);
  pending_pong (self);
  expect ("3 taken;");
  g_assert_cmpuint (pending_size (self), ==, 0);
}

static void
test_error_refuses (void)
{
  g_autoptr (Pending) self = pending = pending_new ();

  add ("1");
  add ("2");
  add ("3");
  pending_ping (self);
  g_assert_true (
      pending_error (self, "x@y.z/r", "2", XMPP_ITEM_NOT_FOUND, NULL));
  g_assert_false (
      pending_error (self, "x@y.z", "2", XMPP_ITEM_NOT_FOUND, NULL));
  g_assert_true (pending_error (self, "y.z", "3", XMPP_GONE, NULL));
  pending_pong (self);
  expect ("2 refused item-not-found;3 refused gone;1 taken;");
}

/* An error is believed when the recipient or his server sends it alone. */
static void
test_error_of_others (void)
{
  static const char *const others[]
      = { "a@y.z", "x@a.b", "z", "x@y.z.a", "example.com" };
  g_autoptr (Pending) self = pending = pending_new ();

  add ("1");
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (
        pending_error (self, others[i], "1", XMPP_ITEM_NOT_FOUND, NULL));
  g_assert_false (pending_error (self, "x@y.z", NULL, XMPP_GONE, NULL));
  g_assert_false (pending_error (self, "x@y.z", "7", XMPP_GONE, NULL));
  pending_lost (self);
  expect ("1 lost;");
}

static void
again_cb (XmppOutcome outcome, XmppError error, const char *text, gpointer data)
{
  done_cb (outcome, error, text, data);
  pending_add_failed (pending, XMPP_LOST, XMPP_NO_ERROR, done_cb, data);
}

static void
test_lost (void)
{
  g_autoptr (Pending) self = pending = pending_new ();

  add ("1");
  pending_ping (self);
  pending_add (self, "2", "x@y.z", again_cb, (gpointer) "2");
  pending_lost (self);
  expect ("1 lost;2 lost;");
  g_assert_false (pending_has_ping (self));
  g_assert_true (pending_has_failed (self));
  pending_tell (self);
  expect ("2 lost;");
}

static void
test_forget (void)
{
  static char one[] = "1", two[] = "2";
  g_autoptr (Pending) self = pending = pending_new ();

  pending_add (self, one, "x@y.z", done_cb, one);
  pending_add (self, two, "x@y.z", done_cb, two);
  pending_add_failed (self, XMPP_LOST, XMPP_NO_ERROR, done_cb, one);
  pending_forget (self, one);
  pending_tell (self);
  pending_ping (self);
  pending_pong (self);
  expect ("2 taken;");
}

/* One id twice: the later is found, both are told. */
static void
test_same_id (void)
{
  g_autoptr (Pending) self = pending = pending_new ();

  add ("1");
  add ("1");
  g_assert_true (pending_error (self, "x@y.z", "1", XMPP_GONE, NULL));
  pending_ping (self);
  pending_pong (self);
  expect ("1 refused gone;1 taken;");
}

static void
test_backoff (void)
{
  static const guint longest[]
      = { 1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000 };
  Backoff self = { 0 }, other = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (longest); i++) {
    g_assert_cmpuint (backoff_next (&self, 0, 60, 0), ==, longest[i]);
    g_assert_cmpuint (backoff_next (&other, 0, 60, 1), ==, longest[i] / 2);
  }
  for (guint i = 0; i < 100; i++)
    g_assert_cmpuint (backoff_next (&self, 0, 60, 0), ==, 60000);
  /* a link that broke at once is no better than none */
  g_assert_cmpuint (backoff_next (&self, G_USEC_PER_SEC, 60, 0), ==, 60000);
  g_assert_cmpuint (backoff_next (&self, BACKOFF_STABLE_US, 60, 0), ==, 1000);
}

static void
query_done_cb (XmppError error, const char *text, gpointer data)
{
  g_string_append_printf (
      told, "%s;", error != XMPP_NO_ERROR ? stanza_error_name (error) : "done");
}

static void
items_cb (const XmppItem *items, guint n, XmppError error, gpointer data)
{
  for (guint i = 0; i < n; i++)
    g_string_append_printf (told, "%s=%s;", items[i].jid, items[i].name);
  query_done_cb (error, NULL, data);
}

/* The id that was asked with. */
static char *
id_of (const GString *out)
{
  const char *at = strstr (out->str, "id=\"") + 4;

  return g_strndup (at, strcspn (at, "\""));
}

static void
test_query (void)
{
  g_autoptr (Queries) self = queries_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *id = NULL;
  XmppIq iq = { .from = "r@s", .to = "a@b", .type = IQ_RESULT };

  queries_kick (self, out, "a@b", "r@s", "<n>", "go & come", 10, query_done_cb,
                NULL);
  g_assert_nonnull (strstr (out->str, "nick=\"&lt;n&gt;\" role=\"none\">"
                                      "<reason>go &amp; come</reason>"));
  iq.id = id = id_of (out);
  iq.from = "eve@s";
  g_assert_false (queries_answer (self, &iq));
  iq.from = "r@s";
  g_assert_true (queries_answer (self, &iq));
  g_assert_false (queries_answer (self, &iq));
  expect ("done;");
}

static void
test_query_ping (void)
{
  g_autoptr (Queries) self = queries_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *id = NULL;
  XmppIq iq = { .from = "r@s/<n>", .to = "a@b/c", .type = IQ_ERROR };

  queries_ping (self, out, "a@b/c", "r@s", "<n>", 10, query_done_cb, NULL);
  g_assert_nonnull (strstr (out->str, "to=\"r@s/&lt;n&gt;\""));
  g_assert_nonnull (strstr (out->str, "<ping xmlns=\"urn:xmpp:ping\"/>"));
  iq.id = id = id_of (out);
  iq.error = XMPP_NOT_ACCEPTABLE;
  g_assert_true (queries_answer (self, &iq));
  expect ("not-acceptable;");
}

static void
test_query_fails (void)
{
  g_autoptr (Queries) self = queries_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  static char mine[] = "x";

  queries_create (self, out, "a@b", "r@s", 10, query_done_cb, NULL);
  queries_create (self, NULL, "a@b", "r@s", 10, query_done_cb, NULL);
  queries_create (self, out, "a@b", "r@s", 10, query_done_cb, mine);
  queries_forget (self, mine);
  g_assert_true (queries_has_unsent (self));
  queries_expire (self, 0);
  expect ("remote-server-timeout;");
  queries_expire (self, 9);
  expect ("");
  queries_expire (self, 10);
  expect ("remote-server-timeout;");
}

static void
test_rooms (void)
{
  static const char answer[]
      = "<iq xmlns='jabber:component:accept'><query"
        " xmlns='http://jabber.org/protocol/disco#items'>"
        "<item jid='A@s' name='one'/><item jid='b b@s'/><item/>"
        "<item jid='c@s' name='three'/></query></iq>";
  g_autoptr (Queries) self = queries_new ();
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *id = NULL;
  XmppIq iq = { .from = "s", .to = "a@b", .type = IQ_RESULT };
  xmlDoc *doc = xmlParseDoc ((const xmlChar *)answer);

  queries_rooms (self, out, "a@b", "s", 10, items_cb, NULL);
  iq.id = id = id_of (out);
  iq.payload = xmlDocGetRootElement (doc)->children;
  g_assert_true (queries_answer (self, &iq));
  expect ("a@s=one;c@s=three;done;");
  xmlFreeDoc (doc);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  told = g_string_new (NULL);
  g_test_add_func ("/xmpp/pending/ping-confirms", test_ping_confirms);
  g_test_add_func ("/xmpp/pending/error-refuses", test_error_refuses);
  g_test_add_func ("/xmpp/pending/error-of-others", test_error_of_others);
  g_test_add_func ("/xmpp/pending/lost", test_lost);
  g_test_add_func ("/xmpp/pending/forget", test_forget);
  g_test_add_func ("/xmpp/pending/same-id", test_same_id);
  g_test_add_func ("/xmpp/backoff", test_backoff);
  g_test_add_func ("/xmpp/queries/xep0045-8.2/kick", test_query);
  g_test_add_func ("/xmpp/queries/xep0410-3/ping", test_query_ping);
  g_test_add_func ("/xmpp/queries/fails", test_query_fails);
  g_test_add_func ("/xmpp/queries/xep0045-6.3/rooms", test_rooms);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * service/shape: what watchers get who want parts, filters or nothing that they
 * have; a model of a watcher who knows parts only, over many random changes and
 * lost NOTIFYs. */
#include "tests/lib/servicebed.h"

#include "codec/pidf-diff.h"

#include <string.h>

#define BOTH "application/pidf+xml;q=0.3, application/pidf-diff+xml;q=1"
#define N_STEPS 1500
#define N_WATCHERS 1000
#define LONG                                                                   \
  "<note>so that a part is smaller than the whole, so that a part is smaller " \
  "than the whole, so that a part is smaller than the whole, indeed</note>"

/* What a watcher knows by parts. */
typedef struct {
  GBytes *document;
  guint32 version;
  guint n_diffs, n_fulls;
} Known;

static guint32
version_of (const char *body)
{
  const char *at = strstr (body, "version=\"");

  /* behind the XML declaration's own */
  at = at != NULL ? strstr (at + 1, " version=\"") : NULL;
  g_assert_nonnull (at);
  return (guint32)g_ascii_strtoull (at + strlen (" version=\""), NULL, 10);
}

static void
know (Known *self, const FakeNotify *notify)
{
  g_autoptr (GBytes) patch = NULL;
  g_autoptr (GError) error = NULL;
  gboolean is_full;
  GBytes *made;

  g_assert_cmpstr (notify->content_type, ==, PIDF_DIFF_TYPE);
  is_full = strstr (notify->body, "<p:pidf-full") != NULL;
  patch = g_bytes_new (notify->body, strlen (notify->body));
  if (!is_full)
    g_assert_cmpuint (version_of (notify->body), ==, self->version + 1);
  g_assert_cmpuint (version_of (notify->body), >, self->version);
  made = pidf_patched (is_full ? NULL : self->document, patch, &error);
  g_assert_no_error (error);
  g_clear_pointer (&self->document, g_bytes_unref);
  self->document = made;
  self->version = version_of (notify->body);
  self->n_fulls += is_full;
  self->n_diffs += !is_full;
}

static FakeNotify *
answer (ServiceBed *bed, const char *watcher, SubsNotifyResult result)
{
  FakeNotify *notify = fake_sip_answer (bed->sip, watcher, result);

  fake_loop_settle (bed->loop);
  return notify;
}

static gboolean
is_owed (const ServiceBed *bed, const char *watcher)
{
  for (guint i = 0; i < bed->sip->notifies->len; i++) {
    const FakeNotify *notify = bed->sip->notifies->pdata[i];

    if (strcmp (notify->watcher, watcher) == 0)
      return TRUE;
  }
  return FALSE;
}

static char *
random_state (GRand *rand, guint number)
{
  GString *out = g_string_new (NULL);

  for (gint i = g_rand_int_range (rand, 1, 5); i > 0; i--)
    g_string_append_printf (
        out,
        "<tuple id=\"t%d\"><status><basic>%s</basic></status>" LONG "</tuple>",
        i, g_rand_boolean (rand) ? "open" : "closed");
  g_string_append_printf (
      out,
      "<dm:person id=\"p\"><rpid:activities>%s"
      "</rpid:activities><dm:note>%u</dm:note></dm:person>",
      g_rand_boolean (rand) ? "<rpid:away/>" : "<rpid:busy/>", number);
  return g_string_free (out, FALSE);
}

/* The same as one who gets it whole. */
static void
expect_same (ServiceBed *bed, const Known *known)
{
  g_autoptr (FakeNotify) whole = NULL;
  g_autoptr (GBytes) bytes = NULL, seen = NULL, sent = NULL;
  g_autoptr (PidfPartial) full = NULL;

  bed->accept = NULL;
  bed_subscribe (bed, CAROL, ALICE, "presence", 0);
  whole = answer (bed, CAROL, SUBS_NOTIFY_OK);
  bytes = g_bytes_new (whole->body, strlen (whole->body));
  full = pidf_full_of (bytes);
  sent = pidf_partial_write (full, 1);
  seen = pidf_patched (NULL, sent, NULL);
  g_assert_true (g_bytes_equal (seen, known->document));
}

/* Changes come while NOTIFYs are out, and some of these are refused: in the end
 * the parts are the whole, and no version is left out. */
static void
test_parts (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  GRand *rand = g_rand_new_with_seed (5263);
  Known known = { 0 };

  bed->accept = BOTH;
  bed_subscribe (bed, BOB, ALICE, "presence", 7200);
  for (guint i = 0; i < N_STEPS; i++) {
    if (g_rand_int_range (rand, 0, 3) == 0) {
      g_autofree char *state = random_state (rand, i);

      bed_publish (bed, state);
    } else if (is_owed (bed, BOB)) {
      gboolean is_ok = g_rand_int_range (rand, 0, 10) > 0;
      g_autoptr (FakeNotify) notify
          = answer (bed, BOB, is_ok ? SUBS_NOTIFY_OK : SUBS_NOTIFY_REFUSED);

      if (is_ok)
        know (&known, notify);
      else if (is_owed (bed, BOB))
        continue;
    } else if (i % 100 == 99 && known.document != NULL) {
      bed_publish (bed, "<note>the last</note>");
      while (is_owed (bed, BOB)) {
        g_autoptr (FakeNotify) notify = answer (bed, BOB, SUBS_NOTIFY_OK);

        know (&known, notify);
      }
      expect_same (bed, &known);
    }
  }
  g_assert_cmpuint (known.n_diffs, >, 50);
  g_clear_pointer (&known.document, g_bytes_unref);
  g_rand_free (rand);
}

/* RFC 5263 4.4: from one on; the whole after a restart, and the counter never
 * goes back. */
static void
test_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  Known known = { 0 };
  g_autoptr (FakeNotify) first = NULL, again = NULL;

  bed->accept = BOTH;
  bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  first = answer (bed, BOB, SUBS_NOTIFY_OK);
  know (&known, first);
  g_assert_cmpuint (known.version, ==, 1);
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  again = answer (bed, BOB, SUBS_NOTIFY_OK);
  know (&known, again);
  g_assert_cmpuint (known.n_fulls, ==, 2);
  g_clear_pointer (&known.document, g_bytes_unref);
}

/* What one of many gets costs little: the diff is made once. */
static void
test_many (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  const char *part = NULL;
  gint64 start;

  bed->accept = BOTH;
  bed_publish (bed, "<tuple id=\"a\"><status><basic>open</basic></status>" LONG
                    "</tuple>");
  for (guint i = 0; i < N_WATCHERS; i++)
    bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  g_assert_cmpuint (bed_drain (bed), ==, N_WATCHERS);
  start = g_get_monotonic_time ();
  bed_publish (bed,
               "<tuple id=\"a\"><status><basic>closed</basic></status>" LONG
               "</tuple>");
  g_test_message ("%" G_GINT64_FORMAT " us for %d watchers",
                  g_get_monotonic_time () - start, N_WATCHERS);
  g_assert_cmpuint (bed->sip->notifies->len, ==, N_WATCHERS);
  for (guint i = 0; i < N_WATCHERS; i++) {
    const FakeNotify *notify = bed->sip->notifies->pdata[i];

    part = part != NULL ? part : notify->body;
    g_assert_cmpstr (notify->body, ==, part);
    g_assert_nonnull (strstr (notify->body, "<p:pidf-diff"));
  }
  bed_drain (bed);
}

static SubsBody *
filter_of (const char *content)
{
  g_autofree char *text = g_strdup_printf (
      "<filter-set xmlns='urn:ietf:params:xml:ns:simple-filter'>"
      "<filter id='1'>%s</filter></filter-set>",
      content);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return subs_body_new ("application/simple-filter+xml", bytes);
}

/* RFC 4660 5.3: what does not show is not told; a trigger compares with what was
 * told last. */
static void
test_filter (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (SubsBody) body = filter_of (
      "<what><exclude>//note</exclude></what><trigger><changed to='open'>"
      "//basic</changed></trigger>");

  bed_publish (bed, "<tuple id='a'><status><basic>closed</basic></status>"
                    "<note>one</note></tuple>");
  bed->body = body;
  bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
  bed->body = NULL;
  bed_expect (bed, BOB, SUBS_ACTIVE, "</basic></status></tuple>");
  bed_publish (bed, "<tuple id='a'><status><basic>closed</basic></status>"
                    "<note>two</note></tuple>");
  g_assert_false (is_owed (bed, BOB));
  bed_publish (bed, "<tuple id='a'><status><basic>open</basic></status>"
                    "<note>two</note></tuple>");
  bed_publish (bed, "<tuple id='a'><status><basic>open</basic></status>"
                    "<note>three</note></tuple>");
  bed_expect (bed, BOB, SUBS_ACTIVE, "open</basic></status></tuple>");
  g_assert_false (is_owed (bed, BOB));
  bed_publish (bed, "<tuple id='a'><status><basic>closed</basic></status>"
                    "</tuple>");
  g_assert_false (is_owed (bed, BOB));
}

static void
test_bad_filter (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (SubsBody) body
      = filter_of ("<what><include>//x:y</include></what>");

  bed->body = body;
  bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_BAD_FILTER);
  g_assert_cmpuint (bed->sip->sent, ==, 0);
}

/* RFC 5839 6.1: the tag changes exactly with what is told. */
static void
test_tags (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) first = NULL, same = NULL, other = NULL, back = NULL,
                         known = NULL;

  bed_publish (bed, "<note>one</note>");
  bed_subscribe (bed, BOB, ALICE, "presence", 0);
  first = answer (bed, BOB, SUBS_NOTIFY_OK);
  bed_restart (bed);
  bed_subscribe (bed, CAROL, ALICE, "presence", 0);
  same = answer (bed, CAROL, SUBS_NOTIFY_OK);
  bed_publish (bed, "<note>two</note>");
  bed_subscribe (bed, BOB, ALICE, "presence", 0);
  other = answer (bed, BOB, SUBS_NOTIFY_OK);
  bed_publish (bed, "<note>one</note>");
  bed_subscribe (bed, BOB, ALICE, "presence", 0);
  back = answer (bed, BOB, SUBS_NOTIFY_OK);
  bed->suppress = back->etag;
  bed_subscribe (bed, BOB, ALICE, "presence", 0);
  known = answer (bed, BOB, SUBS_NOTIFY_OK);
  g_assert_cmpstr (first->etag, ==, same->etag);
  g_assert_cmpstr (first->etag, !=, other->etag);
  g_assert_cmpstr (first->etag, ==, back->etag);
  g_assert_cmpstr (known->etag, ==, back->etag);
  g_assert_null (known->body);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shape/rfc5263-4.4/parts", test_parts);
  g_test_add_func ("/shape/rfc5263-4.4/restart", test_restart);
  g_test_add_func ("/shape/rfc5263-4.4/many", test_many);
  g_test_add_func ("/shape/rfc4660-5.3/filter", test_filter);
  g_test_add_func ("/shape/rfc4660-5.4/bad-filter", test_bad_filter);
  g_test_add_func ("/shape/rfc5839-6.1/tags", test_tags);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * codec/winfo: watcher information in the structure of RFC 3858 4.4. */
#include "base/error.h"
#include "codec/winfo.h"

#include <string.h>

typedef struct {
  const char *path;
  const char *text;
  RcError code;
} Bad;

static void
assert_has (const char *text, const char *part)
{
  if (strstr (text, part) == NULL)
    g_error ("\"%s\" is not in: %s", part, text);
}

static WinfoDoc *
sample_winfo (void)
{
  WinfoDoc *doc
      = winfo_doc_new ("sip:alice@example.com", "presence", 4294967295u, TRUE);
  WinfoWatcher *watcher = winfo_doc_add (doc, "w1", "sip:bob@example.com?a&b",
                                         WINFO_ACTIVE, WINFO_SUBSCRIBE);

  watcher->display_name = g_strdup ("Bob \"the <builder>\"");
  watcher->expiration = 3600;
  watcher->subscribed_for = 0;
  for (guint event = WINFO_SUBSCRIBE; event <= WINFO_NORESOURCE; event++) {
    g_autofree char *id = g_strdup_printf ("x%u", event);

    winfo_doc_add (doc, id, "sip:carol@example.com", event % 4, event);
  }
  return doc;
}

static char *
winfo_text (const WinfoDoc *doc)
{
  g_autoptr (GBytes) bytes = winfo_write (doc);

  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_winfo_shape (void)
{
  g_autoptr (WinfoDoc) doc = sample_winfo ();
  g_autofree char *text = winfo_text (doc);

  g_assert_true (g_str_has_prefix (
      text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<watcherinfo "
            "xmlns=\"urn:ietf:params:xml:ns:watcherinfo\" "
            "version=\"4294967295\" state=\"full\"><watcher-list "
            "resource=\"sip:alice@example.com\" package=\"presence\">"
            "<watcher id=\"w1\" event=\"subscribe\" status=\"active\" "
            "display-name=\"Bob &quot;the &lt;builder&gt;&quot;\" "
            "expiration=\"3600\" duration-subscribed=\"0\">"
            "sip:bob@example.com?a&amp;b</watcher>"));
  assert_has (text, "event=\"noresource\"");
}

static void
test_winfo_round_trip (void)
{
  g_autoptr (WinfoDoc) doc = sample_winfo (), again = NULL;
  g_autofree char *text = winfo_text (doc);
  g_autofree char *twice = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (winfo_parse (text, strlen (text), &again, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (again->watchers->len, ==, doc->watchers->len);
  g_assert_cmpstr (((WinfoWatcher *)again->watchers->pdata[0])->display_name,
                   ==, "Bob \"the <builder>\"");
  twice = winfo_text (again);
  g_assert_cmpstr (text, ==, twice);
}

static void
assert_winfo_refused (const char *text, gsize len, RcError code)
{
  g_autoptr (GError) error = NULL;
  WinfoDoc *doc = NULL;

  g_assert_false (winfo_parse (text, len, &doc, &error));
  g_assert_null (doc);
  g_assert_error (error, RC_ERROR, (gint)code);
}

static void
test_winfo_cut (void)
{
  g_autoptr (WinfoDoc) doc = sample_winfo ();
  g_autofree char *text = winfo_text (doc);
  gsize end = (gsize)(g_strrstr (text, ">") - text);

  for (gsize cut = 0; cut <= end; cut++)
    assert_winfo_refused (text, cut, RC_ERROR_SYNTAX);
}

#define W "<watcherinfo xmlns='urn:ietf:params:xml:ns:watcherinfo' "
#define WL W "version='0' state='full'>"
#define LIST "<watcher-list resource='sip:a@b' package='presence'>"
#define WEND "</watcher-list></watcherinfo>"

static const Bad bad_winfo[] = {
  { "version-missing", W "state='full'>" LIST WEND, RC_ERROR_SYNTAX },
  { "version-negative", W "version='-1' state='full'>" LIST WEND,
    RC_ERROR_SYNTAX },
  { "version-huge", W "version='4294967296' state='full'>" LIST WEND,
    RC_ERROR_SYNTAX },
  { "state-wrong", W "version='0' state='half'>" LIST WEND, RC_ERROR_SYNTAX },
  { "no-list", WL "</watcherinfo>", RC_ERROR_SYNTAX },
  { "no-resource", WL "<watcher-list package='presence'>" WEND,
    RC_ERROR_SYNTAX },
  { "no-package", WL "<watcher-list resource='sip:a@b'>" WEND,
    RC_ERROR_SYNTAX },
  { "two-lists", WL LIST "</watcher-list>" LIST WEND, RC_ERROR_UNSUPPORTED },
  { "no-id",
    WL LIST "<watcher status='active' event='subscribe'>sip:c@d"
            "</watcher>" WEND,
    RC_ERROR_SYNTAX },
  { "no-uri",
    WL LIST "<watcher id='1' status='active' event='subscribe'/>" WEND,
    RC_ERROR_SYNTAX },
  { "status-wrong",
    WL LIST "<watcher id='1' status='on' event='subscribe'>"
            "sip:c@d</watcher>" WEND,
    RC_ERROR_SYNTAX },
  { "event-wrong",
    WL LIST "<watcher id='1' status='active' event='x'>sip:c@d"
            "</watcher>" WEND,
    RC_ERROR_SYNTAX },
  { "expiration-wrong",
    WL LIST "<watcher id='1' status='active' "
            "event='subscribe' expiration='soon'>sip:c@d"
            "</watcher>" WEND,
    RC_ERROR_SYNTAX },
  { "doctype", "<!DOCTYPE watcherinfo>" WL LIST WEND, RC_ERROR_SYNTAX },
};

static void
test_bad_winfo (gconstpointer data)
{
  const Bad *row = data;

  assert_winfo_refused (row->text, strlen (row->text), row->code);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (bad_winfo); i++) {
    g_autofree char *path
        = g_strdup_printf ("/winfo/refused/%s", bad_winfo[i].path);

    g_test_add_data_func (path, &bad_winfo[i], test_bad_winfo);
  }
  g_test_add_func ("/winfo/rfc3858-4/shape", test_winfo_shape);
  g_test_add_func ("/winfo/round-trip", test_winfo_round_trip);
  g_test_add_func ("/winfo/cut-at-every-byte", test_winfo_cut);
  return g_test_run ();
}

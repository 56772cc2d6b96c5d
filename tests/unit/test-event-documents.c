/* SPDX-License-Identifier: ISC
 *
 * codec/dialoginfo and codec/reginfo with what RFC 4235, RFC 3680 and RFC 5628
 * show. */
#include "base/error.h"
#include "codec/dialoginfo.h"
#include "codec/reginfo.h"

#include <string.h>

/* --- dialog --- */

#define HEAD                                                                   \
  "<?xml version=\"1.0\"?><dialog-info "                                       \
  "xmlns=\"urn:ietf:params:xml:ns:dialog-info\" version=\"0\" state=\"full\""  \
  " entity=\"sip:alice@example.com\">"
#define TAIL "</dialog-info>"
#define DIALOG(id, state)                                                      \
  "<dialog id=\"" id "\" call-id=\"a84b4c76e66710\""                           \
  " local-tag=\"1928301774\" direction=\"initiator\"><state>" state            \
  "</state></dialog>"

static DialogInfo *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  DialogInfo *info = NULL;

  dialoginfo_parse (text, strlen (text), &info, &error);
  g_assert_no_error (error);
  g_assert_nonnull (info);
  return info;
}

static char *
written (const DialogInfo *info, gboolean is_brief)
{
  g_autofree char *elements = dialoginfo_elements (info, is_brief);
  g_autoptr (GBytes) bytes
      = dialoginfo_write ("sip:alice@example.com", 3, elements);

  return g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static void
test_dialog_round_trip (void)
{
  static const char text[] = HEAD
      "\n  <dialog id=\"123456\">\n    <state event=\"replaced\">confirmed"
      "</state>\n    <duration>274</duration>\n    <local>\n"
      "      <identity display=\"Alice\">sip:alice@example.com</identity>\n"
      "      <target uri=\"sip:alice@pc33.example.com\">\n"
      "        <param pname=\"isfocus\" pval=\"true\"/></target></local>"
      "<x:thing xmlns:x=\"urn:x\" x:a=\"&lt;\">t &amp; u</x:thing>"
      "</dialog>" TAIL;
  g_autoptr (DialogInfo) info = parse (text), again = NULL;
  g_autofree char *out = written (info, FALSE), *twice = NULL;

  g_assert_true (dialoginfo_is_talking (info));
  g_assert_nonnull (strstr (out, " version=\"3\" state=\"full\""));
  g_assert_nonnull (
      strstr (out, "<dialog id=\"123456\"><state event=\"replaced\">confirmed"
                   "</state><duration>274</duration><local>"
                   "<identity display=\"Alice\">sip:alice@example.com"
                   "</identity><target uri=\"sip:alice@pc33.example.com\">"
                   "<param pname=\"isfocus\" pval=\"true\"/></target></local>"
                   "<x:thing xmlns:x=\"urn:x\" x:a=\"&lt;\">t &amp; u"
                   "</x:thing></dialog>"));
  again = parse (out);
  twice = written (again, FALSE);
  g_assert_cmpstr (out, ==, twice);
}

/* A prefix is as good; what is left of it means the same. */
static void
test_dialog_prefixed (void)
{
  g_autoptr (DialogInfo) info
      = parse ("<d:dialog-info xmlns:d=\"urn:ietf:params:xml:ns:dialog-info\">"
               "<d:dialog id=\"1\"><d:state>early</d:state></d:dialog>"
               "<other xmlns=\"urn:x\"/></d:dialog-info>");
  g_autofree char *out = dialoginfo_elements (info, FALSE);

  g_assert_cmpstr (out, ==, "<dialog id=\"1\"><state>early</state></dialog>");
}

/* RFC 4235 3.6; the RFC's own example 5.1 has one id twice. */
static void
test_dialog_brief (void)
{
  g_autoptr (DialogInfo) info
      = parse (HEAD DIALOG ("as7", "early") DIALOG ("as7", "early") TAIL);
  g_autoptr (DialogInfo) all = dialoginfo_new ();
  g_autoptr (DialogInfo) other = parse (HEAD DIALOG ("as7", "trying") TAIL);
  g_autofree char *out = NULL;

  g_assert_false (dialoginfo_is_talking (info));
  dialoginfo_add (all, info, "keykeykeykey");
  dialoginfo_add (all, other, "ABCDEFGHIJ");
  g_assert_cmpuint (all->dialogs->len, ==, 3);
  out = dialoginfo_elements (all, TRUE);
  g_assert_cmpstr (
      out, ==,
      "<dialog id=\"as7\" direction=\"initiator\"><state>early</state></dialog>"
      "<dialog id=\"as7-keykeyke\" direction=\"initiator\"><state>early</state>"
      "</dialog><dialog id=\"as7-ABCDEFGH\" direction=\"initiator\"><state>"
      "trying</state></dialog>");
}

static void
test_dialog_choose (void)
{
  g_autoptr (DialogInfo) info = parse (
      HEAD "<dialog id=\"1\" call-id=\"c\" local-tag=\"l\" remote-tag=\"r\">"
           "<state>early</state><local><session-description type=\"a/b\">v=0"
           "</session-description></local></dialog>"
           "<dialog id=\"2\" call-id=\"c\" local-tag=\"l\"><state>early"
           "</state></dialog>" DIALOG ("3", "trying") TAIL);
  g_autofree char *out = NULL;

  dialoginfo_choose (info, "c", "l", NULL);
  g_assert_cmpuint (info->dialogs->len, ==, 2);
  dialoginfo_choose (info, "c", "l", "r");
  out = dialoginfo_elements (info, FALSE);
  g_assert_cmpstr (out, ==,
                   "<dialog id=\"1\" call-id=\"c\" local-tag=\"l\""
                   " remote-tag=\"r\"><state>early</state><local/></dialog>");
  dialoginfo_choose (info, "d", NULL, NULL);
  g_assert_cmpuint (info->dialogs->len, ==, 0);
}

static void
test_dialog_bad (void)
{
  static const char *const texts[] = {
    "",
    "<dialog-info/>",
    HEAD DIALOG ("", "early") TAIL,
    HEAD DIALOG ("a", "busy") TAIL,
    HEAD "<dialog id=\"a\"/>" TAIL,
    HEAD,
    "<!DOCTYPE x><dialog-info xmlns=\"urn:ietf:params:xml:ns:dialog-info\"/>",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    DialogInfo *info = (gpointer)1;

    g_assert_false (
        dialoginfo_parse (texts[i], strlen (texts[i]), &info, &error));
    g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
    g_assert_null (info);
  }
}

static void
test_dialog_cut (void)
{
  static const char text[] = HEAD DIALOG ("a", "confirmed") TAIL;

  for (gsize n = 0; n < strlen (text); n++) {
    DialogInfo *info = NULL;

    g_assert_false (dialoginfo_parse (text, n, &info, NULL));
  }
}

static void
test_dialog_many (void)
{
  g_autoptr (GString) text = g_string_new (HEAD);
  g_autoptr (GError) error = NULL;
  DialogInfo *info = NULL;

  for (guint i = 0; i < 101; i++)
    g_string_append (text, DIALOG ("a", "early"));
  g_string_append (text, TAIL);
  g_assert_false (dialoginfo_parse (text->str, text->len, &info, &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_BOUND);
}

/* --- reg --- */

#define REG_HEAD                                                               \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                               \
  "<reginfo xmlns=\"urn:ietf:params:xml:ns:reginfo\""                          \
  " xmlns:gr=\"urn:ietf:params:xml:ns:gruuinfo\""

static void
assert_document (ReginfoWriter *writer, const char *expected)
{
  g_autoptr (GBytes) bytes = reginfo_end (writer);
  g_autofree char *text
      = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

  g_assert_cmpstr (text, ==, expected);
}

static void
test_reg_init (void)
{
  assert_document (reginfo_start (0, TRUE, "sip:joe@example.com", "a7", "init"),
                   REG_HEAD
                   " version=\"0\" state=\"full\"><registration"
                   " aor=\"sip:joe@example.com\" id=\"a7\" state=\"init\">"
                   "</registration></reginfo>\n");
}

static void
test_reg_contacts (void)
{
  ReginfoWriter *writer
      = reginfo_start (4, FALSE, "sip:joe@example.com", "a7", "active");

  reginfo_add (writer, &(ReginfoContact){
                           .id = "76",
                           .event = "registered",
                           .is_active = TRUE,
                           .expires = 271,
                           .q = 800,
                           .call_id = "c<1",
                           .cseq = 9,
                           .uri = "sip:joe@pc887.example.com",
                           .params = ";audio;+sip.x=\"a;b\\\"c\" ; class=home",
                           .instance = "urn:uuid:f81d",
                           .pub_gruu = "sip:joe@example.com;gr=urn:uuid:f81d",
                       });
  reginfo_add (writer, &(ReginfoContact){ .id = "77",
                                          .event = "expired",
                                          .expires = 0,
                                          .q = 1000,
                                          .uri = "sip:joe@university.edu" });
  assert_document (
      writer, REG_HEAD
      " version=\"4\" state=\"partial\"><registration"
      " aor=\"sip:joe@example.com\" id=\"a7\" state=\"active\">"
      "<contact id=\"76\" state=\"active\" event=\"registered\""
      " expires=\"271\" q=\"0.8\" callid=\"c&lt;1\" cseq=\"9\">"
      "<uri>sip:joe@pc887.example.com</uri>"
      "<unknown-param name=\"+sip.instance\">\"&lt;urn:uuid:f81d&gt;\""
      "</unknown-param><unknown-param name=\"audio\"></unknown-param>"
      "<unknown-param name=\"+sip.x\">\"a;b\\\"c\"</unknown-param>"
      "<unknown-param name=\"class\">home</unknown-param>"
      "<gr:pub-gruu uri=\"sip:joe@example.com;gr=urn:uuid:f81d\"/></contact>"
      "<contact id=\"77\" state=\"terminated\" event=\"expired\">"
      "<uri>sip:joe@university.edu</uri></contact></registration></reginfo>\n");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/rfc4235-4.2/round-trip", test_dialog_round_trip);
  g_test_add_func ("/codec/rfc4235-4.1/prefixed", test_dialog_prefixed);
  g_test_add_func ("/codec/rfc4235-3.6/brief", test_dialog_brief);
  g_test_add_func ("/codec/rfc4235-3.2/choose", test_dialog_choose);
  g_test_add_func ("/codec/rfc4235-4.1/bad", test_dialog_bad);
  g_test_add_func ("/codec/rfc4235-4.1/cut-at-every-byte", test_dialog_cut);
  g_test_add_func ("/codec/rfc4235-4.1/many", test_dialog_many);
  g_test_add_func ("/codec/rfc3680-5.1/init", test_reg_init);
  g_test_add_func ("/codec/rfc5628-5/contacts", test_reg_contacts);
  return g_test_run ();
}

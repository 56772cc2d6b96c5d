/* SPDX-License-Identifier: ISC
 *
 * codec/imdn. */
#include "base/error.h"
#include "codec/imdn.h"

#include <string.h>

#define HEAD                                                                   \
  "From: Alice <sip:alice@example.com>\r\n"                                    \
  "To: Bob <sip:bob@example.com>\r\n"                                          \
  "NS: i <urn:ietf:params:imdn>\r\n"
#define ID "i.Message-ID: 34jk324j\r\n"
#define DATE "DateTime: 2006-04-04T12:16:49-05:00\r\n"
#define TEXT "\r\nContent-type: text/plain\r\n\r\nHello World"
#define ASK(what) "i.Disposition-Notification: " what "\r\n"

static Cpim *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  Cpim *cpim = NULL;

  cpim_parse (text, strlen (text), &cpim, &error);
  g_assert_no_error (error);
  return cpim;
}

static const struct {
  const char *text;
  guint wanted; /* 0: no request */
} requests[] = {
  { HEAD ID DATE ASK ("positive-delivery, negative-delivery") TEXT,
    IMDN_POSITIVE | IMDN_NEGATIVE },
  { HEAD ID ASK ("display") ASK ("processing;a=b ,other") TEXT,
    IMDN_DISPLAY | IMDN_PROCESSING },
  { HEAD ID TEXT, 0 },
  { HEAD ID ASK ("") TEXT, 0 },
  { HEAD ID ASK ("Display, other") TEXT, 0 },
  { HEAD ASK ("display") TEXT, 0 },
  { "NS: i <urn:ietf:params:imdn>\r\nTo: <sip:b@c>\r\n" ID ASK ("display") TEXT,
    0 },
  { "NS: i <urn:ietf:params:imdn>\r\nTo: <sip:b@c>\r\n"
    "From: <sip:anonymous@anonymous.invalid>\r\n" ID ASK ("display") TEXT,
    0 },
  { "NS: i <urn:other>\r\nTo: <sip:b@c>\r\nFrom: <sip:a@b>\r\n" ID ASK (
        "display") TEXT,
    0 },
  /* 7.2.1: never an IMDN for an IMDN. */
  { HEAD ID ASK ("display") "\r\nContent-Type: message/imdn+xml\r\n\r\n<x/>",
    0 },
  { HEAD ID ASK (
        "display") "\r\nContent-Type: multipart/mixed;boundary=b\r\n\r\n"
                   "--b\r\nContent-Type: message/imdn+xml\r\n\r\n<x/>\r\n--b--",
    0 },
};

static void
test_requests (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (requests); i++) {
    g_autoptr (Cpim) cpim = parse (requests[i].text);
    g_autoptr (ImdnRequest) request = imdn_request (cpim);

    g_assert_cmpint (request != NULL, ==, requests[i].wanted != 0);
    if (request != NULL)
      g_assert_cmpuint (request->wanted, ==, requests[i].wanted);
  }
}

static void
test_is (void)
{
  const char *imdn = requests[9].text, *many = requests[10].text;
  const char *message = requests[0].text;
  const char *inner = strstr (many, "--b\r\n");

  g_assert_true (imdn_is ("message/imdn+xml", "deflate", "\x78\x9c", 2));
  g_assert_true (imdn_is ("message/CPIM", NULL, imdn, strlen (imdn)));
  g_assert_true (imdn_is ("message/cpim", "identity", many, strlen (many)));
  g_assert_true (
      imdn_is ("multipart/mixed;boundary=b", NULL, inner, strlen (inner)));
  g_assert_false (imdn_is ("message/cpim", NULL, message, strlen (message)));
  g_assert_false (imdn_is ("message/cpim", "deflate", imdn, strlen (imdn)));
  g_assert_false (imdn_is ("message/cpim", NULL, "", 0));
  g_assert_false (imdn_is ("multipart/mixed", NULL, inner, strlen (inner)));
  g_assert_false (imdn_is ("text/plain", NULL, imdn, strlen (imdn)));
  g_assert_false (imdn_is (NULL, NULL, NULL, 0));
}

static Imdn *
read_stored (GBytes *bytes, Cpim **cpim)
{
  g_autoptr (GError) error = NULL;
  Imdn *imdn = NULL;

  cpim_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), cpim,
              &error);
  g_assert_no_error (error);
  imdn_parse ((*cpim)->content.body, (*cpim)->content.len, &imdn, &error);
  g_assert_no_error (error);
  return imdn;
}

static void
assert_content (const Cpim *cpim)
{
  g_autofree char *type = mime_header (&cpim->content, "Content-Type");
  g_autofree char *disposition
      = mime_header (&cpim->content, "Content-Disposition");
  g_autofree char *length = mime_header (&cpim->content, "Content-Length");

  g_assert_cmpstr (type, ==, "message/imdn+xml");
  g_assert_cmpstr (disposition, ==, "notification");
  g_assert_cmpuint (strtoul (length, NULL, 10), ==, cpim->content.len);
}

/* 8.1: from the recipient to the sender, about the message, with its date. */
static void
test_stored (void)
{
  g_autoptr (Cpim) asked
      = parse (HEAD ID DATE ASK ("processing") "Subject: a<b\r\n" TEXT);
  g_autoptr (ImdnRequest) request = imdn_request (asked);
  const char *target = NULL;
  g_autoptr (GBytes) bytes
      = imdn_write_stored (request, "own-1", 1144152975, &target);
  g_autoptr (Cpim) cpim = NULL;
  g_autoptr (Imdn) imdn = read_stored (bytes, &cpim);

  g_assert_cmpstr (target, ==, "sip:alice@example.com");
  g_assert_cmpstr (cpim_value (cpim, NULL, "From"), ==,
                   "<sip:bob@example.com>");
  g_assert_cmpstr (cpim_value (cpim, NULL, "To"), ==,
                   "<sip:alice@example.com>");
  g_assert_cmpstr (cpim_value (cpim, NULL, "DateTime"), ==,
                   "2006-04-04T12:16:15Z");
  g_assert_cmpstr (imdn_message_id (cpim), ==, "own-1");
  assert_content (cpim);
  g_assert_cmpstr (imdn->message_id, ==, "34jk324j");
  g_assert_cmpstr (imdn->datetime, ==, "2006-04-04T12:16:49-05:00");
  g_assert_cmpstr (imdn->recipient, ==, "sip:bob@example.com");
  g_assert_cmpstr (imdn->original_recipient, ==, "sip:bob@example.com");
  g_assert_cmpstr (imdn->subject, ==, "a<b");
  g_assert_cmpint (imdn->kind, ==, IMDN_OF_PROCESSING);
  g_assert_cmpint (imdn->status, ==, IMDN_STORED);
  g_assert_null (imdn_request (cpim));
  g_assert_true (imdn_is ("message/cpim", NULL, g_bytes_get_data (bytes, NULL),
                          g_bytes_get_size (bytes)));
}

/* 7.2.1: back by the way that asked to stay on it. */
static void
test_routes (void)
{
  g_autoptr (Cpim) asked = parse (HEAD ID ASK (
      "processing") "i.IMDN-Record-Route: <sip:second@x.org>\r\n"
                    "i.IMDN-Record-Route: First <sip:first@x.org>\r\n"
                    "i.Original-To: <sip:list@example.com>\r\n" TEXT);
  g_autoptr (ImdnRequest) request = imdn_request (asked);
  const char *target = NULL;
  g_autoptr (GBytes) bytes = imdn_write_stored (request, "own-1", 0, &target);
  g_autoptr (Cpim) cpim = NULL;
  g_autoptr (Imdn) imdn = read_stored (bytes, &cpim);

  g_assert_cmpstr (target, ==, "sip:second@x.org");
  g_assert_cmpstr (cpim_nth (cpim, IMDN_NS, "IMDN-Route", 0), ==,
                   "<sip:second@x.org>");
  g_assert_cmpstr (cpim_nth (cpim, IMDN_NS, "IMDN-Route", 1), ==,
                   "<sip:first@x.org>");
  g_assert_cmpstr (imdn->original_recipient, ==, "sip:list@example.com");
  g_assert_cmpstr (imdn->datetime, ==, "1970-01-01T00:00:00Z");
}

static void
test_not_stored (void)
{
  static const char *const texts[]
      = { HEAD ID ASK ("display") TEXT,
          "NS: i <urn:ietf:params:imdn>\r\nTo: <sip:b@c>\r\n"
          "From: <sip:a b@c>\r\n" ID ASK ("processing") TEXT,
          HEAD ID ASK ("processing") "i.IMDN-Record-Route: <a b>\r\n" TEXT };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (Cpim) cpim = parse (texts[i]);
    g_autoptr (ImdnRequest) request = imdn_request (cpim);
    const char *target;

    g_assert_nonnull (request);
    g_assert_null (imdn_write_stored (request, "own-1", 0, &target));
  }
}

#define DOC(inner)                                                             \
  "<imdn xmlns=\"urn:ietf:params:xml:ns:imdn\">" inner "</imdn>"
#define BASE "<message-id>m</message-id><datetime>d</datetime>"
#define ABOUT(kind, status)                                                    \
  "<" kind "-notification><status>" status "</status></" kind "-notification>"

static const struct {
  const char *text;
  gboolean is_fine;
  ImdnStatus status;
} documents[] = {
  { DOC (BASE ABOUT ("delivery", "<delivered/>")), TRUE, IMDN_DELIVERED },
  { DOC (BASE ABOUT ("delivery", "<failed/>")), TRUE, IMDN_FAILED },
  { DOC (BASE ABOUT ("display", "<displayed/>")), TRUE, IMDN_DISPLAYED },
  { DOC (BASE ABOUT ("display", "<error/>")), TRUE, IMDN_ERROR },
  { DOC (BASE ABOUT ("processing", "<forbidden/>")), TRUE, IMDN_FORBIDDEN },
  { DOC (BASE ABOUT ("display", "<x xmlns='urn:x'/>")), TRUE, IMDN_OTHER },
  { DOC (BASE ABOUT ("display", "<delivered/>")), FALSE, 0 },
  { DOC (BASE ABOUT ("delivery", "")), FALSE, 0 },
  { DOC (BASE "<display-notification/>"), FALSE, 0 },
  { DOC (BASE), FALSE, 0 },
  { DOC (BASE ABOUT ("display", "<displayed/>")
             ABOUT ("delivery", "<delivered/>")),
    FALSE, 0 },
  { DOC ("<datetime>d</datetime>" ABOUT ("display", "<displayed/>")), FALSE,
    0 },
  { DOC ("<message-id>m</message-id>" ABOUT ("display", "<displayed/>")), FALSE,
    0 },
  { "<imdn/>", FALSE, 0 },
  { "x\x9c deflated", FALSE, 0 },
};

static void
test_documents (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
    g_autoptr (Imdn) imdn = NULL;
    g_autoptr (GError) error = NULL;
    gboolean is_fine = imdn_parse (documents[i].text,
                                   strlen (documents[i].text), &imdn, &error);

    g_assert_cmpint (is_fine, ==, documents[i].is_fine);
    if (is_fine)
      g_assert_cmpint (imdn->status, ==, documents[i].status);
    else
      g_assert_error (error, RC_ERROR, RC_ERROR_SYNTAX);
  }
}

static void
test_round_trip (void)
{
  for (guint i = 0; i < 5; i++) {
    g_autoptr (Imdn) imdn = NULL, again = NULL;
    g_autoptr (GBytes) once = NULL, twice = NULL;

    g_assert_true (imdn_parse (documents[i].text, strlen (documents[i].text),
                               &imdn, NULL));
    imdn->recipient = g_strdup ("sip:a&b@c");
    once = imdn_write (imdn);
    g_assert_true (imdn_parse (g_bytes_get_data (once, NULL),
                               g_bytes_get_size (once), &again, NULL));
    twice = imdn_write (again);
    g_assert_true (g_bytes_equal (once, twice));
    g_assert_cmpstr (again->recipient, ==, "sip:a&b@c");
  }
}

static void
test_cut (void)
{
  const char *text = documents[0].text;

  for (gsize len = 0; len < strlen (text); len++) {
    g_autofree char *cut = g_memdup2 (text, len);
    g_autoptr (Imdn) imdn = NULL;

    g_assert_false (imdn_parse (cut, len, &imdn, NULL));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/codec/imdn/rfc5438-7.1.1/requests", test_requests);
  g_test_add_func ("/codec/imdn/rfc5438-9/is", test_is);
  g_test_add_func ("/codec/imdn/rfc5438-8.1/stored", test_stored);
  g_test_add_func ("/codec/imdn/rfc5438-7.2.1/routes", test_routes);
  g_test_add_func ("/codec/imdn/rfc5438-8.1/not-stored", test_not_stored);
  g_test_add_func ("/codec/imdn/rfc5438-11/documents", test_documents);
  g_test_add_func ("/codec/imdn/round-trip", test_round_trip);
  g_test_add_func ("/codec/imdn/cut", test_cut);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * MESSAGE from the wire to service/ and back: what service/ is told, what the
 * sender gets, and what a device gets of a request that was kept.  service/ is a
 * double, the rest is real. */
#include "sip-bytes.h"
#include "sip-out-rig.h"

#include "service/xmpp.h"
#include "sip/dispatch.h"
#include "sip/message.h"

#include <string.h>
#include <unistd.h>

/* Sat, 13 Nov 2010 23:29:00 GMT, and the text of it. */
#define NOW G_GINT64_CONSTANT (1289690940)
#define DATE_NOW "Date: Sat, 13 Nov 2010 23:29:00 GMT\r\n"
#define DATE_BEFORE "Date: Sat, 13 Nov 2010 23:28:00 GMT\r\n"
#define DATE_AFTER "Date: Sat, 13 Nov 2010 23:30:00 GMT\r\n"

/* --- what a MESSAGE says --- */

typedef struct {
  const char *headers, *body;
  const char *said; /* "dialog type encoding length expires date" */
} ReadRow;

static const ReadRow READ_ROWS[] = {
  { "", "", "0 - - 0 -1 0" },
  { "Content-Type: text/plain;charset=utf-8\r\n", "hello",
    "0 text/plain;charset=utf-8 - 5 -1 0" },
  { "c: Message/CPIM\r\ne: deflate\r\n", "x", "0 Message/CPIM deflate 1 -1 0" },
  { "Expires: 60\r\n", "", "0 - - 0 60 0" },
  { "Expires: 0\r\n", "", "0 - - 0 0 0" },
  { "Expires: 60\r\n" DATE_NOW, "", "0 - - 0 60 1289690940" },
  { "Expires: 100\r\n" DATE_BEFORE, "", "0 - - 0 40 1289690880" },
  { "Expires: 60\r\n" DATE_BEFORE, "", "0 - - 0 0 1289690880" },
  { "Expires: 10\r\n" DATE_BEFORE, "", "0 - - 0 0 1289690880" },
  { "Expires: 60\r\n" DATE_AFTER, "", "0 - - 0 60 1289691000" },
  { "Expires: 4294967295\r\n" DATE_NOW, "", "0 - - 0 4294967295 1289690940" },
  { "Expires: Sat, 13 Nov 2010 23:30:00 GMT\r\n", "", "0 - - 0 60 0" },
  { DATE_BEFORE, "", "0 - - 0 -1 1289690880" },
  { "Date: yesterday\r\nExpires: 9\r\n", "", "0 - - 0 9 0" },
  { "Date: Mon, 01 Jan 1900 00:00:00 GMT\r\nExpires: 9\r\n", "",
    "0 - - 0 0 0" },
};

static char *
request_text (const char *uri, const char *to_tag, const char *headers,
              const char *body)
{
  static guint number;

  number++;
  return g_strdup_printf ("MESSAGE %s SIP/2.0\r\n"
                          "Via: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK-%u;"
                          "rport\r\n"
                          "Max-Forwards: 70\r\n"
                          "From: \"A\" <sip:alice@example.com;gr=urn:a>;tag=a1"
                          "\r\nTo: <sip:bob@example.com>%s\r\n"
                          "Call-ID: c%u\r\nCSeq: %u MESSAGE\r\n%s"
                          "Content-Length: %zu\r\n\r\n%s",
                          uri, number, to_tag, number, number, headers,
                          strlen (body), body);
}

#define OR_NONE(TEXT) ((TEXT) != NULL ? (TEXT) : "-")

static char *
said (const MessageCommand *command)
{
  return g_strdup_printf ("%d %s %s %zu %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
                          command->is_in_dialog,
                          OR_NONE (command->content_type),
                          OR_NONE (command->content_encoding),
                          command->body_len, command->expires, command->date);
}

static void
test_read (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (READ_ROWS); i++) {
    const ReadRow *row = &READ_ROWS[i];
    g_autofree char *text
        = request_text ("sip:bob@example.com", "", row->headers, row->body);
    msg_t *msg = make_message (text, strlen (text));
    MessageCommand command = { 0 };
    g_autofree char *got = NULL;

    message_read (msg_home (msg), sip_object (msg), NOW, &command);
    got = said (&command);
    if (!g_str_equal (got, row->said))
      g_error ("row %u: %s, not %s", i, got, row->said);
    g_assert_true (command.is_message);
    g_assert_cmpmem (command.body, command.body_len, row->body,
                     strlen (row->body));
    msg_destroy (msg);
  }
}

/* What goes to XMPP: a header that is folded is one line. */
static void
test_read_what_crosses (void)
{
  static const struct {
    const char *uri, *headers, *subject, *language;
    gboolean is_sips;
  } rows[] = {
    { "sip:x@example.net", "", NULL, NULL, FALSE },
    { "sip:x@example.net", "s: Of\r\n  ships\r\nContent-Language: cs, en\r\n",
      "Of ships", "cs, en", FALSE },
    { "sips:x@example.net", "Subject: \r\n", "", NULL, TRUE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *text = request_text (rows[i].uri, "", rows[i].headers, "");
    msg_t *msg = make_message (text, strlen (text));
    MessageCommand command = { 0 };

    message_read (msg_home (msg), sip_object (msg), NOW, &command);
    g_assert_cmpstr (command.subject, ==, rows[i].subject);
    g_assert_cmpstr (command.language, ==, rows[i].language);
    g_assert_cmpint (command.is_sips, ==, rows[i].is_sips);
    msg_destroy (msg);
  }
}

#define MIXED "Content-Type: multipart/mixed;boundary=b\r\n"
#define PLAIN_PART "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
#define LIST_PART                                                              \
  "--b\r\nContent-Type: application/resource-lists+xml\r\n"                    \
  "Content-Disposition: Recipient-List;handling=required\r\n\r\n<x/>\r\n"

static const struct {
  const char *headers, *body;
  gboolean is_many;
} MANY_ROWS[] = {
  { "Content-Type: text/plain\r\n", "hello", FALSE },
  { "Require: recipient-list-message\r\n", "", TRUE },
  { "Require: x, Recipient-List-Message\r\n", "", TRUE },
  { "Require: recipient-list-invite\r\n", "", FALSE },
  { MIXED, PLAIN_PART LIST_PART "--b--\r\n", TRUE },
  { MIXED, PLAIN_PART "--b--\r\n", FALSE },
  { MIXED, PLAIN_PART LIST_PART, FALSE }, /* cut */
  { "Content-Type: multipart/mixed\r\n", LIST_PART "--b--\r\n", FALSE },
  { "Content-Type: application/resource-lists+xml\r\n"
    "Content-Disposition: recipient-list\r\n",
    "<x/>", TRUE },
  { "Content-Type: application/resource-lists+xml\r\n", "<x/>", FALSE },
};

static void
test_many (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (MANY_ROWS); i++) {
    g_autofree char *text = request_text (
        "sip:example.com", "", MANY_ROWS[i].headers, MANY_ROWS[i].body);
    msg_t *msg = make_message (text, strlen (text));

    if (message_is_to_many (sip_object (msg)) != MANY_ROWS[i].is_many)
      g_error ("row %u", i);
    msg_destroy (msg);
  }
}

/* --- service/, a double --- */

typedef struct {
  PeerServer *server;
  Peer *alice, *device;
  char *device_source;
  OutRig o;
  Clock clock;
  MessageAnswer answer; /* SERVICE_RELAYED: of the device */
  gboolean keeps;
  SipIncoming *kept;
  char *said;   /* of the last command */
  char *caller; /* "user instance contact" */
  MessageAnswerFn done;
  gpointer done_data;
  guint status;
  guint asked, ends;
} Rig;

static Rig *rig_now;

gboolean
service_has_domain (Service *service, const char *host)
{
  return g_str_equal (host, "example.com");
}

gboolean
xmpp_has_domain (Service *service, const char *host)
{
  return FALSE;
}

gboolean
xmpp_has_rooms (Service *service, const char *host)
{
  return FALSE;
}

gboolean
service_is_ready (Service *service)
{
  return TRUE;
}

const StoreUser *
service_user (Service *service, const char *aor)
{
  return NULL;
}

const char *
service_allow_events (void)
{
  return "presence";
}

void
service_register (Service *self, const ServiceCaller *caller,
                  const RegRequest *request, RegisterAnswerFn answer,
                  gpointer data)
{
  g_assert_not_reached ();
}

void
service_publish (Service *self, const ServiceCaller *caller,
                 const PublishCommand *command, PublishAnswerFn answer,
                 gpointer data)
{
  g_assert_not_reached ();
}

void
service_subscribe (Service *self, const ServiceCaller *caller,
                   const SubscribeCommand *command, SubscribeAnswerFn answer,
                   gpointer data)
{
  g_assert_not_reached ();
}

ServiceVerdict
service_notified (Service *self, const WatchNotify *notify,
                  const char **accept_out)
{
  g_assert_not_reached ();
}

static void
forwarded_cb (guint status, SipResponse *response, gpointer data)
{
  Rig *rig = data;
  MessageAnswer answer = { .verdict = SERVICE_RELAYED, .response = response };

  rig->ends++;
  rig->status = status;
  if (rig->done != NULL) {
    g_assert_nonnull (response);
    rig->done (&answer, rig->done_data);
  }
  rig->done = NULL;
}

static void
forward (Rig *rig, SipIncoming *request)
{
  SipTarget target
      = { .target = "sip:bob@10.99.0.5", .received = rig->device_source };

  rig->o.port->forward (rig->o.port->self, request, &target, forwarded_cb, rig);
}

void
service_message (Service *service, const ServiceCaller *caller,
                 const MessageCommand *command, MessageAnswerFn answer,
                 gpointer data)
{
  Rig *rig = rig_now;
  g_autofree char *said_of_it = said (command);

  rig->asked++;
  g_free (rig->said);
  rig->said
      = g_strdup_printf ("%s %s %s %d %d %s", OR_NONE (command->recipient),
                         OR_NONE (command->instance), OR_NONE (command->list),
                         command->is_many, command->is_message, said_of_it);
  g_free (rig->caller);
  rig->caller
      = g_strdup_printf ("%s %s %s", caller->user, OR_NONE (caller->instance),
                         OR_NONE (caller->contact));
  if (rig->keeps)
    rig->kept = rig->o.port->keep_request (rig->o.port->self, command->request);
  if (rig->answer.verdict != SERVICE_RELAYED || rig->answer.status != 0) {
    answer (&rig->answer, data);
    return;
  }
  rig->done = answer;
  rig->done_data = data;
  forward (rig, command->request);
}

/* --- rig --- */

static gint64
clock_cb (gpointer self)
{
  return g_get_monotonic_time ();
}

static gint64
wall_cb (gpointer self)
{
  return NOW * G_USEC_PER_SEC;
}

static void
set_up (Rig *rig, gconstpointer data)
{
  g_autofree char *name = NULL;

  rig->server = peer_server_new ("trusted_peers=127.0.0.1\n");
  rig->server->handler = dispatch_message;
  rig->server->data = &rig->o.sip;
  rig->clock = (Clock){ .now = clock_cb, .wall = wall_cb };
  rig->o.sip = (Sip){ .conf = rig->server->conf,
                      .clock = &rig->clock,
                      .transport = rig->server->transport,
                      .answers = answers_new (100, 32),
                      .per_source = limit_new (0, 0, 1),
                      .per_user = limit_new (0, 0, 1),
                      .limits = { .max_body = 1024, .max_headers = 128 } };
  out_rig_start (&rig->o, rig->server);
  rig->o.sip.counters = rig->o.counters;
  rig->alice = peer_new (rig->server, "127.0.0.1", "udp");
  rig->device = peer_new (rig->server, "127.0.0.1", "udp");
  name = peer_name (rig->device);
  rig->device_source = g_strdup_printf ("udp:%s", name);
  rig->answer.verdict = SERVICE_ACCEPTED;
  rig_now = rig;
}

static void
tear_down (Rig *rig, gconstpointer data)
{
  if (rig->kept != NULL)
    rig->o.port->drop_request (rig->o.port->self, rig->kept);
  out_rig_stop (&rig->o);
  peer_free (rig->alice);
  peer_free (rig->device);
  answers_free (rig->o.sip.answers);
  limit_free (rig->o.sip.per_source);
  limit_free (rig->o.sip.per_user);
  peer_server_free (rig->server);
  g_free (rig->device_source);
  g_free (rig->said);
  g_free (rig->caller);
}

/* One whole message; caller frees. */
static char *
take (Rig *rig, Peer *peer)
{
  char *text;

  while (strstr (peer->in->str, "\r\n\r\n") == NULL) {
    peer_turn (rig->server);
    peer_read (peer);
  }
  text = g_strdup (peer->in->str);
  g_string_truncate (peer->in, 0);
  return text;
}

/* What Alice gets for it; caller frees. */
static char *
exchange (Rig *rig, const char *uri, const char *to_tag, const char *headers,
          const char *body)
{
  g_autofree char *text = request_text (uri, to_tag, headers, body);

  peer_send (rig->server, rig->alice, text, -1);
  return take (rig, rig->alice);
}

static guint
status_of (const char *answer)
{
  return (guint)g_ascii_strtoull (answer + strlen ("SIP/2.0 "), NULL, 10);
}

/* The device answers what it has got. */
static void
answer_as_device (Rig *rig, const char *request, const char *rest)
{
  static const char *const names[]
      = { "\r\nVia:", "\r\nFrom:", "\r\nTo:", "\r\nCall-ID:", "\r\nCSeq:" };
  g_autoptr (GString) out = g_string_new ("SIP/2.0 ");
  const char *split = strstr (rest, "\r\n");

  g_string_append_len (out, rest, split - rest);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const char *at = strstr (request, names[i]);

    while (at != NULL) { /* each Via */
      g_string_append_len (out, at, strcspn (at + 2, "\r") + 2);
      at = i == 0 ? strstr (at + 2, names[i]) : NULL;
    }
    if (i == 2)
      g_string_append (out, ";tag=device");
  }
  g_string_append (out, split);
  peer_send (rig->server, rig->device, out->str, (gssize)out->len);
}

/* --- what service/ is told, and the sender --- */

typedef struct {
  const char *uri, *to_tag, *headers, *body;
  guint status;     /* that Alice gets; 202: service/ was asked */
  const char *said; /* "recipient instance list many message" and as above */
  const char *has;  /* of the answer */
} AskRow;

#define LIST_BODY PLAIN_PART LIST_PART "--b--\r\n"

static const AskRow ASK_ROWS[] = {
  { "sip:bob@example.com", "", "", "", 202,
    "bob@example.com - - 0 1 0 - - 0 -1 0", NULL },
  { "sip:bob@example.com;gr=urn:uuid:1", "", "Require: one\r\n", "", 202,
    "bob@example.com urn:uuid:1 - 0 1 0 - - 0 -1 0", NULL },
  { "sip:bob@example.com", ";tag=t", "Expires: 90\r\n" DATE_BEFORE, "", 202,
    "bob@example.com - - 0 1 1 - - 0 30 1289690880", NULL },
  { "sip:bob@example.com", "", "Proxy-Require: one\r\n", "", 420, NULL,
    "\r\nUnsupported: one\r\n" },
  { "sip:bob@example.com;pres-list=my%20friends", "", "", "", 202,
    "bob@example.com - my friends 0 1 0 - - 0 -1 0", NULL },
  { "sip:bob@example.com;pres-list=contacts", ";tag=t", "", "", 481, NULL,
    NULL },
  { "sip:bob@example.com;pres-list=contacts", "",
    "Require: recipient-list-message\r\n", "", 420, NULL,
    "\r\nUnsupported: recipient-list-message\r\n" },
  { "sip:example.com", "", "Require: recipient-list-message\r\n" MIXED,
    LIST_BODY, 202, "- - - 1 1 0 multipart/mixed;boundary=b - 161 -1 0", NULL },
  { "sip:example.com", "", MIXED, LIST_BODY, 202,
    "- - - 1 1 0 multipart/mixed;boundary=b - 161 -1 0", NULL },
  { "sip:example.com", "", "Require: recipient-list-message, two\r\n" MIXED,
    LIST_BODY, 420, NULL, "\r\nUnsupported: two\r\n" },
  { "sip:example.com", ";tag=t", "Require: recipient-list-message\r\n" MIXED,
    LIST_BODY, 481, NULL, NULL },
  { "sip:example.com", "", "Content-Type: text/plain\r\n", "hello", 404, NULL,
    NULL },
  { "sip:example.com", ";tag=t", "", "", 481, NULL, NULL },
  { "tel:+4930123", "", "", "", 416, NULL, NULL },
  { "im:bob@example.com", "", "", "", 416, NULL, NULL },
  { "sip:eve@example.net", ";tag=t", "Require: one\r\nExpires: 5\r\n", "", 202,
    "- - - 0 1 1 - - 0 5 0", NULL },
  { "sip:bob@example.com", "", "Expires: soon\r\n", "", 400, NULL, NULL },
};

static void
test_ask (Rig *rig, gconstpointer data)
{
  for (guint i = 0; i < G_N_ELEMENTS (ASK_ROWS); i++) {
    const AskRow *row = &ASK_ROWS[i];
    g_autofree char *answer = NULL;

    rig->asked = 0;
    answer = exchange (rig, row->uri, row->to_tag, row->headers, row->body);
    if (status_of (answer) != row->status
        || (row->has != NULL && strstr (answer, row->has) == NULL))
      g_error ("row %u: %s", i, answer);
    g_assert_cmpuint (rig->asked, ==, row->said != NULL ? 1 : 0);
    if (row->said != NULL && !g_str_equal (rig->said, row->said))
      g_error ("row %u: %s, not %s", i, rig->said, row->said);
    g_assert_nonnull (strstr (answer, ";tag="));
    g_assert_null (strstr (answer, "Contact"));
  }
}

/* RFC 3428 4: there is no Contact, so From says which device it is. */
static void
test_caller (Rig *rig, gconstpointer data)
{
  g_autofree char *answer = exchange (rig, "sip:bob@example.com", "", "", "");
  g_autofree char *other = NULL;

  g_assert_cmpstr (rig->caller, ==, "alice@example.com urn:a -");
  other = exchange (rig, "sip:bob@example.com", "",
                    "Contact: <sip:alice@192.0.2.9;gr=urn:c>;"
                    "+sip.instance=\"<urn:b>\"\r\n",
                    "");
  g_assert_cmpstr (rig->caller, ==,
                   "alice@example.com urn:b sip:alice@192.0.2.9;gr=urn:c");
}

static void
test_max_body (Rig *rig, gconstpointer data)
{
  g_autofree char *body = g_strnfill (1025, 'x');
  g_autofree char *large = exchange (rig, "sip:bob@example.com", "",
                                     "Content-Type: text/plain\r\n", body);
  g_autofree char *fits = NULL;

  g_assert_cmpuint (status_of (large), ==, 413);
  g_assert_cmpuint (rig->asked, ==, 0);
  fits = exchange (rig, "sip:bob@example.com", "",
                   "Content-Type: text/plain\r\n", body + 1);
  g_assert_cmpuint (status_of (fits), ==, 202);
}

static void
test_options (Rig *rig, gconstpointer data)
{
  g_autofree char *text = peer_request ("OPTIONS", "udp", 900, NULL, NULL);
  g_autofree char *answer = NULL;

  peer_send (rig->server, rig->alice, text, -1);
  answer = take (rig, rig->alice);
  g_assert_nonnull (strstr (answer, "\r\nAllow: REGISTER, PUBLISH, SUBSCRIBE, "
                                    "NOTIFY, MESSAGE, OPTIONS\r\n"));
  g_assert_nonnull (strstr (
      answer,
      "\r\nSupported: path, gruu, outbound, recipient-list-message, "
      "eventlist, recipient-list-subscribe\r\n"));
}

/* A text may quote what the sender wrote. */
static void
test_warning (Rig *rig, gconstpointer data)
{
  g_autofree char *answer = NULL, *refused = NULL;

  rig->answer
      = (MessageAnswer){ .verdict = SERVICE_TOO_LARGE,
                         .text = "entry \"a\\b\"\r\nX: y \xc3\xa4\xff" };
  answer = exchange (rig, "sip:bob@example.com", "", "", "");
  g_assert_true (
      g_str_has_prefix (answer, "SIP/2.0 413 Request Entity Too Large\r\n"));
  g_assert_nonnull (strstr (answer,
                            "\r\nWarning: 399 rollcall \"entry \\\"a\\\\"
                            "b\\\"  X: y \xc3\xa4\xef\xbf\xbd\"\r\n"));
  rig->answer = (MessageAnswer){ .verdict = SERVICE_BAD_TYPE };
  refused = exchange (rig, "sip:bob@example.com", "", "", "");
  g_assert_nonnull (strstr (refused, "\r\nAccept: multipart/mixed"));
  g_assert_nonnull (strstr (refused, "\r\nAccept-Encoding: identity\r\n"));
}

/* A status that is not of a SIP device's: RFC 7247 has them. */
static void
test_other_status (Rig *rig, gconstpointer data)
{
  g_autofree char *answer = NULL;

  rig->answer = (MessageAnswer){ .verdict = SERVICE_RELAYED,
                                 .status = 604,
                                 .text = "nobody" };
  answer = exchange (rig, "sip:bob@example.com", "", "", "");
  g_assert_true (
      g_str_has_prefix (answer, "SIP/2.0 604 Does Not Exist Anywhere\r\n"));
  g_assert_nonnull (
      strstr (answer, "\r\nWarning: 399 rollcall \"nobody\"\r\n"));
}

/* --- what a device answers --- */

typedef struct {
  const char *name, *answer;
  const char *has, *lacks;
} RelayRow;

static const RelayRow RELAY_ROWS[] = {
  { "bare-2xx",
    "200 Fine\r\nContact: <sip:bob@10.0.0.5>\r\nServer: x\r\n"
    "Record-Route: <sip:192.0.2.5;lr>\r\nAccept: text/plain\r\n"
    "Content-Type: text/plain\r\nContent-Disposition: render\r\n"
    "Content-Length: 2\r\n\r\nhi",
    "\r\nServer: x\r\nContent-Length: 0\r\n\r\n", "Contact" },
  { "no-record-route",
    "202 Later\r\nRecord-Route: <sip:192.0.2.5;lr>\r\n"
    "Content-Length: 0\r\n\r\n",
    ";tag=device\r\n", "Record-Route" },
  { "others-as-they-are",
    "415 No\r\nAccept: text/plain\r\nContent-Type: text/plain\r\n"
    "Content-Length: 2\r\n\r\nno",
    "\r\nAccept: text/plain\r\n", "Record-Route" },
  { "redirect",
    "302 Moved\r\nContact: <sip:bob@example.net>\r\nContent-Length: 0\r\n\r\n",
    "\r\nContact: <sip:bob@example.net>\r\n", "Record-Route" },
};

static void
test_relay (Rig *rig, gconstpointer data)
{
  const RelayRow *row = data;
  g_autofree char *text = request_text (
      "sip:bob@example.com", "", "Record-Route: <sip:192.0.2.7;lr>\r\n", "hi");
  g_autofree char *request = NULL, *answer = NULL;

  rig->answer.verdict = SERVICE_RELAYED;
  peer_send (rig->server, rig->alice, text, -1);
  request = take (rig, rig->device);
  g_assert_null (strstr (request, "Record-Route"));
  answer_as_device (rig, request, row->answer);
  answer = take (rig, rig->alice);
  g_assert_cmpmem (answer + 8, 3, row->answer, 3);
  if (strstr (answer, row->has) == NULL)
    g_error ("%s is not in %s", row->has, answer);
  if (strstr (answer, row->lacks) != NULL)
    g_error ("%s is in %s", row->lacks, answer);
}

/* --- a request that is kept --- */

static void
keep (Rig *rig, const char *headers)
{
  g_autofree char *answer = NULL;

  rig->keeps = TRUE;
  answer = exchange (rig, "sip:bob@example.com", "", headers, "hello");
  g_assert_cmpuint (status_of (answer), ==, 202);
  g_assert_null (rig->kept->tport);
}

static void
wait_end (Rig *rig, guint status)
{
  while (rig->ends == 0)
    peer_turn (rig->server);
  g_assert_cmpuint (rig->ends, ==, 1);
  g_assert_cmpuint (rig->status, ==, status);
}

static void
test_keep_and_forward (Rig *rig, gconstpointer data)
{
  g_autofree char *request = NULL;

  keep (rig, "X-Odd: 1\r\nContent-Type: text/plain\r\n");
  forward (rig, rig->kept);
  rig->o.port->drop_request (rig->o.port->self, g_steal_pointer (&rig->kept));
  request = take (rig, rig->device);
  g_assert_true (
      g_str_has_prefix (request, "MESSAGE sip:bob@10.99.0.5 SIP/2.0\r\n"));
  g_assert_nonnull (strstr (request, "\r\nX-Odd: 1\r\n"));
  g_assert_nonnull (strstr (request, "\r\nMax-Forwards: 69\r\n"));
  g_assert_true (g_str_has_suffix (request, "\r\n\r\nhello"));
  answer_as_device (rig, request, "200 OK\r\nContent-Length: 0\r\n\r\n");
  wait_end (rig, 200);
}

#define END_TO_END                                                             \
  "Subject: a, b\r\nPriority: urgent\r\nReply-To: <sip:desk@example.com>\r\n"  \
  "Organization: W\r\nUser-Agent: P/1\r\nReferred-By: <sip:c@example.com>\r\n" \
  "Content-Language: de\r\nContent-Encoding: deflate\r\n"                      \
  "P-Asserted-Identity: <sip:alice@example.com>\r\nX-Odd: 1\r\n"

static void
send_message (Rig *rig, const SipMessage *message)
{
  SipTarget target
      = { .target = "sip:bob@10.99.0.5;ob", .received = rig->device_source };

  rig->o.port->message (rig->o.port->self, message, &target, forwarded_cb, rig);
  g_assert_cmpuint (rig->ends, ==, 0);
}

/* What was described arrives at the device. */
static void
test_round_trip (Rig *rig, gconstpointer data)
{
  static const char from_to[]
      = "From: \"A\" <sip:alice@example.com;gr=urn:a>;tag=a1\r\n"
        "To: <sip:bob@example.com>\r\n";
  g_autoptr (GBytes) body = g_bytes_new_static ("hello", 5);
  SipMessage message = { "c7", 9, NULL, NOW, 60, "text/plain", body };
  g_autofree char *lines = NULL, *request = NULL, *want = NULL;

  keep (rig, "Require: one\r\nSupported: two\r\nTimestamp: 3\r\n"
             "Contact: <sip:alice@192.0.2.9>\r\n" END_TO_END
             "Content-Type: text/html\r\n");
  lines = rig->o.port->describe (rig->o.port->self, rig->kept);
  g_assert_cmpstr (lines + strlen (from_to), ==, END_TO_END);
  message.headers = lines;
  send_message (rig, &message);
  request = take (rig, rig->device);
  want = g_strconcat ("\r\nMax-Forwards: 70\r\n", from_to, END_TO_END,
                      "Call-ID: c7\r\nCSeq: 9 MESSAGE\r\n" DATE_NOW
                      "Expires: 60\r\nContent-Type: text/plain\r\n"
                      "Content-Length: 5\r\n\r\nhello",
                      NULL);
  g_assert_true (g_str_has_prefix (
      request, "MESSAGE sip:bob@10.99.0.5;ob SIP/2.0\r\nVia: SIP/2.0/UDP "));
  if (!g_str_has_suffix (request, want))
    g_error ("%s does not end in %s", request, want);
  answer_as_device (rig, request, "415 No\r\nContent-Length: 0\r\n\r\n");
  wait_end (rig, 415);
}

static void
test_illegal (Rig *rig, gconstpointer data)
{
  SipMessage message = { "c7", 9, "no header\r\n", 0, -1, NULL, NULL };

  send_message (rig, &message);
  g_assert_cmpuint (sip_out_pending (rig->o.out), ==, 1);
  wait_end (rig, 400);
  g_assert_cmpuint (sip_out_pending (rig->o.out), ==, 0);
}

/* Nobody is told of what is under way at the end. */
static void
test_free (Rig *rig, gconstpointer data)
{
  SipMessage message
      = { "c7", 9,   "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\n", 0, -1,
          NULL, NULL };
  g_autofree char *request = NULL;

  send_message (rig, &message);
  request = take (rig, rig->device);
  g_assert_cmpuint (sip_out_pending (rig->o.out), ==, 1);
}

#define ADD(PATH, TEST) g_test_add (PATH, Rig, NULL, set_up, TEST, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (120);
  g_test_add_func ("/message/rfc3428-7/read", test_read);
  g_test_add_func ("/message/read-what-crosses", test_read_what_crosses);
  g_test_add_func ("/message/rfc5365-6/many", test_many);
  ADD ("/message/ask", test_ask);
  ADD ("/message/rfc5627-4.4/caller", test_caller);
  ADD ("/message/rfc3261-21.4.11/max-body", test_max_body);
  ADD ("/message/rfc5365-5/options", test_options);
  ADD ("/message/rfc3261-20.43/warning", test_warning);
  ADD ("/message/rfc7247-7.1/other-status", test_other_status);
  for (guint i = 0; i < G_N_ELEMENTS (RELAY_ROWS); i++) {
    g_autofree char *path
        = g_strdup_printf ("/message/rfc3428-7/%s", RELAY_ROWS[i].name);

    g_test_add (path, Rig, &RELAY_ROWS[i], set_up, test_relay, tear_down);
  }
  ADD ("/message/keep/forward", test_keep_and_forward);
  ADD ("/message/keep/round-trip", test_round_trip);
  ADD ("/message/own/illegal", test_illegal);
  ADD ("/message/own/free", test_free);
  return g_test_run ();
}

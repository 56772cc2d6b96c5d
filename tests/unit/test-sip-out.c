/* SPDX-License-Identifier: ISC
 *
 * What leaves: NOTIFYs and forwarded copies as bytes, their way, and what an
 * answer means.  No socket. */
#include "sip-bytes.h"

#include "sip/forward.h"
#include "sip/lane.h"
#include "sip/notify.h"
#include "sip/text.h"

#include <string.h>

static SubsDialog
a_dialog (void)
{
  return (SubsDialog){
    .presentity = "alice@example.com",
    .watcher = "bob@example.com",
    .event = "Presence;id=7",
    .call_id = "c1@192.0.2.9",
    .local_tag = "ours",
    .remote_tag = "theirs",
    .local_uri = "sip:alice@example.com",
    .remote_uri = "sip:bob@example.com",
    .target = "sip:bob@10.0.0.5:5070",
    .source = "udp:192.0.2.9:4711",
    .local_contact = "sip:198.51.100.1:5060;transport=udp",
  };
}

static char *
written (const SipNotify *notify)
{
  GString *out = g_string_new (NULL);
  g_autoptr (GBytes) head = NULL;
  msg_t *msg;
  char *text;
  size_t len;

  if (!notify_write (notify, NULL, out)) {
    g_assert_cmpuint (out->len, ==, 0);
    g_string_free (out, TRUE);
    return NULL;
  }
  head = g_string_free_to_bytes (out);
  msg = text_parse (head, notify->body);
  g_assert_nonnull (msg);
  text = bytes_of (msg, &len);
  msg_destroy (msg);
  return text;
}

#define HEAD                                                                   \
  "From: <sip:alice@example.com>;tag=ours\r\n"                                 \
  "To: <sip:bob@example.com>;tag=theirs\r\n"                                   \
  "Call-ID: c1@192.0.2.9\r\n"                                                  \
  "CSeq: 12 NOTIFY\r\n"                                                        \
  "Max-Forwards: 70\r\n"                                                       \
  "Contact: <sip:198.51.100.1:5060;transport=udp>\r\n"                         \
  "Event: Presence;id=7\r\n"

static void
test_notify_bytes (void)
{
  SubsDialog dialog = a_dialog ();
  g_autoptr (GBytes) body = g_bytes_new_static ("<p/>\n", 5);
  SipNotify notify = { .dialog = &dialog,
                       .cseq = 12,
                       .state = SUBS_ACTIVE,
                       .expires = 600,
                       .body = body,
                       .content_type = "application/pidf+xml" };
  g_autofree char *text = written (&notify);

  g_assert_cmpstr (text, ==,
                   "NOTIFY sip:bob@10.0.0.5:5070 SIP/2.0\r\n" HEAD
                   "Subscription-State: active;expires=600\r\n"
                   "Content-Type: application/pidf+xml\r\n"
                   "Content-Length: 5\r\n\r\n<p/>\n");
}

static void
test_notify_verbatim (void)
{
  SubsDialog dialog = a_dialog ();
  g_autoptr (GBytes) body = g_bytes_new_static ("--b\r\n\r\n--b--", 12);
  SipNotify notify = { .dialog = &dialog,
                       .cseq = 12,
                       .state = SUBS_ACTIVE,
                       .expires = 600,
                       .body = body,
                       .content_type = "multipart/related; "
                                       "type=\"application/rlmi+xml\" ;"
                                       " boundary=b" };
  g_autofree char *text = NULL;

  dialog.event = "PRESENCE ; id=\"a b\"";
  text = written (&notify);
  g_assert_nonnull (strstr (text, "\r\nEvent: PRESENCE ; id=\"a b\"\r\n"));
  g_assert_nonnull (strstr (text, "\r\nContent-Type: multipart/related; "
                                  "type=\"application/rlmi+xml\" ;"
                                  " boundary=b\r\n"));
}

static void
test_notify_state (void)
{
  static const struct {
    SubsState state;
    SubsReason reason;
    guint32 expires, retry_after;
    const char *line;
  } rows[] = {
    { SUBS_PENDING, SUBS_NO_REASON, 60, 0, "pending;expires=60" },
    { SUBS_ACTIVE, SUBS_NO_REASON, 0, 9, "active;expires=0" },
    { SUBS_ACTIVE, SUBS_TIMEOUT, 5, 0, "active;expires=5" },
    { SUBS_TERMINATED, SUBS_NO_REASON, 60, 0, "terminated" },
    { SUBS_TERMINATED, SUBS_TIMEOUT, 60, 0, "terminated;reason=timeout" },
    { SUBS_TERMINATED, SUBS_PROBATION, 0, 30,
      "terminated;reason=probation;retry-after=30" },
    { SUBS_TERMINATED, SUBS_DEACTIVATED, 0, 0,
      "terminated;reason=deactivated" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    SubsDialog dialog = a_dialog ();
    SipNotify notify = { .dialog = &dialog,
                         .cseq = 12,
                         .state = rows[i].state,
                         .reason = rows[i].reason,
                         .expires = rows[i].expires,
                         .retry_after = rows[i].retry_after };
    g_autofree char *text = written (&notify);
    g_autofree char *want
        = g_strdup_printf ("NOTIFY sip:bob@10.0.0.5:5070 SIP/2.0\r\n" HEAD
                           "Subscription-State: %s\r\n"
                           "Content-Length: 0\r\n\r\n",
                           rows[i].line);

    g_assert_cmpstr (text, ==, want);
  }
}

/* RFC 6446 9.1, RFC 5839 6.2: rates while it lives, the tag also without a
 * body. */
static void
test_notify_shape (void)
{
  SubsDialog dialog = a_dialog ();
  SipNotify notify = { .dialog = &dialog,
                       .cseq = 12,
                       .state = SUBS_ACTIVE,
                       .expires = 600,
                       .state_params = ";max-rate=0.2",
                       .etag = "ffee2" };
  g_autofree char *text = written (&notify), *last = NULL;

  g_assert_nonnull (strstr (text, "\r\nSubscription-State: "
                                  "active;expires=600;max-rate=0.2\r\n"
                                  "SIP-ETag: ffee2\r\nContent-Length: 0"));
  notify.state = SUBS_TERMINATED;
  last = written (&notify);
  g_assert_nonnull (strstr (last, "\r\nSubscription-State: terminated\r\n"
                                  "SIP-ETag: ffee2\r\n"));
}

static void
test_notify_target (void)
{
  static const struct {
    const char *route, *target, *line;
  } rows[] = {
    { NULL, "sip:b@10.0.0.7", "NOTIFY sip:b@10.0.0.7 SIP/2.0\r\nFrom" },
    { "", NULL, "NOTIFY sip:bob@10.0.0.5:5070 SIP/2.0\r\nFrom" },
    { NULL, "sip:b@10.0.0.7;x=1?Subject=hi",
      "NOTIFY sip:b@10.0.0.7;x=1 SIP/2.0\r\nFrom" },
    { NULL, "sip:b?c@10.0.0.7", "NOTIFY sip:b?c@10.0.0.7 SIP/2.0\r\nFrom" },
    { "<sip:p1.example.net;lr>, <sip:p2.example.net;lr>", NULL,
      "NOTIFY sip:bob@10.0.0.5:5070 SIP/2.0\r\n"
      "Route: <sip:p1.example.net;lr>, <sip:p2.example.net;lr>\r\nFrom" },
    { "<sip:p1.example.net>, <sip:p2.example.net;lr>", NULL,
      "NOTIFY sip:p1.example.net SIP/2.0\r\n"
      "Route: <sip:p2.example.net;lr>, <sip:bob@10.0.0.5:5070>\r\nFrom" },
    { "<sip:p1.example.net>", NULL,
      "NOTIFY sip:p1.example.net SIP/2.0\r\n"
      "Route: <sip:bob@10.0.0.5:5070>\r\nFrom" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    SubsDialog dialog = a_dialog ();
    SipNotify notify
        = { .dialog = &dialog, .cseq = 12, .target = rows[i].target };
    g_autofree char *text = NULL;

    dialog.route_set = rows[i].route;
    text = written (&notify);
    if (!g_str_has_prefix (text, rows[i].line))
      g_error ("row %u: %s", i, text);
  }
}

/* One bad byte in any field: nothing is written. */
static void
test_notify_injection (void)
{
  static const gsize fields[] = {
    G_STRUCT_OFFSET (SubsDialog, event),
    G_STRUCT_OFFSET (SubsDialog, call_id),
    G_STRUCT_OFFSET (SubsDialog, local_tag),
    G_STRUCT_OFFSET (SubsDialog, remote_tag),
    G_STRUCT_OFFSET (SubsDialog, local_uri),
    G_STRUCT_OFFSET (SubsDialog, remote_uri),
    G_STRUCT_OFFSET (SubsDialog, target),
    G_STRUCT_OFFSET (SubsDialog, route_set),
    G_STRUCT_OFFSET (SubsDialog, local_contact),
  };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    SubsDialog dialog = a_dialog ();
    SipNotify notify = { .dialog = &dialog, .cseq = 1 };
    g_autofree char *text = NULL;

    G_STRUCT_MEMBER (const char *, &dialog, fields[i])
        = "sip:x@h\r\nInjected: 1";
    text = written (&notify);
    g_assert_null (text);
  }
}

static void
test_notify_lacking (void)
{
  static const gsize fields[] = {
    G_STRUCT_OFFSET (SubsDialog, event),
    G_STRUCT_OFFSET (SubsDialog, call_id),
    G_STRUCT_OFFSET (SubsDialog, local_tag),
    G_STRUCT_OFFSET (SubsDialog, local_uri),
    G_STRUCT_OFFSET (SubsDialog, remote_uri),
    G_STRUCT_OFFSET (SubsDialog, target),
  };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    SubsDialog dialog = a_dialog ();
    SipNotify notify = { .dialog = &dialog, .cseq = 1 };
    g_autofree char *text = NULL;

    G_STRUCT_MEMBER (const char *, &dialog, fields[i]) = NULL;
    text = written (&notify);
    g_assert_null (text);
  }
}

/* A watcher of RFC 2543 has no tag; a restored dialog may have no Contact. */
static void
test_notify_without (void)
{
  SubsDialog dialog = a_dialog ();
  SipNotify notify = { .dialog = &dialog, .cseq = 1 };
  g_autoptr (GString) out = g_string_new (NULL);

  dialog.remote_tag = NULL;
  dialog.local_contact = NULL;
  g_assert_true (notify_write (&notify, "sip:203.0.113.1:5060", out));
  g_assert_nonnull (strstr (out->str, "\r\nTo: <sip:bob@example.com>\r\n"));
  g_assert_nonnull (
      strstr (out->str, "\r\nContact: <sip:203.0.113.1:5060>\r\n"));
}

static char *
way_text (const Way *way)
{
  GString *out = g_string_new (NULL);
  char url[WAY_URL_MAX];

  switch (way->kind) {
  case WAY_NONE:
    g_assert_nonnull (way->why);
    g_string_append (out, "none");
    break;
  case WAY_FLOW:
    g_string_append_printf (out, "flow %" G_GUINT64_FORMAT, way->flow);
    break;
  case WAY_URI:
    g_string_append_printf (out, "dns %s%s", uri_host (way->uri),
                            way->needs_stream ? " stream" : "");
    break;
  case WAY_HOPS:
    for (gsize i = 0; i < way->n_hops; i++) {
      way_hop_url (&way->hops[i], url);
      g_string_append_printf (out, "%s%s", i ? " " : "", url);
    }
  }
  return g_string_free (out, FALSE);
}

/* RFC 3261 7.3.3: nothing but the names changes. */
static void
test_notify_compact (void)
{
  g_autoptr (GString) head = g_string_new (
      "NOTIFY sip:b@192.0.2.1 SIP/2.0\r\nRoute: <sip:p;lr>\r\n"
      "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n"
      "Call-ID: x:y\r\nCSeq: 1 NOTIFY\r\nMax-Forwards: 70\r\n"
      "Contact: <sip:192.0.2.9>\r\nEvent: presence\r\n"
      "Subscription-State: active\r\nContent-Type: a/b\r\n"
      "Content-Length: 3\r\n\r\n");

  notify_compact (head);
  g_assert_cmpstr (head->str, ==,
                   "NOTIFY sip:b@192.0.2.1 SIP/2.0\r\nRoute: <sip:p;lr>\r\n"
                   "f:<sip:a@example.com>;tag=1\r\nt:<sip:b@example.com>\r\n"
                   "i:x:y\r\nCSeq: 1 NOTIFY\r\nMax-Forwards: 70\r\n"
                   "m:<sip:192.0.2.9>\r\no:presence\r\n"
                   "Subscription-State: active\r\nc:a/b\r\nl:3\r\n\r\n");
}

static void
test_notify_way (void)
{
  static const struct {
    guint64 flow;
    const char *received, *route, *source, *target;
    gboolean is_trusted;
    gsize size;
    const char *way;
  } rows[] = {
    { 7, "udp:1.2.3.4:5", "<sip:p;lr>", "udp:1.2.3.4:9", "sip:b@c", TRUE, 900,
      "flow 7" },
    { 0, "udp:1.2.3.4:5", "<sip:p;lr>", "udp:1.2.3.4:9", "sip:b@c", TRUE, 900,
      "sip:1.2.3.4:5;transport=udp" },
    { 0, NULL, "<sip:p.example.net;lr>", "udp:1.2.3.4:9", "sip:b@c", FALSE, 900,
      "dns p.example.net" },
    { 0, NULL, "<sip:p.example.net;lr>", "udp:1.2.3.4:9", "sip:b@c", FALSE,
      9000, "dns p.example.net stream" },
    { 0, NULL, "\"a,<b\" <sip:192.0.2.1;lr>;x=y,<sip:z>", NULL, "sip:b@c",
      FALSE, 900, "sip:192.0.2.1:5060;transport=udp" },
    { 0, NULL, "nonsense", "udp:1.2.3.4:9", "sip:b@c", FALSE, 900, "none" },
    { 0, NULL, NULL, "udp:1.2.3.4:9", "sip:b@c", FALSE, 900,
      "sip:1.2.3.4:9;transport=udp" },
    { 0, NULL, "", "udp:[2001:db8::1]:9", "sip:b@c", FALSE, 900,
      "sip:[2001:db8::1]:9;transport=udp" },
    { 0, NULL, NULL, "udp:1.2.3.4:9", "sip:b@c", FALSE, WAY_UDP_MAX,
      "sip:1.2.3.4:9;transport=udp" },
    { 0, NULL, NULL, "udp:1.2.3.4:9", "sip:b@c", FALSE, WAY_UDP_MAX + 1,
      "sip:1.2.3.4:9;transport=tcp" },
    { 0, NULL, NULL, "tcp:1.2.3.4:9", "sip:b@c", FALSE, 900, "none" },
    { 0, NULL, NULL, "tls:1.2.3.4:9", "sip:b@c", FALSE, 900, "none" },
    { 0, NULL, NULL, NULL, "sip:b@c", FALSE, 900, "none" },
    { 0, NULL, NULL, "tcp:1.2.3.4:9", "sip:b@c.example", TRUE, 900,
      "dns c.example" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5", TRUE, 900,
      "sip:192.0.2.5:5060;transport=udp" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5:99;transport=TCP", TRUE, 900,
      "sip:192.0.2.5:99;transport=tcp" },
    { 0, NULL, NULL, NULL, "sips:b@[2001:db8::2]", TRUE, 900,
      "sip:[2001:db8::2]:5061;transport=tls" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5;transport=tls", TRUE, 900,
      "sip:192.0.2.5:5061;transport=tls" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5", TRUE, WAY_UDP_EASY + 1,
      "sip:192.0.2.5:5060;transport=tcp sip:192.0.2.5:5060;transport=udp" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5", TRUE, WAY_UDP_MAX + 1,
      "sip:192.0.2.5:5060;transport=tcp" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5;transport=udp", TRUE,
      WAY_UDP_MAX + 1, "sip:192.0.2.5:5060;transport=tcp" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5;maddr=x.example", TRUE, 900,
      "dns 192.0.2.5" },
    { 0, NULL, NULL, NULL, "sip:b@192.0.2.5;transport=sctp", TRUE, 900,
      "none" },
    { 0, NULL, NULL, NULL, "tel:+4930123", TRUE, 900, "none" },
    { 0, NULL, NULL, NULL, "sip:@", TRUE, 900, "none" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    SubsDialog dialog = a_dialog ();
    SipNotify notify = { .dialog = &dialog,
                         .flow = rows[i].flow,
                         .received = rows[i].received };
    g_auto (Way) way = { 0 };
    g_autofree char *text = NULL;

    dialog.route_set = rows[i].route;
    dialog.source = rows[i].source;
    dialog.target = rows[i].target;
    dialog.is_trusted = rows[i].is_trusted;
    notify_way (&notify, (WaySize){ rows[i].size, WAY_UDP_MAX, 0 }, &way);
    text = way_text (&way);
    if (g_strcmp0 (text, rows[i].way) != 0)
      g_error ("row %u: %s, not %s", i, text, rows[i].way);
  }
}

static void
test_hop_bad (void)
{
  static const char *const bad[] = { "",
                                     "udp",
                                     "udp:",
                                     "udp:1.2.3.4",
                                     "udp:1.2.3.4:",
                                     "udp:1.2.3.4:0",
                                     "udp:1.2.3.4:65536",
                                     "udp:name:5060",
                                     "sctp:1.2.3.4:5",
                                     "xyz:1.2.3.4:5",
                                     "udp:[::1:5",
                                     "udp:[]:5",
                                     "udp:1.2.3.4:5x",
                                     "udp::5",
                                     "udp:[::1%lo]:5060" };
  ResolverHop hop;

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    if (way_parse_hop (bad[i], &hop))
      g_error ("taken: %s", bad[i]);
}

static void
test_notify_result (void)
{
  static const guint dead[]
      = { 404, 405, 410, 416, 480, 481, 482, 483, 484, 485, 489, 501, 604 };
  static const guint suspended[] = { 408, 430, 504 };

  for (guint status = 200; status < 700; status++) {
    SubsNotifyResult want = status < 300 ? SUBS_NOTIFY_OK : SUBS_NOTIFY_REFUSED;

    for (guint i = 0; i < G_N_ELEMENTS (dead); i++)
      if (status == dead[i])
        want = SUBS_NOTIFY_DEAD;
    for (guint i = 0; i < G_N_ELEMENTS (suspended); i++)
      if (status == suspended[i])
        want = SUBS_NOTIFY_SUSPENDED;
    g_assert_cmpint (notify_result (status, FALSE), ==, want);
    g_assert_cmpint (notify_result (status, TRUE), ==, SUBS_NOTIFY_SUSPENDED);
  }
}

/* --- forwarding --- */

#define REQUEST(HEADERS)                                                       \
  "MESSAGE sip:alice@example.com SIP/2.0\r\n"                                  \
  "Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa;rport\r\n"                  \
  "From: <sip:bob@example.com>;tag=f\r\n"                                      \
  "To: <sip:alice@example.com>\r\n"                                            \
  "Call-ID: m1\r\nCSeq: 1 MESSAGE\r\n" HEADERS                                 \
  "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nh\0\r\ni"

static gboolean
self_cb (gpointer data, const char *host, guint port)
{
  return g_str_equal (host, "198.51.100.1") && (port == 0 || port == 5060);
}

static gboolean
realm_cb (gpointer data, const char *realm)
{
  return g_str_equal (realm, "example.com");
}

typedef struct {
  const char *path, *text; /* of the request */
  gsize len;
  gboolean is_trusted;
  SipTarget target;
  guint status;
  const char *has[4], *lacks[4];
  const char *way;
} ForwardRow;

#define ROW_TEXT(HEADERS) REQUEST (HEADERS), sizeof REQUEST (HEADERS) - 1

static const ForwardRow FORWARD_ROWS[] = {
  { "rfc3261-16.6-2/request-uri",
    ROW_TEXT ("Max-Forwards: 70\r\nX-Odd:  a ,b\r\n"),
    FALSE,
    { "sip:alice@10.0.0.9:6060;ob", NULL, "udp:203.0.113.5:7000", 0 },
    0,
    { "MESSAGE sip:alice@10.0.0.9:6060;ob SIP/2.0\r\n",
      "\r\nMax-Forwards: 69\r\n", "\r\nX-Odd: a ,b\r\n" },
    { "Max-Forwards: 70" },
    "sip:203.0.113.5:7000;transport=udp" },
  { "rfc3261-19.1.1/no-headers-in-request-uri",
    ROW_TEXT (""),
    FALSE,
    { "sip:alice@10.0.0.9?Subject=x", NULL, NULL, 3 },
    0,
    { "MESSAGE sip:alice@10.0.0.9 SIP/2.0\r\n", "\r\nMax-Forwards: 70\r\n" },
    { "Subject" },
    "flow 3" },
  { "rfc3261-16.3-3/no-hops-left",
    ROW_TEXT ("Max-Forwards: 0\r\n"),
    FALSE,
    { "sip:alice@10.0.0.9", NULL, NULL, 3 },
    483,
    { NULL },
    { NULL },
    NULL },
  { "rfc3261-16.6/bad-target",
    ROW_TEXT (""),
    FALSE,
    { "alice", NULL, NULL, 0 },
    400,
    { NULL },
    { NULL },
    NULL },
  { "rfc3261-16.6/as-it-came",
    ROW_TEXT (""),
    FALSE,
    { NULL, NULL, NULL, 0 },
    0,
    { "MESSAGE sip:alice@example.com SIP/2.0\r\n" },
    { "Route" },
    "dns example.com" },
  { "rfc3261-16.4/our-route",
    ROW_TEXT ("Route: <sip:198.51.100.1;lr>, <sip:192.0.2.77;lr>\r\n"),
    FALSE,
    { NULL, NULL, NULL, 0 },
    0,
    { "\r\nRoute: <sip:192.0.2.77;lr>\r\n" },
    { "198.51.100.1" },
    "sip:192.0.2.77:5060;transport=udp" },
  { "rfc3261-16.4/only-on-top",
    ROW_TEXT ("Route: <sip:192.0.2.77;lr>\r\n"
              "Route: <sip:198.51.100.1;lr>\r\n"),
    FALSE,
    { NULL, NULL, NULL, 0 },
    0,
    { "<sip:192.0.2.77;lr>", "<sip:198.51.100.1;lr>" },
    { NULL },
    "sip:192.0.2.77:5060;transport=udp" },
  { "rfc3327-5.3/path",
    ROW_TEXT ("Route: <sip:198.51.100.1;lr>\r\n"),
    FALSE,
    { "sip:alice@10.0.0.9", "<sip:192.0.2.1:5080;lr>,<sip:192.0.2.2;lr>", NULL,
      0 },
    0,
    { "MESSAGE sip:alice@10.0.0.9 SIP/2.0\r\n", "<sip:192.0.2.1:5080;lr>",
      "<sip:192.0.2.2;lr>" },
    { "198.51.100.1" },
    "sip:192.0.2.1:5080;transport=udp" },
  { "rfc3327-5.3/bad-path",
    ROW_TEXT (""),
    FALSE,
    { NULL, "nonsense <", NULL, 0 },
    400,
    { NULL },
    { NULL },
    NULL },
  { "rfc3261-22.3/credentials",
    ROW_TEXT ("Proxy-Authorization: Digest username=\"b\", "
              "realm=\"example.com\", response=\"1\"\r\n"
              "Proxy-Authorization: Digest username=\"b\", "
              "realm=\"example.net\", response=\"2\"\r\n"
              "Authorization: Digest username=\"b\", "
              "realm=\"example.com\", response=\"3\"\r\n"),
    FALSE,
    { NULL, NULL, NULL, 3 },
    0,
    { "realm=\"example.net\"" },
    { "realm=\"example.com\"", "response=\"1\"", "response=\"3\"" },
    "flow 3" },
  { "rfc3325-5/untrusted",
    ROW_TEXT ("P-Asserted-Identity: <sip:eve@example.com>\r\n"
              "P-Preferred-Identity: <sip:eve@example.com>\r\n"),
    FALSE,
    { NULL, NULL, NULL, 3 },
    0,
    { NULL },
    { "sip:eve@example.com" },
    "flow 3" },
  { "rfc3325-5/trusted",
    ROW_TEXT ("P-Asserted-Identity: <sip:bob@example.com>,"
              " <tel:+4930123>\r\n"),
    TRUE,
    { NULL, NULL, NULL, 3 },
    0,
    { "\r\nP-Asserted-Identity: <sip:bob@example.com>\r\n"
      "P-Asserted-Identity: <tel:+4930123>\r\n" },
    { NULL },
    "flow 3" },
  { "rfc3325-7/privacy",
    ROW_TEXT ("P-Asserted-Identity: <sip:bob@hidden.example>,"
              " <tel:+4930123>\r\nPrivacy: header;id\r\n"),
    TRUE,
    { NULL, NULL, NULL, 3 },
    0,
    { "Privacy: header;id" },
    { "P-Asserted-Identity", "+4930123" },
    "flow 3" },
};

static void
check_copy (const ForwardRow *row, msg_t *copy)
{
  const ForwardSizes sizes = { WAY_UDP_MAX, 1300 };
  g_auto (Way) way = { 0 };
  g_autofree char *text = NULL, *way_name = NULL;
  size_t len;

  forward_way (copy, &row->target, &sizes, &way);
  way_name = way_text (&way);
  g_assert_cmpstr (way_name, ==, row->way);
  text = bytes_of (copy, &len);
  for (guint i = 0; i < 4 && row->has[i]; i++)
    if (strstr (text, row->has[i]) == NULL)
      g_error ("%s is not in %s", row->has[i], text);
  for (guint i = 0; i < 4 && row->lacks[i]; i++)
    if (strstr (text, row->lacks[i]) != NULL)
      g_error ("%s is in %s", row->lacks[i], text);
  g_assert_cmpmem (text + len - 9, 9, "\r\n\r\nh\0\r\ni", 9);
}

static void
test_forward (gconstpointer data)
{
  const ForwardRow *row = data;
  ForwardRules rules = { NULL, self_cb, realm_cb, row->is_trusted };
  msg_t *request = make_message (row->text, row->len), *copy;
  g_autofree char *before = NULL, *after = NULL;
  size_t before_len, after_len;
  guint status;

  before = bytes_of (request, &before_len);
  copy = forward_copy (request, &row->target, &rules, &status);
  g_assert_cmpuint (status, ==, row->status);
  g_assert_true ((copy != NULL) == (row->status == 0));
  after = bytes_of (request, &after_len);
  g_assert_cmpmem (before, before_len, after, after_len);
  msg_destroy (request);
  if (copy != NULL)
    check_copy (row, copy);
  msg_destroy (copy);
}

/* --- lanes --- */

static void
test_lane (void)
{
  OutLane *lane = out_lane_new (2, 0);
  GList links[4] = { 0 };

  g_assert_true (out_lane_is_empty (lane));
  for (guint i = 0; i < 4; i++)
    out_lane_join (lane, &links[i]);
  g_assert_true (out_lane_next (lane) == &links[0]);
  g_assert_true (out_lane_next (lane) == &links[1]);
  g_assert_null (out_lane_next (lane));
  out_lane_leave (lane, &links[2], FALSE);
  out_lane_leave (lane, &links[0], TRUE);
  g_assert_true (out_lane_next (lane) == &links[3]);
  g_assert_null (out_lane_next (lane));
  out_lane_leave (lane, &links[1], TRUE);
  g_assert_false (out_lane_is_empty (lane));
  out_lane_leave (lane, &links[3], TRUE);
  g_assert_true (out_lane_is_empty (lane));
  out_lane_free (lane);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  su_init ();
  sip_update_default_mclass (sip_extend_mclass (NULL));
  g_test_add_func ("/notify/rfc6665-8.2/bytes", test_notify_bytes);
  g_test_add_func ("/notify/verbatim", test_notify_verbatim);
  g_test_add_func ("/notify/rfc6665-4.1.3/state", test_notify_state);
  g_test_add_func ("/notify/rfc6446-9.1/shape", test_notify_shape);
  g_test_add_func ("/notify/rfc3261-12.2.1.1/target", test_notify_target);
  g_test_add_func ("/notify/injection", test_notify_injection);
  g_test_add_func ("/notify/lacking", test_notify_lacking);
  g_test_add_func ("/notify/without", test_notify_without);
  g_test_add_func ("/notify/rfc3261-7.3.3/compact", test_notify_compact);
  g_test_add_func ("/notify/rfc3261-8.1.2/way", test_notify_way);
  g_test_add_func ("/notify/rfc6665-4.2.2/result", test_notify_result);
  g_test_add_func ("/way/bad-hop", test_hop_bad);
  g_test_add_func ("/lane/cap-and-order", test_lane);
  for (guint i = 0; i < G_N_ELEMENTS (FORWARD_ROWS); i++) {
    g_autofree char *path
        = g_strdup_printf ("/forward/%s", FORWARD_ROWS[i].path);

    g_test_add_data_func (path, &FORWARD_ROWS[i], test_forward);
  }
  return g_test_run ();
}

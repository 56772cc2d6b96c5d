/* SPDX-License-Identifier: ISC
 *
 * xmpp/: the bytes of a stream to values and back (RFC 6120, RFC 6121, XEP-0045,
 * 0085, 0091, 0184, 0203): tables, cut at every byte, round trips, and what must
 * not come through. */
#include "xmpp/answer.h"
#include "xmpp/reader.h"
#include "xmpp/stanza.h"

#include <string.h>

#define HEAD                                                                   \
  "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept'"        \
  " xmlns:stream='http://etherx.jabber.org/streams' id='s1' from='x'>"

static const ScanLimits limits = { 2000, 8, 10 };

/* What a reader told, as text. */
typedef struct {
  GString *log;
} Seen;

static void
opened_cb (const xmlNode *stream, gpointer data)
{
  g_autofree char *id = node_attribute (stream, "id");

  g_string_append_printf (((Seen *)data)->log, "open %s;", id);
}

static void
log_stanza (GString *log, const Stanza *stanza)
{
  if (stanza->kind == STANZA_MESSAGE)
    stanza_put_message (log, &stanza->message);
  else if (stanza->kind == STANZA_PRESENCE)
    stanza_put_presence (log, &stanza->presence);
  else
    g_string_append_printf (
        log, "iq %s %s;", stanza->iq.id,
        stanza->iq.payload ? (const char *)stanza->iq.payload->name : "-");
}

static void
element_cb (xmlNode *element, gpointer data)
{
  Seen *seen = data;
  g_auto (Stanza) stanza = { 0 };
  gboolean is_refusable;
  XmppError error = stanza_read (element, &stanza, &is_refusable);

  if (error != XMPP_NO_ERROR)
    g_string_append_printf (seen->log, "%s%s;", stanza_error_name (error),
                            is_refusable ? "" : " (silent)");
  else if (stanza.kind == STANZA_OTHER)
    g_string_append_printf (seen->log, "other %s;", element->name);
  else
    log_stanza (seen->log, &stanza);
}

static void
closed_cb (gpointer data)
{
  g_string_append (((Seen *)data)->log, "close;");
}

static const ReaderFns fns = { opened_cb, element_cb, closed_cb, NULL };

/* Everything that comes of bytes fed in pieces of step; fault_out may be NULL. */
static char *
read_all (const char *bytes, gsize len, gsize step, StreamError *fault_out)
{
  Seen seen = { g_string_new (NULL) };
  g_autoptr (Reader) reader = reader_new (&limits, &fns, &seen);
  StreamError fault = STREAM_FINE;

  for (gsize at = 0; at < len && fault == STREAM_FINE; at += step)
    fault = reader_feed (reader, bytes + at, MIN (step, len - at));
  if (fault_out != NULL)
    *fault_out = fault;
  return g_string_free (seen.log, FALSE);
}

/* Stanzas as they come, and as we would write what was understood. */
static const char *const stanzas[][2] = {
  { "<message from='a@b/c' to='d@e' type='chat' id='1'><body>hi</body>"
    "</message>",
    "<message from=\"a@b/c\" to=\"d@e\" id=\"1\" type=\"chat\"><body>hi</body>"
    "</message>" },
  { "<message from='A@B/C' to='D@E.'><body>&lt;&amp;&#39;&#x20ac;"
    "<![CDATA[<x>]]></body><subject>s</subject><thread>t</thread></message>",
    "<message from=\"a@b/C\" to=\"d@e\"><subject>s</subject>"
    "<body>&lt;&amp;'\xe2\x82\xac&lt;x&gt;</body><thread>t</thread>"
    "</message>" },
  { "<message from='a@b' to='c@d' type='strange' xml:lang='de'><body/>"
    "<x xmlns='u:v' xmlns:p='q'><p:body>no</p:body></x></message>",
    "<message from=\"a@b\" to=\"c@d\" xml:lang=\"de\"><body></body>"
    "</message>" },
  { "<message from='a@b' to='c@d' type='chat'><composing"
    " xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<message from=\"a@b\" to=\"c@d\" type=\"chat\"><composing"
    " xmlns=\"http://jabber.org/protocol/chatstates\"/></message>" },
  { "<message from='a@b' to='c@d' id='i'><body>x</body><request"
    " xmlns='urn:xmpp:receipts'/><delay xmlns='urn:xmpp:delay' from='b'"
    " stamp='2002-09-10T23:08:25Z'>Offline</delay></message>",
    "<message from=\"a@b\" to=\"c@d\" id=\"i\"><body>x</body><request"
    " xmlns=\"urn:xmpp:receipts\"/><delay xmlns=\"urn:xmpp:delay\""
    " stamp=\"2002-09-10T23:08:25Z\"/></message>" },
  { "<message from='a@b' to='c@d'><received xmlns='urn:xmpp:receipts'"
    " id='&quot;i&gt;'/><x xmlns='jabber:x:delay' stamp='20020910T23:08:25'/>"
    "</message>",
    "<message from=\"a@b\" to=\"c@d\"><received xmlns=\"urn:xmpp:receipts\""
    " id=\"&quot;i&gt;\"/><delay xmlns=\"urn:xmpp:delay\""
    " stamp=\"2002-09-10T23:08:25Z\"/></message>" },
  { "<message from='a@b' to='c@d' type='error' id='7'><body>x</body>"
    "<error type='cancel'><gone"
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:e@f</gone><text"
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>away</text></error>"
    "</message>",
    "<message from=\"a@b\" to=\"c@d\" id=\"7\" type=\"error\"><error"
    " type=\"cancel\"><gone xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/>"
    "<text xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\">away</text></error>"
    "<body>x</body></message>" },
  { "<message from='a@b' to='c@d' type='error'><error><odd"
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    "<message from=\"a@b\" to=\"c@d\" type=\"error\"><error type=\"cancel\">"
    "<undefined-condition xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/>"
    "</error></message>" },
  { "<message from='r@s' to='c@d'><x"
    " xmlns='http://jabber.org/protocol/muc#user'><invite from='A@b'>"
    "<reason>come</reason></invite></x></message>",
    "<message from=\"r@s\" to=\"c@d\"><x"
    " xmlns=\"http://jabber.org/protocol/muc#user\"><invite from=\"a@b\">"
    "<reason>come</reason></invite></x></message>" },
  { "<message from='r@s/n' to='c@d' type='chat'><body>psst</body><x"
    " xmlns='http://jabber.org/protocol/muc#user'/></message>",
    "<message from=\"r@s/n\" to=\"c@d\" type=\"chat\"><body>psst</body><x"
    " xmlns=\"http://jabber.org/protocol/muc#user\"></x></message>" },
  { "<message from='r@s' to='c@d' type='groupchat'><x"
    " xmlns='http://jabber.org/protocol/muc#user'><status code='104'/>"
    "<status code='x'/><status code='170'/></x></message>",
    "<message from=\"r@s\" to=\"c@d\" type=\"groupchat\"><x"
    " xmlns=\"http://jabber.org/protocol/muc#user\"><status code=\"104\"/>"
    "<status code=\"170\"/></x></message>" },
  { "<presence from='a@b/c' to='d@e'/>",
    "<presence from=\"a@b/c\" to=\"d@e\"></presence>" },
  { "<presence from='a@b/c' to='d@e' xml:lang='en'><show>xa</show>"
    "<status>out &amp; about</status><priority> 5 </priority><c xmlns='caps'/>"
    "</presence>",
    "<presence from=\"a@b/c\" to=\"d@e\" xml:lang=\"en\"><show>xa</show>"
    "<status>out &amp; about</status><priority>5</priority></presence>" },
  { "<presence from='a@b' to='d@e' id='p' type='subscribe'/>",
    "<presence from=\"a@b\" to=\"d@e\" id=\"p\" type=\"subscribe\">"
    "</presence>" },
  { "<presence from='a@b' to='d@e'><show>odd</show><priority>999</priority>"
    "</presence>",
    "<presence from=\"a@b\" to=\"d@e\"><priority>127</priority></presence>" },
  { "<presence from='a@b' to='d@e' type='error'><error><conflict"
    " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    "<presence from=\"a@b\" to=\"d@e\" type=\"error\"><error type=\"cancel\">"
    "<conflict xmlns=\"urn:ietf:params:xml:ns:xmpp-stanzas\"/></error>"
    "</presence>" },
  { "<presence from='r@s/old' to='c@d' type='unavailable'><x"
    " xmlns='http://jabber.org/protocol/muc#user'><item affiliation='none'"
    " role='none' nick='new' jid='A@b/c'><actor nick='boss'/><reason>why"
    "</reason></item><status code='307'/><status code='110'/></x></presence>",
    "<presence from=\"r@s/old\" to=\"c@d\" type=\"unavailable\"><x"
    " xmlns=\"http://jabber.org/protocol/muc#user\"><item"
    " affiliation=\"none\" role=\"none\" jid=\"a@b/c\" nick=\"new\"><actor"
    " nick=\"boss\"/><reason>why</reason></item><status code=\"307\"/>"
    "<status code=\"110\"/></x></presence>" },
  { "<presence from='a@b' to='r@s/n'><x xmlns='http://jabber.org/protocol/muc'>"
    "<password>pw</password><history maxstanzas='3'/></x></presence>",
    "<presence from=\"a@b\" to=\"r@s/n\"><x"
    " xmlns=\"http://jabber.org/protocol/muc\"><password>pw</password>"
    "<history maxstanzas=\"3\"/></x></presence>" },
  { "<iq from='a@b' to='d@e' id='q' type='get'><ping xmlns='urn:xmpp:ping'/>"
    "</iq>",
    "iq q ping;" },
  { "<iq from='a@b' to='d@e' id='q' type='result'/>", "iq q -;" },
  { "<handshake/>", "other handshake;" },
  { "<message xmlns='jabber:client' from='a@b' to='c@d'/>", "other message;" },
  /* no stanza of ours */
  { "<message from='a@b'/>", "jid-malformed (silent);" },
  { "<message to='a@b'/>", "jid-malformed (silent);" },
  { "<message from='a b@c' to='d@e'/>", "jid-malformed;" },
  { "<message from='a@b' to='a&#10;b@e'/>", "jid-malformed;" },
  { "<message from='a@b&#13;&#10;c' to='d@e' type='error'/>",
    "jid-malformed (silent);" },
  { "<presence from='a@b' to='d@e' type='odd'/>", "bad-request;" },
  { "<iq from='a@b' to='d@e' type='get'><a/></iq>", "bad-request (silent);" },
  { "<iq from='a@b' to='d@e' id='1'><a/></iq>", "bad-request;" },
  { "<iq from='a@b' to='d@e' id='1' type='get'/>", "bad-request;" },
  { "<iq from='a@b' to='d@e' id='1' type='set'><a/><b/></iq>", "bad-request;" },
};

static void
test_stanzas (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (stanzas); i++) {
    g_autofree char *bytes = g_strconcat (HEAD, stanzas[i][0], NULL);
    g_autofree char *log = read_all (bytes, strlen (bytes), 10000, NULL);

    g_assert_true (g_str_has_prefix (log, "open s1;"));
    g_assert_cmpstr (log + strlen ("open s1;"), ==, stanzas[i][1]);
  }
}

/* What we write is read as what it was. */
static void
test_round_trip (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (stanzas); i++) {
    g_autofree char *bytes = NULL, *log = NULL;

    if (stanzas[i][1][0] != '<')
      continue;
    bytes = g_strconcat (HEAD, stanzas[i][1], NULL);
    log = read_all (bytes, strlen (bytes), 10000, NULL);
    g_assert_cmpstr (log + strlen ("open s1;"), ==, stanzas[i][1]);
  }
}

/* It makes no difference in which pieces the bytes come, nor where they end. */
static void
test_cut (void)
{
  g_autoptr (GString) all = g_string_new (HEAD);
  g_autofree char *whole = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (stanzas); i++)
    g_string_append_printf (all, "%s \n", stanzas[i][0]);
  g_string_append (all, "</stream:stream>");
  whole = read_all (all->str, all->len, all->len, NULL);
  g_assert_true (g_str_has_suffix (whole, "close;"));
  for (gsize step = 1; step < 200; step++) {
    StreamError fault;
    g_autofree char *log = read_all (all->str, all->len, step, &fault);

    g_assert_cmpint (fault, ==, STREAM_FINE);
    g_assert_cmpstr (log, ==, whole);
  }
  for (gsize len = 0; len < all->len; len++) {
    StreamError fault;
    g_autofree char *log = read_all (all->str, len, len, &fault);

    g_assert_cmpint (fault, ==, STREAM_FINE);
    g_assert_true (g_str_has_prefix (whole, log));
  }
}

static const struct {
  const char *bytes;
  StreamError fault;
  const char *seen;
} hostiles[] = {
  { "<a>", STREAM_INVALID_NAMESPACE, "" },
  { "<stream:stream xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams'>",
    STREAM_INVALID_NAMESPACE, "" },
  { "<stream:stream>", STREAM_BAD_NAMESPACE_PREFIX, "" },
  { "x", STREAM_BAD_FORMAT, "" },
  { "\xef\xbb\xbf<a>", STREAM_BAD_FORMAT, "" },
  { "HTTP/1.1 400 Bad Request\r\n", STREAM_BAD_FORMAT, "" },
  { "<?xml version='1.0' encoding='UTF-16'?><a>", STREAM_UNSUPPORTED_ENCODING,
    "" },
  { "<?xml version='1.0'?><?xml version='1.0'?>", STREAM_RESTRICTED_XML, "" },
  { "<?php x?>", STREAM_RESTRICTED_XML, "" },
  { "<!DOCTYPE x [<!ENTITY a 'b'>]>", STREAM_RESTRICTED_XML, "" },
  { HEAD "<!-- x -->", STREAM_RESTRICTED_XML, "open s1;" },
  { HEAD "<?x y?>", STREAM_RESTRICTED_XML, "open s1;" },
  { HEAD "<!DOCTYPE x>", STREAM_RESTRICTED_XML, "open s1;" },
  { HEAD "<message from='a@b' to='c@d'><body><!-- x --></body></message>",
    STREAM_RESTRICTED_XML, "open s1;" },
  { HEAD "<message from='a@b' to='c@d'><body>&x;</body></message>",
    STREAM_RESTRICTED_XML, "open s1;" },
  { HEAD "text", STREAM_BAD_FORMAT, "open s1;" },
  { HEAD "<![CDATA[x]]>", STREAM_BAD_FORMAT, "open s1;" },
  { HEAD "<message><body></message></body>", STREAM_NOT_WELL_FORMED,
    "open s1;" },
  { HEAD "<message></iq>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message a=b></message>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message a='<'></message>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message a='1' a='2'/>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message>&#0;</message>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message>&#x1;</message>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message>\x01</message>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message>\xc3(</message>", STREAM_UNSUPPORTED_ENCODING, "open s1;" },
  { HEAD "<message>\xed\xa0\x80</message>", STREAM_UNSUPPORTED_ENCODING,
    "open s1;" },
  { HEAD "<message>\xef\xbf\xbf</message>", STREAM_NOT_WELL_FORMED,
    "open s1;" },
  { HEAD "<p:message/>", STREAM_BAD_NAMESPACE_PREFIX, "open s1;" },
  { HEAD "<message p:a='1'/>", STREAM_BAD_NAMESPACE_PREFIX, "open s1;" },
  { HEAD "<a></stream:stream>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "< message/>", STREAM_NOT_WELL_FORMED, "open s1;" },
  { HEAD "<message/ >", STREAM_NOT_WELL_FORMED, "open s1;" },
};

/* What any user of the server can have it send is left out, and nothing else. */
static const char *const over[] = {
  "<a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a>",
  "<a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>",
  "<a b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l=''/>",
  "<a><b b='' c='' d='' e='' f='' g='' h='' i='' j='' k='' l=''/></a>",
};

static void
test_hostile (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (hostiles); i++)
    for (gsize step = 1; step < 400; step += 57) {
      StreamError fault;
      g_autofree char *log = read_all (
          hostiles[i].bytes, strlen (hostiles[i].bytes), step, &fault);

      if (fault != hostiles[i].fault)
        g_error ("%s: %s", hostiles[i].bytes, stream_error_name (fault));
      g_assert_cmpstr (log, ==, hostiles[i].seen);
    }
}

static void
test_namespace (void)
{
  static const char bytes[]
      = HEAD "<message from='a@b' to='c@d'><body>x</body><x xmlns='a b'/>"
             "</message>";
  StreamError fault;
  g_autofree char *log = read_all (bytes, strlen (bytes), 7, &fault);

  g_assert_cmpint (fault, ==, STREAM_FINE);
  g_assert_nonnull (strstr (log, "<body>x</body>"));
}

static void
test_over (void)
{
  static const char next[]
      = "<iq from='a@b' to='c' id='1' type='get'><ping xmlns='urn:xmpp:ping'/>"
        "</iq>";
  g_autofree char *plain = read_all (HEAD, strlen (HEAD), 7, NULL);
  g_autofree char *with = g_strconcat (HEAD, next, NULL);
  g_autofree char *seen = read_all (with, strlen (with), 7, NULL);

  g_assert_cmpstr (plain, !=, seen);
  for (guint i = 0; i < G_N_ELEMENTS (over); i++)
    for (gsize step = 1; step < 400; step += 57) {
      g_autofree char *bytes = g_strconcat (HEAD, over[i], next, NULL);
      StreamError fault;
      g_autofree char *log = read_all (bytes, strlen (bytes), step, &fault);

      g_assert_cmpint (fault, ==, STREAM_FINE);
      g_assert_cmpstr (log, ==, seen);
    }
}

/* libxml2 takes no name so long. */
static void
test_name (void)
{
  static const ScanLimits wide = { 1000000, 8, 10 };
  static const char *const parts[][2]
      = { { "<message><", "/></message>" }, { "<message ", "='1'/>" } };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree char *name = g_strnfill (60000, 'n');
    g_autofree char *bytes
        = g_strconcat (HEAD, parts[i][0], name, parts[i][1], NULL);
    g_autoptr (GString) log = g_string_new (NULL);
    Seen seen = { .log = log };
    g_autoptr (Reader) reader = reader_new (&wide, &fns, &seen);

    g_assert_cmpint (reader_feed (reader, bytes, strlen (bytes)), ==,
                     STREAM_FINE);
    g_assert_cmpstr (log->str, ==, "open s1;");
  }
}

/* The bound holds before the element ends, wherever its bytes are. */
static void
test_size (void)
{
  static const char *const parts[][2]
      = { { "<message><body>", "</body></message>" },
          { "<message a='", "'/>" },
          { "<message><", "/></message>" },
          { "<message><![CDATA[", "]]></message>" } };

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    gsize frame = strlen (parts[i][0]) + strlen (parts[i][1]);
    StreamError fault;
    g_autofree char *most = g_strnfill (limits.element - frame, 'x');
    g_autofree char *more = g_strnfill (limits.element, 'x');
    g_autofree char *good
        = g_strconcat (HEAD, parts[i][0], most, parts[i][1], NULL);
    g_autofree char *bad
        = g_strconcat (HEAD, parts[i][0], more, parts[i][1], NULL);
    g_autofree char *ok = read_all (good, strlen (good), 7, &fault);
    g_autofree char *log = NULL;

    g_assert_cmpint (fault, ==, STREAM_FINE);
    log = read_all (bad, strlen (bad), 7, &fault);
    g_assert_cmpint (fault, ==, STREAM_FINE);
    g_assert_cmpstr (log, ==, "open s1;");
  }
}

/* Nothing that a value has can become markup or end a line. */
static void
test_escape (void)
{
  const XmppMessage message = { .from = "a'\"<>&@b",
                                .to = "c\r\n\td@e",
                                .id = "\"/><evil/>",
                                .type = XMPP_MESSAGE_CHAT,
                                .body = "</body><evil/>\x01\xff]]>\r\n" };
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *bytes = NULL, *log = NULL;
  StreamError fault;

  stanza_put_message (out, &message);
  g_assert_null (strstr (out->str, "<evil"));
  bytes = g_strconcat (HEAD, out->str, NULL);
  log = read_all (bytes, strlen (bytes), 10000, &fault);
  g_assert_cmpint (fault, ==, STREAM_FINE);
  g_assert_nonnull (strstr (out->str, "c&#13;&#10;&#9;d@e"));
  g_assert_nonnull (
      strstr (out->str, "&lt;/body&gt;&lt;evil/&gt;\xef\xbf\xbd]]&gt;&#13;\n"));
}

/* XEP-0030, XEP-0092, XEP-0199, RFC 6120 8.4. */
static const char *const answers[][3] = {
  { "get", "<ping xmlns='urn:xmpp:ping'/>", "type=\"result\"/>" },
  { "set", "<ping xmlns='urn:xmpp:ping'/>", "service-unavailable" },
  { "get", "<query xmlns='jabber:iq:last'/>", "service-unavailable" },
  { "get", "<vCard xmlns='vcard-temp'/>", "service-unavailable" },
  { "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    "<identity category=\"gateway\" type=\"simple\"" },
  { "get", "<query xmlns='http://jabber.org/protocol/disco#info'/>",
    "<feature var=\"jid\\20escaping\"/>" },
  { "get", "<query xmlns='http://jabber.org/protocol/disco#info' node='x'/>",
    "item-not-found" },
  { "get", "<query xmlns='http://jabber.org/protocol/disco#items'/>",
    "disco#items\"/></iq>" },
  { "get", "<query xmlns='jabber:iq:version'/>", "<name>Rollcall</name>" },
};

typedef struct {
  GString *out;
} Answering;

static void
answer_cb (xmlNode *element, gpointer data)
{
  g_auto (Stanza) stanza = { 0 };
  gboolean is_refusable;

  g_assert_cmpint (stanza_read (element, &stanza, &is_refusable), ==,
                   XMPP_NO_ERROR);
  answer_iq (((Answering *)data)->out, &stanza.iq);
}

static void
ignore_cb (const xmlNode *stream, gpointer data)
{
}

static char *
answer_of (const char *to, const char *type, const char *payload)
{
  static const ReaderFns answering = { ignore_cb, answer_cb, NULL, NULL };
  Answering self = { g_string_new (NULL) };
  g_autoptr (Reader) reader = reader_new (&limits, &answering, &self);
  g_autofree char *bytes
      = g_strdup_printf (HEAD "<iq from='x@y/z' to='%s' id='i' type='%s'>%s"
                              "</iq>",
                         to, type, payload);

  g_assert_cmpint (reader_feed (reader, bytes, strlen (bytes)), ==,
                   STREAM_FINE);
  return g_string_free (self.out, FALSE);
}

static void
test_answers (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    g_autofree char *answer
        = answer_of ("example.com", answers[i][0], answers[i][1]);

    g_assert_true (g_str_has_prefix (
        answer, "<iq from=\"example.com\" to=\"x@y/z\" id=\"i\" type="));
    if (strstr (answer, answers[i][2]) == NULL)
      g_error ("no %s in %s", answers[i][2], answer);
  }
}

static void
test_answers_for_people (void)
{
  const char *info = "<query xmlns='http://jabber.org/protocol/disco#info'/>";
  g_autofree char *bare = answer_of ("alice@example.com", "get", info);
  g_autofree char *full = answer_of ("alice@example.com/x", "get", info);
  g_autofree char *version = answer_of ("a@example.com", "get",
                                        "<query xmlns='jabber:iq:version'/>");

  g_assert_nonnull (strstr (bare, "category=\"account\" type=\"registered\""));
  g_assert_nonnull (strstr (bare, "var=\"urn:xmpp:receipts\""));
  g_assert_nonnull (strstr (full, "category=\"client\" type=\"phone\""));
  g_assert_nonnull (strstr (version, "service-unavailable"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/xmpp/stanzas/table", test_stanzas);
  g_test_add_func ("/xmpp/stanzas/round-trip", test_round_trip);
  g_test_add_func ("/xmpp/stanzas/cut-everywhere", test_cut);
  g_test_add_func ("/xmpp/stanzas/escaped", test_escape);
  g_test_add_func ("/xmpp/rfc6120-11.1/hostile", test_hostile);
  g_test_add_func ("/xmpp/rfc6120-11.1/over", test_over);
  g_test_add_func ("/xmpp/rfc6120-11.1/namespace", test_namespace);
  g_test_add_func ("/xmpp/rfc6120-11.1/name", test_name);
  g_test_add_func ("/xmpp/rfc6120-13.12/size", test_size);
  g_test_add_func ("/xmpp/answers/component", test_answers);
  g_test_add_func ("/xmpp/answers/people", test_answers_for_people);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of xmpp/: whatever an XMPP server sends ends the stream, or gives
 * stanzas that can be written, read again and written as the same.  As a plain
 * program (make check) it runs every seed and a fixed number of mutations of
 * each; built with -DWITH_LIBFUZZER it is driven by libFuzzer instead. */
#include "addr/xmpp.h"
#include "xmpp/answer.h"
#include "xmpp/reader.h"
#include "xmpp/stanza.h"

#include "seeds.h"

#include <string.h>

#define HEAD                                                                   \
  "<stream:stream xmlns='" NS_COMPONENT "' xmlns:stream='" NS_STREAMS "'>"

static const ScanLimits limits = { 65536, 32, 64 };

typedef struct {
  GString *written; /* of the last stanza; empty: none */
  gboolean is_again;
} Seen;

static void check_again (const char *written);

static void
opened_cb (const xmlNode *stream, gpointer data)
{
}

static void
closed_cb (gpointer data)
{
}

/* An address that has a SIP URI comes back from it. */
static void
check_address (const char *jid)
{
  g_autofree char *text = NULL, *again = NULL;
  g_autoptr (Uri) uri = NULL;
  g_autoptr (GError) error = NULL;

  if (!jid_to_uri (jid, &text, NULL) || strlen (text) > URI_MAX)
    return;
  uri_parse (text, -1, &uri, &error);
  g_assert_no_error (error);
  if (uri_user (uri) == NULL)
    return;
  jid_from_uri (uri, &again, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, jid);
}

static void
element_cb (xmlNode *element, gpointer data)
{
  Seen *seen = data;
  g_auto (Stanza) stanza = { 0 };
  gboolean is_refusable;

  g_string_truncate (seen->written, 0);
  if (stanza_read (element, &stanza, &is_refusable) != XMPP_NO_ERROR)
    return;
  if (stanza.kind != STANZA_OTHER)
    check_address (stanza.message.from);
  if (stanza.kind == STANZA_MESSAGE)
    stanza_put_message (seen->written, &stanza.message);
  else if (stanza.kind == STANZA_PRESENCE)
    stanza_put_presence (seen->written, &stanza.presence);
  else if (stanza.kind == STANZA_IQ && stanza.iq.payload != NULL
           && stanza.iq.type <= IQ_SET)
    answer_iq (seen->written, &stanza.iq);
  if (!seen->is_again && stanza.kind != STANZA_IQ && seen->written->len > 0)
    check_again (seen->written->str);
}

static const ReaderFns fns = { opened_cb, element_cb, closed_cb, NULL };

/* It may have grown above the bound by its escapes. */
static void
check_again (const char *written)
{
  Seen seen = { g_string_new (NULL), TRUE };
  g_autoptr (Reader) reader = reader_new (&limits, &fns, &seen);
  StreamError error;

  g_assert_cmpint (reader_feed (reader, HEAD, strlen (HEAD)), ==, STREAM_FINE);
  error = reader_feed (reader, written, strlen (written));
  if (strlen (written) <= limits.element) {
    g_assert_cmpint (error, ==, STREAM_FINE);
    g_assert_cmpstr (seen.written->str, ==, written);
  }
  g_string_free (seen.written, TRUE);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  Seen seen = { g_string_new (NULL), FALSE };
  g_autoptr (Reader) reader = reader_new (&limits, &fns, &seen);

  reader_feed (reader, (const char *)data, size);
  g_string_free (seen.written, TRUE);
  return 0;
}

#ifndef WITH_LIBFUZZER

/* Bits of markup that lead somewhere when they get into the wrong place. */
static const char *const words[] = {
  "<",
  ">",
  "/>",
  "</",
  "<!--",
  "-->",
  "&",
  "&#x0;",
  "&#13;",
  "&lt;",
  "'",
  "\"",
  "=",
  "<!",
  "<?",
  "?>",
  "]]>",
  "<![CDATA[",
  "xmlns=''",
  "xmlns:",
  "<body>",
  "</message>",
  "</stream:stream>",
  "<presence>",
  "\xc3",
  "\xef\xbb\xbf",
  "\xe2\x80\x8d",
  "<!DOCTYPE x>",
  "xml:lang='x'",
  "from='a@b'",
  "type='error'",
  "@",
  "/",
  "\\20",
  " ",
  NULL,
};

int
main (int argc, char **argv)
{
  return fuzz_run_seeds (argc, argv, "xmpp-", words);
}

#endif

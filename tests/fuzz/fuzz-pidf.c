/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of codec/pidf: whatever parses must be written, read again and
 * be the same.  As a plain program (make check) it runs every seed and a fixed
 * number of mutations of each; built with -DWITH_LIBFUZZER it is driven by
 * libFuzzer instead. */
#include "codec/pidf.h"

#include "seeds.h"

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PresenceDoc) doc = NULL, again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (!pidf_parse ((const char *)data, size, &doc, &error)) {
    g_assert_nonnull (error);
    return 0;
  }
  bytes = pidf_write (doc);
  if (!pidf_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   &again, &error)) {
    /* Prefixes and declarations may take it over the bound of size. */
    g_assert_cmpuint (g_bytes_get_size (bytes), >, 65536);
    return 0;
  }
  g_assert_true (presence_doc_equal (doc, again));
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
  "dm:",
  "rpid:",
  "<note>",
  "</tuple>",
  "<tuple id=''>",
  "\xc3",
  "\xef\xbb\xbf",
  "<!DOCTYPE x>",
  "xml:lang='x'",
  "<basic>",
  " ",
  NULL,
};

int
main (int argc, char **argv)
{
  return fuzz_run_seeds (argc, argv, "pidf-", words);
}

#endif

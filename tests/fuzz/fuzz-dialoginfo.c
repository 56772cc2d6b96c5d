/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of codec/dialoginfo: whatever parses must be written, read again
 * and be written the same.  Run as fuzz-pidf is. */
#include "codec/dialoginfo.h"

#include "seeds.h"

#include <string.h>

/* NULL: it does not parse. */
static GBytes *
pass (const char *bytes, gsize len)
{
  g_autoptr (DialogInfo) info = NULL, all = dialoginfo_new ();
  g_autoptr (GError) error = NULL;
  g_autofree char *elements = NULL, *brief = NULL;

  if (!dialoginfo_parse (bytes, len, &info, &error)) {
    g_assert_nonnull (error);
    return NULL;
  }
  dialoginfo_add (all, info, "key");
  elements = dialoginfo_elements (all, FALSE);
  brief = dialoginfo_elements (all, TRUE);
  g_assert_cmpuint (strlen (brief), >=, all->dialogs->len);
  return dialoginfo_write ("sip:alice@example.com", 0, elements);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) once = pass ((const char *)data, size), twice = NULL;

  if (once == NULL)
    return 0;
  twice = pass (g_bytes_get_data (once, NULL), g_bytes_get_size (once));
  if (twice == NULL) /* declarations may take it over the bound of size */
    g_assert_cmpuint (g_bytes_get_size (once), >, 65536);
  else
    g_assert_true (g_bytes_equal (once, twice));
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
  "&",
  "&#x0;",
  "&lt;",
  "'",
  "\"",
  "=",
  "<?",
  "]]>",
  "<![CDATA[",
  "xmlns=''",
  "xmlns='urn:x'",
  "xmlns:d='urn:x'",
  "xmlns:",
  "d:",
  "<state>early</state>",
  "</dialog>",
  "<dialog id='a'>",
  "\xc3",
  "<!DOCTYPE x>",
  "xml:lang='x'",
  " ",
  NULL,
};

int
main (int argc, char **argv)
{
  return fuzz_run_seeds (argc, argv, "dialoginfo-", words);
}

#endif

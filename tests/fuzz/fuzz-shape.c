/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of codec/filter and codec/pidf-diff: what a filter leaves of a
 * document can be filtered again and is a document; what a patch makes of one is
 * made by our own diff too.  As a plain program (make check) it runs every seed
 * and a fixed number of mutations of each; built with -DWITH_LIBFUZZER it is
 * driven by libFuzzer instead. */
#include "codec/filter.h"
#include "codec/pidf-diff.h"

#include "seeds.h"

#include <string.h>

#define ALICE "sip:alice@example.com"

static const char document[]
    = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<presence"
      " xmlns=\"urn:ietf:params:xml:ns:pidf\""
      " xmlns:dm=\"urn:ietf:params:xml:ns:pidf:data-model\""
      " xmlns:rpid=\"urn:ietf:params:xml:ns:pidf:rpid\" entity=\"" ALICE "\">"
      "<tuple id=\"a\"><status><basic>open</basic></status><rpid:class>IM"
      "</rpid:class><contact priority=\"0.8\">im:alice@example.com</contact>"
      "<note xml:lang=\"en\">here</note></tuple>"
      "<tuple id=\"b\"><status><basic>closed</basic></status></tuple>"
      "<note>a note</note><dm:person id=\"p\"><rpid:activities><rpid:away/>"
      "<rpid:busy/></rpid:activities></dm:person><dm:device id=\"d\">"
      "<dm:deviceID>mac:1</dm:deviceID></dm:device></presence>\n";

static void
try_filter (GBytes *input, GBytes *base)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FilterSet) set = filter_set_parse (input, "presence", &error);
  g_autoptr (GBytes) left = NULL, again = NULL, merged = NULL;

  if (set == NULL) {
    g_assert_nonnull (error);
    return;
  }
  left = filter_set_apply (set, ALICE, ALICE, base);
  if (left != NULL) {
    again = filter_set_apply (set, ALICE, ALICE, left);
    filter_set_fires (set, ALICE, ALICE, base, left);
  }
  merged = filter_set_merge (input, input, "presence", NULL);
}

static void
try_patch (GBytes *input, GBytes *base)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) made = pidf_patched (base, input, &error);
  g_autoptr (PidfPartial) diff = NULL;
  g_autoptr (GBytes) sent = NULL, again = NULL;

  if (made == NULL) {
    g_assert_nonnull (error);
    return;
  }
  diff = pidf_diff_between (base, made);
  if (diff == NULL)
    return;
  sent = pidf_partial_write (diff, G_MAXUINT32);
  again = pidf_patched (base, sent, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (made, again));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) input = g_bytes_new (data, size);
  g_autoptr (GBytes) base = g_bytes_new_static (document, sizeof document - 1);

  try_filter (input, base);
  try_patch (input, base);
  return 0;
}

#ifndef WITH_LIBFUZZER

static const char *const words[] = { "<",
                                     "/>",
                                     "</",
                                     "&lt;",
                                     "'",
                                     "\"",
                                     "//",
                                     "/*",
                                     "[1]",
                                     "[@id='a']",
                                     "[",
                                     "]",
                                     "@id",
                                     "text()",
                                     " and ",
                                     " or ",
                                     "*",
                                     "pidf:",
                                     "x:",
                                     "sel=''",
                                     "type='@a'",
                                     "pos='",
                                     "ws='both'",
                                     "note",
                                     "tuple",
                                     "<p:add",
                                     "</p:add>",
                                     "<p:remove",
                                     "..",
                                     "=",
                                     "<!DOCTYPE x>",
                                     "<include>",
                                     "</include>",
                                     "\xc3",
                                     "remove='true'",
                                     NULL };

int
main (int argc, char **argv)
{
  return fuzz_run_seeds (argc, argv, "shape-", words);
}

#endif

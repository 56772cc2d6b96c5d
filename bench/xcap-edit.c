/* SPDX-License-Identifier: ISC
 *
 * How many element PUTs a second codec/xcap-edit does on a resource list of 200
 * entries, each with its path parsed and the whole result checked. */
#include "codec/xcap-edit.h"

#include <string.h>

#define ENTRIES 200
#define ROUNDS 20000
#define RL "urn:ietf:params:xml:ns:resource-lists"

static GBytes *
make_document (void)
{
  GString *out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<resource-lists xmlns=\"" RL "\">\n"
                               " <list name=\"contacts\">\n");

  for (guint i = 0; i < ENTRIES; i++)
    g_string_append_printf (out,
                            "  <entry uri=\"sip:user%u@example.com\">\n"
                            "   <display-name>User %u</display-name>\n"
                            "  </entry>\n",
                            i, i);
  g_string_append (out, " </list>\n</resource-lists>\n");
  return g_string_free_to_bytes (out);
}

static void
put (GBytes **document, guint n)
{
  g_autofree char *text = g_strdup_printf (
      "resource-lists/users/sip:alice@example.com/index/~~/resource-lists/"
      "list%%5b@name=%%22contacts%%22%%5d/"
      "entry%%5b@uri=%%22sip:user%u@example.com%%22%%5d",
      n % ENTRIES);
  g_autofree char *entry = g_strdup_printf (
      "<entry uri=\"sip:user%u@example.com\"><display-name>%u</display-name>"
      "</entry>",
      n % ENTRIES, n);
  g_autoptr (XcapPath) path = NULL;
  g_autoptr (GBytes) body = g_bytes_new (entry, strlen (entry));
  g_autoptr (XcapError) error = NULL;
  GBytes *out;
  XcapEdit edit = { .usage = xcap_usage_find ("resource-lists"),
                    .document = *document,
                    .body = body,
                    .bounds = { 1048576, 32 } };

  if (xcap_path_parse (text, strlen (text), &path) != XCAP_PATH_OK)
    g_error ("%s", text);
  edit.path = path;
  if (xcap_put (&edit, &out, &error) != XCAP_DONE)
    g_error ("%s", entry);
  g_bytes_unref (*document);
  *document = out;
}

int
main (void)
{
  g_autoptr (GBytes) document = make_document ();
  gint64 start = g_get_monotonic_time ();
  double seconds;

  for (guint i = 0; i < ROUNDS; i++)
    put (&document, i);
  seconds = (g_get_monotonic_time () - start) / 1e6;
  g_print (
      "xcap-edit: %d entries, %.1f kB: %.0f element PUTs/s, %.1f us each\n",
      ENTRIES, g_bytes_get_size (document) / 1e3, ROUNDS / seconds,
      seconds * 1e6 / ROUNDS);
  return 0;
}

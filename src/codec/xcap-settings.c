/* SPDX-License-Identifier: ISC
 *
 * Documents of org.rollcall.settings: see the header. */
#include "codec/xcap-settings.h"
#include "codec/xcap-tree-priv.h"
#include "codec/xml-priv.h"

#include "base/error.h"

#include <string.h>

#define SHARE "share-availability"
#define ALLOW "allow-without-approval"
#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static XcapSetting
setting_of (const XcapTree *tree, const char *name)
{
  for (const XcapNode *node = tree->document.first->first; node != NULL;
       node = node->next)
    if (xcap_node_is (node, XCAP_SETTINGS_NS, name)) {
      g_autofree char *text = g_strstrip (xcap_tree_text (tree, node));

      return strcmp (text, "true") == 0 || strcmp (text, "1") == 0
                 ? XCAP_SETTING_ON
                 : XCAP_SETTING_OFF;
    }
  return XCAP_SETTING_DEFAULT;
}

gboolean
xcap_settings_parse (GBytes *document, XcapSettings *out, GError **error)
{
  gsize len;
  const char *bytes = g_bytes_get_data (document, &len);
  g_autoptr (XcapTree) tree = xcap_tree_read (bytes, len, NULL, FALSE);

  if (tree == NULL
      || !xcap_node_is (tree->document.first, XCAP_SETTINGS_NS, "settings")) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "no settings document");
    return FALSE;
  }
  out->share_availability = setting_of (tree, SHARE);
  out->allow_without_approval = setting_of (tree, ALLOW);
  return TRUE;
}

static void
put_setting (GString *out, const char *name, XcapSetting setting)
{
  if (setting != XCAP_SETTING_DEFAULT)
    g_string_append_printf (out, " <%s>%s</%s>\n", name,
                            setting == XCAP_SETTING_ON ? "true" : "false",
                            name);
}

GBytes *
xcap_settings_write (const XcapSettings *settings)
{
  GString *out
      = g_string_new (HEAD "<settings xmlns=\"" XCAP_SETTINGS_NS "\">\n");

  put_setting (out, SHARE, settings->share_availability);
  put_setting (out, ALLOW, settings->allow_without_approval);
  g_string_append (out, "</settings>\n");
  return g_string_free_to_bytes (out);
}

GBytes *
xcap_policy_write (gboolean allow_history, gboolean allow_cut_paste)
{
  GString *out
      = g_string_new (HEAD "<policy xmlns=\"" XCAP_SETTINGS_NS "\">\n");

  put_setting (out, "allow-history",
               allow_history ? XCAP_SETTING_ON : XCAP_SETTING_OFF);
  put_setting (out, "allow-cut-paste",
               allow_cut_paste ? XCAP_SETTING_ON : XCAP_SETTING_OFF);
  g_string_append (out, "</policy>\n");
  return g_string_free_to_bytes (out);
}

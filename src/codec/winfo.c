/* SPDX-License-Identifier: ISC
 *
 * application/watcherinfo+xml (RFC 3858 4) written and read. */
#include "codec/winfo.h"

#include "base/error.h"
#include "codec/xml-priv.h"

#define WATCHERS_MAX 1000

static const char *const statuses[] = {
  [WINFO_PENDING] = "pending",
  [WINFO_ACTIVE] = "active",
  [WINFO_WAITING] = "waiting",
  [WINFO_TERMINATED] = "terminated",
};

static const char *const events[] = {
  [WINFO_SUBSCRIBE] = "subscribe",     [WINFO_APPROVED] = "approved",
  [WINFO_DEACTIVATED] = "deactivated", [WINFO_PROBATION] = "probation",
  [WINFO_REJECTED] = "rejected",       [WINFO_TIMEOUT] = "timeout",
  [WINFO_GIVEUP] = "giveup",           [WINFO_NORESOURCE] = "noresource",
};

static void
put_number (GString *out, const char *name, gint64 number)
{
  char text[24];

  if (number < 0)
    return;
  g_snprintf (text, sizeof text, "%" G_GINT64_FORMAT, number);
  xml_put_attribute (out, name, text);
}

static void
put_watcher (GString *out, const WinfoWatcher *watcher)
{
  g_string_append (out, "<watcher");
  xml_put_attribute (out, "id", watcher->id);
  xml_put_attribute (out, "event", events[watcher->event]);
  xml_put_attribute (out, "status", statuses[watcher->status]);
  if (watcher->display_name != NULL)
    xml_put_attribute (out, "display-name", watcher->display_name);
  put_number (out, "expiration", watcher->expiration);
  put_number (out, "duration-subscribed", watcher->subscribed_for);
  g_string_append_c (out, '>');
  xml_put_text (out, watcher->watcher);
  g_string_append (out, "</watcher>");
}

GBytes *
winfo_write (const WinfoDoc *doc)
{
  GString *out = g_string_sized_new (512);

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<watcherinfo");
  xml_put_attribute (out, "xmlns", NS_WINFO);
  put_number (out, "version", doc->version);
  xml_put_attribute (out, "state", doc->is_full ? "full" : "partial");
  g_string_append (out, "><watcher-list");
  xml_put_attribute (out, "resource", doc->resource);
  xml_put_attribute (out, "package", doc->package);
  g_string_append_c (out, '>');
  for (guint i = 0; i < doc->watchers->len; i++)
    put_watcher (out, doc->watchers->pdata[i]);
  g_string_append (out, "</watcher-list></watcherinfo>\n");
  return g_string_free_to_bytes (out);
}

/* Index of an attribute's value in names; FALSE when it is none of them. */
static gboolean
read_name (const xmlNode *node, const char *attribute, const char *const *names,
           guint n, guint *out)
{
  g_autofree char *value = xml_attribute (node, attribute);

  for (*out = 0; value != NULL && *out < n; ++*out)
    if (g_str_equal (names[*out], value))
      return TRUE;
  return FALSE;
}

/* An attribute that may be absent (-1); FALSE when it is no number. */
static gboolean
read_number (const xmlNode *node, const char *attribute, gint64 *out)
{
  g_autofree char *value = xml_attribute (node, attribute);
  guint64 number;

  *out = -1;
  if (value == NULL)
    return TRUE;
  if (!g_ascii_string_to_unsigned (g_strstrip (value), 10, 0, G_MAXINT64,
                                   &number, NULL))
    return FALSE;
  *out = (gint64)number;
  return TRUE;
}

static gboolean
read_watcher (WinfoDoc *doc, const xmlNode *node, GError **error)
{
  g_autofree char *id = xml_attribute (node, "id");
  g_autofree char *uri = xml_stripped (node);
  WinfoWatcher *watcher;
  guint status, event;

  if (doc->watchers->len >= WATCHERS_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %d watchers",
                 WATCHERS_MAX);
    return FALSE;
  }
  if (id == NULL)
    return xml_wrong ("id", error);
  if (*uri == '\0')
    return xml_wrong ("the watcher's URI", error);
  if (!read_name (node, "status", statuses, G_N_ELEMENTS (statuses), &status))
    return xml_wrong ("status", error);
  if (!read_name (node, "event", events, G_N_ELEMENTS (events), &event))
    return xml_wrong ("event", error);
  watcher = winfo_doc_add (doc, id, uri, status, event);
  watcher->display_name = xml_attribute (node, "display-name");
  if (!read_number (node, "expiration", &watcher->expiration))
    return xml_wrong ("expiration", error);
  if (!read_number (node, "duration-subscribed", &watcher->subscribed_for))
    return xml_wrong ("duration-subscribed", error);
  return TRUE;
}

static gboolean
read_list (WinfoDoc *doc, const xmlNode *list, GError **error)
{
  doc->resource = xml_attribute (list, "resource");
  doc->package = xml_attribute (list, "package");
  if (doc->resource == NULL)
    return xml_wrong ("resource", error);
  if (doc->package == NULL)
    return xml_wrong ("package", error);
  for (xmlNode *node = xml_element (list->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_WINFO, "watcher") && !read_watcher (doc, node, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_root (WinfoDoc *doc, const xmlNode *root, GError **error)
{
  static const char *const states[] = { "partial", "full" };
  gint64 version;
  guint state;

  if (!read_number (root, "version", &version) || version < 0
      || version > G_MAXUINT32)
    return xml_wrong ("version", error);
  if (!read_name (root, "state", states, G_N_ELEMENTS (states), &state))
    return xml_wrong ("state", error);
  doc->version = (guint32)version;
  doc->is_full = state == 1;
  return TRUE;
}

gboolean
winfo_parse (const char *bytes, gsize len, WinfoDoc **out, GError **error)
{
  g_autoptr (xmlDoc) xml
      = xml_read (bytes, len, NS_WINFO, "watcherinfo", error);
  g_autoptr (WinfoDoc) doc = NULL;
  const xmlNode *root;
  guint lists = 0;

  *out = NULL;
  if (xml == NULL)
    return FALSE;
  root = xmlDocGetRootElement (xml);
  doc = winfo_doc_new (NULL, NULL, 0, FALSE);
  if (!read_root (doc, root, error))
    return FALSE;
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next)) {
    if (!xml_is (node, NS_WINFO, "watcher-list"))
      continue;
    if (lists++ > 0) {
      g_set_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
                   "more than one watcher-list");
      return FALSE;
    }
    if (!read_list (doc, node, error))
      return FALSE;
  }
  if (lists == 0)
    return xml_wrong ("watcher-list", error);
  *out = g_steal_pointer (&doc);
  return TRUE;
}

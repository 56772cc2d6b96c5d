/* SPDX-License-Identifier: ISC
 *
 * RLMI documents written and read, and the body around them (RFC 4662 5, RFC
 * 2387). */
#include "codec/rlmi.h"

#include "codec/mime.h"
#include "codec/xml-priv.h"

#define NS_RLMI "urn:ietf:params:xml:ns:rlmi"
#define BYTES_MAX (4 << 20)

static const char *const states[] = {
  [RLMI_ACTIVE] = "active",
  [RLMI_PENDING] = "pending",
  [RLMI_TERMINATED] = "terminated",
};

/* --- The model --- */

static void
instance_clear (gpointer data)
{
  RlmiInstance *self = data;

  g_free (self->id);
  g_free (self->reason);
  g_free (self->cid);
}

static void
resource_free (gpointer data)
{
  RlmiResource *self = data;

  g_free (self->uri);
  g_free (self->name);
  g_array_unref (self->instances);
  g_free (self);
}

RlmiDoc *
rlmi_doc_new (const char *uri, const char *name, guint32 version,
              gboolean is_full)
{
  RlmiDoc *self = g_new0 (RlmiDoc, 1);

  self->uri = g_strdup (uri);
  self->name = g_strdup (name);
  self->version = version;
  self->is_full = is_full;
  self->resources = g_ptr_array_new_with_free_func (resource_free);
  return self;
}

void
rlmi_doc_free (RlmiDoc *self)
{
  if (self == NULL)
    return;
  g_free (self->uri);
  g_free (self->name);
  g_ptr_array_unref (self->resources);
  g_free (self);
}

RlmiResource *
rlmi_doc_add (RlmiDoc *self, const char *uri, const char *name)
{
  RlmiResource *resource = g_new0 (RlmiResource, 1);

  resource->uri = g_strdup (uri);
  resource->name = g_strdup (name);
  resource->instances
      = g_array_sized_new (FALSE, TRUE, sizeof (RlmiInstance), 1);
  g_array_set_clear_func (resource->instances, instance_clear);
  g_ptr_array_add (self->resources, resource);
  return resource;
}

void
rlmi_resource_add (RlmiResource *self, const char *id, RlmiState state,
                   const char *reason, const char *cid)
{
  RlmiInstance instance = { .id = g_strdup (id),
                            .state = state,
                            .reason = g_strdup (reason),
                            .cid = g_strdup (cid) };

  g_array_append_val (self->instances, instance);
}

/* --- Writing --- */

static void
put_instance (GString *out, const RlmiInstance *instance)
{
  g_string_append (out, "<instance");
  xml_put_attribute (out, "id", instance->id);
  xml_put_attribute (out, "state", states[instance->state]);
  if (instance->reason != NULL)
    xml_put_attribute (out, "reason", instance->reason);
  if (instance->cid != NULL)
    xml_put_attribute (out, "cid", instance->cid);
  g_string_append (out, "/>");
}

static void
put_resource (GString *out, const RlmiResource *resource)
{
  g_string_append (out, "<resource");
  xml_put_attribute (out, "uri", resource->uri);
  g_string_append_c (out, '>');
  xml_put_leaf (out, "name", resource->name);
  for (guint i = 0; i < resource->instances->len; i++)
    put_instance (out, &g_array_index (resource->instances, RlmiInstance, i));
  g_string_append (out, "</resource>\n");
}

GBytes *
rlmi_write (const RlmiDoc *doc)
{
  GString *out = g_string_sized_new (256 + doc->resources->len * 200);
  char version[12];

  g_snprintf (version, sizeof version, "%u", doc->version);
  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<list");
  xml_put_attribute (out, "xmlns", NS_RLMI);
  xml_put_attribute (out, "uri", doc->uri);
  xml_put_attribute (out, "version", version);
  xml_put_attribute (out, "fullState", doc->is_full ? "true" : "false");
  g_string_append (out, ">\n");
  xml_put_leaf (out, "name", doc->name);
  for (guint i = 0; i < doc->resources->len; i++)
    put_resource (out, doc->resources->pdata[i]);
  g_string_append (out, "</list>\n");
  return g_string_free_to_bytes (out);
}

/* --- Reading --- */

static char *
name_of (const xmlNode *node)
{
  for (xmlNode *at = xml_element (node->children); at != NULL;
       at = xml_element (at->next))
    if (xml_is (at, NS_RLMI, "name"))
      return xml_stripped (at);
  return NULL;
}

static gboolean
read_state (const xmlNode *node, RlmiState *out)
{
  g_autofree char *text = xml_attribute (node, "state");

  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (states); i++)
    if (g_str_equal (states[i], text)) {
      *out = (RlmiState)i;
      return TRUE;
    }
  return FALSE;
}

static gboolean
read_instance (RlmiResource *resource, const xmlNode *node, GError **error)
{
  g_autofree char *id = xml_attribute (node, "id");
  g_autofree char *reason = xml_attribute (node, "reason");
  g_autofree char *cid = xml_attribute (node, "cid");
  RlmiState state;

  if (id == NULL)
    return xml_wrong ("id", error);
  if (!read_state (node, &state))
    return xml_wrong ("state", error);
  if (state == RLMI_TERMINATED && reason == NULL)
    return xml_wrong ("reason", error);
  if (state == RLMI_ACTIVE && cid == NULL)
    return xml_wrong ("cid", error);
  rlmi_resource_add (resource, id, state, reason, cid);
  return TRUE;
}

static gboolean
read_resource (RlmiDoc *doc, const xmlNode *node, GError **error)
{
  g_autofree char *uri = xml_attribute (node, "uri");
  g_autofree char *name = name_of (node);
  RlmiResource *resource;

  if (uri == NULL)
    return xml_wrong ("uri of a resource", error);
  resource = rlmi_doc_add (doc, uri, name);
  for (xmlNode *at = xml_element (node->children); at != NULL;
       at = xml_element (at->next))
    if (xml_is (at, NS_RLMI, "instance")
        && !read_instance (resource, at, error))
      return FALSE;
  return TRUE;
}

static gboolean
read_boolean (const xmlNode *node, const char *name, gboolean *out)
{
  g_autofree char *text = xml_attribute (node, name);

  if (text == NULL)
    return FALSE;
  g_strstrip (text);
  *out = g_str_equal (text, "true") || g_str_equal (text, "1");
  return *out || g_str_equal (text, "false") || g_str_equal (text, "0");
}

static RlmiDoc *
read_root (const xmlNode *root, GError **error)
{
  g_autofree char *uri = xml_attribute (root, "uri");
  g_autofree char *text = xml_attribute (root, "version");
  g_autofree char *name = name_of (root);
  gboolean is_full;
  guint64 version;

  if (uri == NULL) {
    xml_wrong ("uri of the list", error);
  } else if (text == NULL
             || !g_ascii_string_to_unsigned (g_strstrip (text), 10, 0,
                                             G_MAXUINT32, &version, NULL)) {
    xml_wrong ("version", error);
  } else if (!read_boolean (root, "fullState", &is_full)) {
    xml_wrong ("fullState", error);
  } else {
    return rlmi_doc_new (uri, name, (guint32)version, is_full);
  }
  return NULL;
}

gboolean
rlmi_parse (const char *bytes, gsize len, RlmiDoc **out, GError **error)
{
  g_autoptr (xmlDoc) xml
      = xml_read_within (bytes, len, BYTES_MAX, NS_RLMI, "list", error);
  g_autoptr (RlmiDoc) doc = NULL;
  const xmlNode *root;

  *out = NULL;
  if (xml == NULL)
    return FALSE;
  root = xmlDocGetRootElement (xml);
  doc = read_root (root, error);
  if (doc == NULL)
    return FALSE;
  for (xmlNode *node = xml_element (root->children); node != NULL;
       node = xml_element (node->next))
    if (xml_is (node, NS_RLMI, "resource") && !read_resource (doc, node, error))
      return FALSE;
  *out = g_steal_pointer (&doc);
  return TRUE;
}

/* --- The body --- */

static void
fill_part (MimePart *out, GString *headers, const char *cid, const char *type,
           GBytes *body)
{
  gsize from = headers->len;

  g_string_append (headers, "Content-Transfer-Encoding: binary\r\n"
                            "Content-ID: <");
  g_string_append (headers, cid);
  g_string_append (headers, ">\r\nContent-Type: ");
  g_string_append (headers, type);
  g_string_append (headers, "\r\n");
  out->headers = GSIZE_TO_POINTER (from); /* the text may still move */
  out->headers_len = headers->len - from;
  out->body = g_bytes_get_data (body, &out->len);
}

GBytes *
rlmi_pack (GBytes *root, const char *root_cid, const RlmiPart *parts, guint n,
           char **content_type_out)
{
  g_autofree MimePart *out = g_new0 (MimePart, n + 1);
  g_autoptr (GString) headers = g_string_sized_new (160 * (n + 1));
  g_autofree char *boundary = NULL;
  GBytes *body;

  fill_part (&out[0], headers, root_cid, RLMI_TYPE, root);
  for (guint i = 0; i < n; i++)
    fill_part (&out[i + 1], headers, parts[i].cid, parts[i].content_type,
               parts[i].body);
  for (guint i = 0; i <= n; i++)
    out[i].headers = headers->str + GPOINTER_TO_SIZE (out[i].headers);
  body = multipart_write (out, n + 1, &boundary);
  *content_type_out
      = g_strconcat (RLMI_RELATED ";type=\"" RLMI_TYPE "\";start=\"<", root_cid,
                     ">\";boundary=", boundary, NULL);
  return body;
}

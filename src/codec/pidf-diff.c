/* SPDX-License-Identifier: ISC
 *
 * Partial presence documents.  A diff is made by editing a copy of the old tree
 * step by step until it is the new one; each step is written down with a
 * selector that is right at that moment, as the watcher carries them out one
 * after the other (RFC 5261 4).  Elements of one parent are paired in order, by
 * name and id. */
#include "codec/pidf-diff.h"

#include "base/error.h"
#include "codec/xml-patch.h"
#include "codec/xml-priv.h"

#include <string.h>

/* Larger documents are told whole. */
#define DIFF_BYTES_MAX ((gsize)1 << 20)
#define DIFF_PAIRS_MAX 1000000

#define NS_XML_URI "http://www.w3.org/XML/1998/namespace"

typedef struct {
  GString *out;
  xmlDoc *work;   /* the old document, being edited */
  gsize size_max; /* above it the whole is as good */
  gboolean is_given_up;
} Diff;

void
pidf_partial_free (PidfPartial *self)
{
  if (self == NULL)
    return;
  g_bytes_unref (self->bytes);
  g_free (self);
}

GBytes *
pidf_partial_write (const PidfPartial *self, guint32 version)
{
  gsize len;
  const char *bytes = g_bytes_get_data (self->bytes, &len);
  char digits[12];
  gsize n = (gsize)g_snprintf (digits, sizeof digits, "%u", version);
  char *out = g_malloc (len + n);

  memcpy (out, bytes, self->version_at);
  memcpy (out + self->version_at, digits, n);
  memcpy (out + self->version_at + n, bytes + self->version_at,
          len - self->version_at);
  return g_bytes_new_take (out, len + n);
}

static PidfPartial *
partial_new (GString *text, gsize version_at)
{
  PidfPartial *self = g_new0 (PidfPartial, 1);

  self->bytes = g_string_free_to_bytes (text);
  self->version_at = version_at;
  return self;
}

PidfPartial *
pidf_full_of (GBytes *pidf)
{
  static const char start[] = "<presence", end[] = "</presence>";
  static const char full_start[]
      = "<p:pidf-full xmlns:p=\"" NS_PIDF_DIFF "\" version=\"";
  gsize len, version_at;
  const char *bytes = g_bytes_get_data (pidf, &len);
  const char *at = g_strstr_len (bytes, len, start);
  const char *last = g_strrstr_len (bytes, len, end);
  GString *out;

  if (at == NULL || last == NULL)
    return NULL;
  out = g_string_sized_new (len + sizeof full_start + 16);
  g_string_append_len (out, bytes, at - bytes);
  g_string_append (out, full_start);
  version_at = out->len;
  g_string_append_c (out, '"');
  at += strlen (start);
  g_string_append_len (out, at, last - at);
  g_string_append (out, "</p:pidf-full>\n");
  return partial_new (out, version_at);
}

/* --- Comparing --- */

static gboolean
is_same_name (const xmlNode *a, const xmlNode *b)
{
  const char *ns_a = a->ns != NULL ? (const char *)a->ns->href : NULL;
  const char *ns_b = b->ns != NULL ? (const char *)b->ns->href : NULL;

  return xmlStrEqual (a->name, b->name) && g_strcmp0 (ns_a, ns_b) == 0;
}

static const char *
ns_of (const xmlAttr *a)
{
  return a->ns != NULL ? (const char *)a->ns->href : NULL;
}

/* The same attribute of another element; NULL: it has none. */
static xmlAttr *
twin_of (const xmlAttr *a, const xmlNode *other)
{
  for (xmlAttr *twin = other->properties; twin != NULL; twin = twin->next)
    if (xmlStrEqual (a->name, twin->name)
        && g_strcmp0 (ns_of (a), ns_of (twin)) == 0)
      return twin;
  return NULL;
}

static char *
value_of (const xmlAttr *a)
{
  return xml_text ((const xmlNode *)a);
}

static gboolean
is_same_value (const xmlAttr *a, const xmlAttr *b)
{
  g_autofree char *left = value_of (a), *right = value_of (b);

  return strcmp (left, right) == 0;
}

static gboolean
are_attributes_equal (const xmlNode *a, const xmlNode *b)
{
  guint n = 0;

  for (const xmlAttr *at = a->properties; at != NULL; at = at->next, n++) {
    const xmlAttr *twin = twin_of (at, b);

    if (twin == NULL || !is_same_value (at, twin))
      return FALSE;
  }
  for (const xmlAttr *at = b->properties; at != NULL; at = at->next)
    n--;
  return n == 0;
}

static gboolean
is_equal (const xmlNode *a, const xmlNode *b)
{
  const xmlNode *x = a->children, *y = b->children;

  if (a->type != b->type)
    return FALSE;
  if (a->type != XML_ELEMENT_NODE)
    return xmlStrEqual (a->content, b->content);
  if (!is_same_name (a, b) || !are_attributes_equal (a, b))
    return FALSE;
  for (; x != NULL && y != NULL; x = x->next, y = y->next)
    if (!is_equal (x, y))
      return FALSE;
  return x == NULL && y == NULL;
}

static gboolean
is_pair (const xmlNode *a, const xmlNode *b)
{
  g_autofree char *left = NULL, *right = NULL;

  if (!is_same_name (a, b))
    return FALSE;
  left = xml_attribute (a, "id");
  right = xml_attribute (b, "id");
  return g_strcmp0 (left, right) == 0;
}

typedef enum { HAS_NOTHING, HAS_TEXT, HAS_ELEMENTS, HAS_BOTH } Content;

static Content
content_of (const xmlNode *node)
{
  Content content = HAS_NOTHING;
  guint n = 0;

  for (const xmlNode *child = node->children; child != NULL;
       child = child->next, n++)
    content |= child->type == XML_ELEMENT_NODE ? HAS_ELEMENTS : HAS_TEXT;
  return content == HAS_TEXT && n > 1 ? HAS_BOTH : content;
}

/* --- Selectors --- */

/* The prefix under which a diff's root binds ns; NULL: none. */
static const char *
prefix_of (const xmlNs *ns)
{
  const char *href = ns != NULL ? (const char *)ns->href : "";

  return strcmp (href, NS_PIDF) == 0   ? ""
         : strcmp (href, NS_DM) == 0   ? "dm:"
         : strcmp (href, NS_RPID) == 0 ? "rpid:"
                                       : NULL;
}

static gboolean
is_tested (const xmlNode *node, const xmlNode *other)
{
  return other->type == XML_ELEMENT_NODE
         && (prefix_of (node->ns) == NULL || is_same_name (node, other));
}

static gboolean
has_id (const xmlNode *node, const char *id)
{
  g_autofree char *own = xml_attribute (node, "id");

  return g_strcmp0 (own, id) == 0;
}

/* Which of its siblings that pass the same name test node is, of how many; and
 * how many of them have its id. */
static guint
place_of (const xmlNode *node, const char *id, guint *n_out, guint *n_ids_out)
{
  guint place = 0;

  *n_out = *n_ids_out = 0;
  for (const xmlNode *other = node->parent->children; other != NULL;
       other = other->next) {
    if (!is_tested (node, other))
      continue;
    ++*n_out;
    *n_ids_out += id != NULL && has_id (other, id);
    if (other == node)
      place = *n_out;
  }
  return place;
}

static void
put_step (GString *out, const xmlNode *node)
{
  const char *prefix = prefix_of (node->ns);
  g_autofree char *id = xml_attribute (node, "id");
  guint n, n_ids, place = place_of (node, id, &n, &n_ids);

  if (prefix == NULL)
    g_string_append_c (out, '*');
  else
    g_string_append_printf (out, "%s%s", prefix, node->name);
  if (n == 1)
    return;
  if (n_ids == 1 && strchr (id, '\'') == NULL)
    g_string_append_printf (out, "[@id='%s']", id);
  else if (n_ids == 1 && strchr (id, '"') == NULL)
    g_string_append_printf (out, "[@id=\"%s\"]", id);
  else
    g_string_append_printf (out, "[%u]", place);
}

static void
put_steps (GString *out, const xmlNode *node)
{
  if (node->parent->type != XML_ELEMENT_NODE) {
    g_string_append_c (out, '*');
    return;
  }
  put_steps (out, node->parent);
  g_string_append_c (out, '/');
  put_step (out, node);
}

/* ` sel="..."` with what comes behind the element. */
static void
put_sel (Diff *self, const xmlNode *node, const char *rest)
{
  g_autoptr (GString) sel = g_string_new (NULL);

  put_steps (sel, node);
  g_string_append (sel, rest);
  xml_put_attribute (self->out, "sel", sel->str);
}

/* --- Operations: each is written down, then done to the copy --- */

static void
replace_element (Diff *self, xmlNode *old, const xmlNode *new)
{
  xmlNode *copy;

  g_string_append (self->out, "<p:replace");
  put_sel (self, old, "");
  g_string_append_c (self->out, '>');
  xml_put_fragment (self->out, new);
  g_string_append (self->out, "</p:replace>");
  copy = xmlDocCopyNode ((xmlNode *)new, self->work, 1);
  xmlReplaceNode (old, copy);
  xmlFreeNode (old);
}

static void
remove_element (Diff *self, xmlNode *old)
{
  g_string_append (self->out, "<p:remove");
  put_sel (self, old, "");
  g_string_append (self->out, "/>");
  xmlUnlinkNode (old);
  xmlFreeNode (old);
}

static void
replace_text (Diff *self, xmlNode *old, const xmlNode *new)
{
  const char *text = (const char *)new->children->content;

  g_string_append (self->out, "<p:replace");
  put_sel (self, old, "/text()");
  g_string_append_c (self->out, '>');
  xml_put_text (self->out, text);
  g_string_append (self->out, "</p:replace>");
  xmlNodeSetContent (old->children, NULL);
  xmlNodeAddContent (old->children, (const xmlChar *)text);
}

/* n elements from `first` on, new ones, behind last (NULL: as the first). */
static xmlNode *
add_elements (Diff *self, xmlNode *parent, xmlNode *last, xmlNode *first,
              guint n)
{
  xmlNode *next = last != NULL ? last->next : parent->children;

  g_string_append (self->out, "<p:add");
  put_sel (self, next != NULL && last != NULL ? last : parent, "");
  if (next != NULL)
    xml_put_attribute (self->out, "pos", last != NULL ? "after" : "prepend");
  g_string_append_c (self->out, '>');
  for (xmlNode *node = first; n > 0; node = xml_element (node->next), n--) {
    xmlNode *copy = xmlDocCopyNode (node, self->work, 1);

    xml_put_fragment (self->out, node);
    last = next != NULL ? xmlAddPrevSibling (next, copy)
                        : xmlAddChild (parent, copy);
  }
  g_string_append (self->out, "</p:add>");
  return last;
}

/* Of attributes without namespace, and xml:lang. */
static void
put_attribute_operation (Diff *self, const char *operation, const xmlNode *node,
                         const xmlAttr *a, gboolean is_new)
{
  const char *prefix = a->ns != NULL ? "xml:" : "";
  g_autofree char *name = g_strdup_printf ("@%s%s", prefix, a->name);
  g_autofree char *rest = g_strconcat ("/", name, NULL);

  g_string_append_printf (self->out, "<p:%s", operation);
  put_sel (self, node, is_new ? "" : rest);
  if (is_new)
    xml_put_attribute (self->out, "type", name);
}

static void
put_value (Diff *self, const char *operation, const xmlAttr *a)
{
  g_autofree char *value = value_of (a);

  g_string_append_c (self->out, '>');
  xml_put_text (self->out, value);
  g_string_append_printf (self->out, "</p:%s>", operation);
}

static void
copy_attribute (xmlNode *to, const xmlAttr *a)
{
  g_autofree char *value = value_of (a);
  xmlNs *ns = NULL;

  if (a->ns != NULL)
    ns = xmlSearchNs (to->doc, to, (const xmlChar *)"xml");
  xmlSetNsProp (to, ns, a->name, (const xmlChar *)value);
}

static void
diff_attributes (Diff *self, xmlNode *old, const xmlNode *new)
{
  xmlAttr *next;

  for (const xmlAttr *a = new->properties; a != NULL; a = a->next) {
    const xmlAttr *twin = twin_of (a, old);
    const char *operation = twin == NULL ? "add" : "replace";

    if (twin != NULL && is_same_value (a, twin))
      continue;
    put_attribute_operation (self, operation, old, a, twin == NULL);
    put_value (self, operation, a);
    copy_attribute (old, a);
  }
  for (xmlAttr *a = old->properties; a != NULL; a = next) {
    next = a->next;
    if (twin_of (a, new) != NULL)
      continue;
    put_attribute_operation (self, "remove", old, a, FALSE);
    g_string_append (self->out, "/>");
    xmlRemoveProp (a);
  }
}

/* --- The walk --- */

static gboolean
has_plain_attributes (const xmlNode *node)
{
  for (const xmlAttr *a = node->properties; a != NULL; a = a->next)
    if (a->ns != NULL && strcmp (ns_of (a), NS_XML_URI) != 0)
      return FALSE;
  return TRUE;
}

static GPtrArray *
elements_of (const xmlNode *node)
{
  GPtrArray *all = g_ptr_array_new ();

  for (xmlNode *child = xml_element (node->children); child != NULL;
       child = xml_element (child->next))
    g_ptr_array_add (all, child);
  return all;
}

/* For each of `olds` the index of its partner in `news` or -1: the longest
 * common subsequence, in which equal ones count more. */
static int *
pair_up (const GPtrArray *olds, const GPtrArray *news)
{
  guint n = olds->len, m = news->len, width = m + 1;
  g_autofree guint32 *best = g_new0 (guint32, (gsize)(n + 1) * width);
  g_autofree guint8 *worth = g_new0 (guint8, (gsize)n * m + 1);
  int *partner = g_new (int, n + 1);

  for (guint i = n; i-- > 0;)
    for (guint j = m; j-- > 0;) {
      guint w = !is_pair (olds->pdata[i], news->pdata[j])   ? 0
                : is_equal (olds->pdata[i], news->pdata[j]) ? 3
                                                            : 2;

      worth[(gsize)i * m + j] = (guint8)w;
      best[i * width + j]
          = MAX (best[(i + 1) * width + j], best[i * width + j + 1]);
      if (w > 0)
        best[i * width + j]
            = MAX (best[i * width + j], best[(i + 1) * width + j + 1] + w);
    }
  for (guint i = 0, j = 0; i < n; i++) {
    partner[i] = -1;
    while (j < m && best[i * width + j] == best[i * width + j + 1])
      j++;
    if (j < m && worth[(gsize)i * m + j] > 0
        && best[i * width + j]
               == best[(i + 1) * width + j + 1] + worth[(gsize)i * m + j])
      partner[i] = (int)j++;
  }
  return partner;
}

static xmlNode *diff_element (Diff *self, xmlNode *old, const xmlNode *new);

static void
diff_children (Diff *self, xmlNode *old, const xmlNode *new)
{
  g_autoptr (GPtrArray) olds = elements_of (old), news = elements_of (new);
  g_autofree int *partner = NULL;
  xmlNode *last = NULL;
  guint done = 0; /* of news */

  if ((gsize)olds->len * news->len > DIFF_PAIRS_MAX) {
    self->is_given_up = TRUE;
    return;
  }
  partner = pair_up (olds, news);
  for (guint i = 0; i < olds->len; i++)
    if (partner[i] < 0)
      remove_element (self, olds->pdata[i]);
  for (guint i = 0; i < olds->len && !self->is_given_up; i++) {
    if (partner[i] < 0)
      continue;
    if ((guint)partner[i] > done)
      last = add_elements (self, old, last, news->pdata[done],
                           (guint)partner[i] - done);
    last = diff_element (self, olds->pdata[i], news->pdata[partner[i]]);
    done = (guint)partner[i] + 1;
  }
  if (done < news->len && !self->is_given_up)
    add_elements (self, old, last, news->pdata[done], news->len - done);
}

/* What stands in the place of old then. */
static xmlNode *
diff_element (Diff *self, xmlNode *old, const xmlNode *new)
{
  Content before = content_of (old), after = content_of (new);
  xmlNode *prev = old->prev, *parent = old->parent;

  if (self->is_given_up || is_equal (old, new))
    return old;
  if (self->out->len > self->size_max) {
    self->is_given_up = TRUE;
    return old;
  }
  if (!has_plain_attributes (old) || !has_plain_attributes (new)
      || before == HAS_BOTH || after == HAS_BOTH
      || (before == HAS_TEXT) != (after == HAS_TEXT)) {
    replace_element (self, old, new);
    return prev != NULL ? prev->next : parent->children;
  }
  diff_attributes (self, old, new);
  if (before != HAS_TEXT)
    diff_children (self, old, new);
  else if (!is_equal (old->children, new->children))
    replace_text (self, old, new);
  return old;
}

static xmlDoc *
read_document (GBytes *bytes)
{
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);

  return xml_read_within (text, len, DIFF_BYTES_MAX, NS_PIDF, "presence", NULL);
}

static gsize
put_root (GString *out, const xmlNode *root)
{
  g_autofree char *entity = xml_attribute (root, "entity");
  gsize version_at;

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<p:pidf-diff xmlns:p=\"" NS_PIDF_DIFF "\" version=\"");
  version_at = out->len;
  g_string_append_c (out, '"');
  xml_put_attribute (out, "xmlns", NS_PIDF);
  xml_put_attribute (out, "xmlns:dm", NS_DM);
  xml_put_attribute (out, "xmlns:rpid", NS_RPID);
  xml_put_attribute (out, "entity", entity != NULL ? entity : "");
  g_string_append_c (out, '>');
  return version_at;
}

PidfPartial *
pidf_diff_between (GBytes *from, GBytes *to)
{
  g_autoptr (xmlDoc) old = read_document (from), new = read_document (to);
  g_autoptr (GString) out = g_string_sized_new (512);
  Diff self = { .out = out, .work = old };
  xmlNode *root, *target;
  gsize version_at;

  if (old == NULL || new == NULL)
    return NULL;
  root = xmlDocGetRootElement (old);
  target = xmlDocGetRootElement (new);
  if (!are_attributes_equal (root, target)
      || (content_of (root) | content_of (target)) & HAS_TEXT)
    return NULL;
  self.size_max = g_bytes_get_size (to);
  version_at = put_root (out, target);
  diff_children (&self, root, target);
  g_string_append (out, "</p:pidf-diff>\n");
  if (self.is_given_up || out->len >= self.size_max)
    return NULL;
  return partial_new (g_steal_pointer (&out), version_at);
}

/* --- The other way --- */

static GBytes *
bounded (GBytes *made, GError **error)
{
  if (g_bytes_get_size (made) <= XML_BYTES_MAX)
    return made;
  g_bytes_unref (made);
  g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %d bytes",
               XML_BYTES_MAX);
  return NULL;
}

GBytes *
pidf_patched (GBytes *base, GBytes *patch, GError **error)
{
  gsize len;
  const char *text = g_bytes_get_data (patch, &len);
  g_autoptr (xmlDoc) full
      = xml_read (text, len, NS_PIDF_DIFF, "pidf-full", NULL);
  g_autoptr (xmlDoc) diff = NULL, doc = NULL;

  if (full != NULL)
    return bounded (xml_write_presence (xmlDocGetRootElement (full)), error);
  diff = xml_read (text, len, NS_PIDF_DIFF, "pidf-diff", error);
  if (diff == NULL)
    return NULL;
  if (base == NULL) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "there is nothing to patch");
    return NULL;
  }
  text = g_bytes_get_data (base, &len);
  doc = xml_read (text, len, NS_PIDF, "presence", error);
  if (doc == NULL || !xml_patch_apply (doc, xmlDocGetRootElement (diff), error))
    return NULL;
  return bounded (xml_write_presence (xmlDocGetRootElement (doc)), error);
}

/* SPDX-License-Identifier: ISC
 *
 * Contacts in and out of resource lists: see the header.  The entries are found
 * with their places, what is to be changed is a list of splices, and all of them
 * are done in one pass. */
#include "codec/xcap-contacts.h"
#include "codec/xcap-schema-priv.h"
#include "codec/xml-priv.h"

#include "addr/contact.h"

#include <string.h>

#define EMPTY                                                                  \
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                               \
  "<resource-lists xmlns=\"" NS_RESOURCE_LISTS "\">\n</resource-lists>\n"

/* One <entry> outside of reserved lists. */
typedef struct {
  const XcapNode *node;
  const char *uri;
  char *group;
} Entry;

/* A contact and where it is in the frame. */
typedef struct {
  const XcapContact *contact;
  GPtrArray *entries; /* Entry *, borrowed, in document order */
} Slot;

typedef struct {
  gsize from, to;
  guint n; /* order of those at one place */
  char *text;
} Splice;

/* What is appended to one list, or to the root for a list that is made. */
typedef struct {
  const XcapNode *list; /* NULL: to be made */
  const char *group;
  GString *text;
} Addition;

typedef struct {
  const XcapTree *tree;
  GArray *entries;      /* Entry */
  GHashTable *slots;    /* key -> Slot */
  GPtrArray *order;     /* Slot, in the order of contacts */
  GArray *splices;      /* Splice */
  GPtrArray *additions; /* Addition */
} Merge;

/* --- Contacts --- */

/* At most max bytes, whole characters. */
static char *
cut (const char *text, gsize max)
{
  gsize len = strlen (text);

  if (len <= max)
    return g_strdup (text);
  while ((text[max] & 0xc0) == 0x80)
    max--;
  return g_strndup (text, max);
}

/* Without space around it; NULL for nothing. */
static char *
name_of (const char *text)
{
  g_autofree char *name = NULL;

  if (text == NULL)
    return NULL;
  name = cut (text, XCAP_CONTACT_NAME_MAX);
  return *g_strstrip (name) != '\0' ? g_steal_pointer (&name) : NULL;
}

gboolean
xcap_contacts_is_reserved (const char *name)
{
  return strcmp (name, "oma_blockedcontacts") == 0
         || strcmp (name, "oma_grantedcontacts") == 0;
}

XcapContact *
xcap_contact_new (const char *uri, const char *display_name, const char *group)
{
  XcapContact *self = g_new0 (XcapContact, 1);
  gboolean has_group
      = group != NULL && *group != '\0' && !xcap_contacts_is_reserved (group);

  self->uri = g_strdup (uri);
  self->display_name = name_of (display_name);
  self->group
      = cut (has_group ? group : XCAP_CONTACT_GROUP, XCAP_CONTACT_GROUP_MAX);
  self->key = contact_canonical (uri);
  if (self->key == NULL)
    self->key = g_strdup (uri);
  return self;
}

void
xcap_contact_free (gpointer data)
{
  XcapContact *self = data;

  if (self == NULL)
    return;
  g_free (self->uri);
  g_free (self->display_name);
  g_free (self->group);
  g_free (self->key);
  g_free (self);
}

/* --- Reading --- */

static gboolean
is_rl (const XcapNode *node, const char *local)
{
  return xcap_node_is (node, NS_RESOURCE_LISTS, local);
}

static const char *
attribute_of (const XcapNode *node, const char *name)
{
  const XcapAttribute *attribute = xcap_node_attribute (node, "", name);

  return attribute != NULL ? attribute->value : NULL;
}

static void
entry_clear (gpointer data)
{
  g_free (((Entry *)data)->group);
}

/* Appends the entries below node, whose list is named group. */
static void
collect (const XcapNode *node, const char *group, GArray *out)
{
  for (const XcapNode *at = node->first; at != NULL; at = at->next) {
    const char *name = attribute_of (at, "name");
    const char *uri = attribute_of (at, "uri");

    if (is_rl (at, "list") && (name == NULL || *name == '\0')) {
      collect (at, group, out);
    } else if (is_rl (at, "list")) {
      if (!xcap_contacts_is_reserved (name))
        collect (at, name, out);
    } else if (is_rl (at, "entry") && uri != NULL) {
      Entry entry = { at, uri, cut (group, XCAP_CONTACT_GROUP_MAX) };

      g_array_append_val (out, entry);
    }
  }
}

static GArray *
entries_of (const XcapTree *tree)
{
  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));

  g_array_set_clear_func (entries, entry_clear);
  if (is_rl (tree->document.first, "resource-lists"))
    collect (tree->document.first, XCAP_CONTACT_GROUP, entries);
  return entries;
}

static const XcapNode *
name_node (const XcapNode *entry)
{
  for (const XcapNode *at = entry->first; at != NULL; at = at->next)
    if (is_rl (at, "display-name"))
      return at;
  return NULL;
}

/* Caller frees; NULL: none. */
static char *
display_name (const XcapTree *tree, const XcapNode *entry)
{
  const XcapNode *node = name_node (entry);
  g_autofree char *text = node != NULL ? xcap_tree_text (tree, node) : NULL;

  return name_of (text);
}

static XcapTree *
read_tree (GBytes *document)
{
  gsize len;
  const char *bytes = g_bytes_get_data (document, &len);

  return xcap_tree_read (bytes, len, NULL, FALSE);
}

GPtrArray *
xcap_contacts_read (GBytes *document)
{
  GPtrArray *out = g_ptr_array_new_with_free_func (xcap_contact_free);
  g_autoptr (XcapTree) tree = read_tree (document);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GArray) entries = tree != NULL ? entries_of (tree) : NULL;

  for (guint i = 0; entries != NULL && i < entries->len; i++) {
    const Entry *entry = &g_array_index (entries, Entry, i);
    g_autofree char *name = display_name (tree, entry->node);
    XcapContact *contact = xcap_contact_new (entry->uri, name, entry->group);

    if (g_hash_table_add (seen, contact->key))
      g_ptr_array_add (out, contact);
    else
      xcap_contact_free (contact);
  }
  return out;
}

/* --- Splices --- */

static void
splice (Merge *self, gsize from, gsize to, char *text)
{
  Splice new = { from, to, self->splices->len, text };

  g_array_append_val (self->splices, new);
}

static void
splice_clear (gpointer data)
{
  g_free (((Splice *)data)->text);
}

/* Where the white space before an offset begins. */
static gsize
space_before (const XcapTree *tree, gsize at)
{
  while (at > 0 && g_ascii_isspace (tree->bytes[at - 1]))
    at--;
  return at;
}

static void
cut_out (Merge *self, const XcapNode *node)
{
  splice (self, space_before (self->tree, node->start), node->end, NULL);
}

/* Puts text into node, at an offset of its content. */
static void
put_into (Merge *self, const XcapNode *node, gsize at, const char *text)
{
  const char *name = self->tree->bytes + node->start + 1;

  if (!node->is_empty)
    splice (self, at, at, g_strdup (text));
  else
    splice (self, node->tag_end - 2, node->tag_end,
            g_strdup_printf (">%s</%.*s>", text,
                             (int)(node->name_end - node->start - 1), name));
}

/* "<prefix:name" or "</prefix:name". */
static void
put_tag (GString *out, const char *open, const XcapNode *like, const char *name)
{
  g_string_append_printf (out, "%s%s%s%s", open, like->prefix,
                          *like->prefix != '\0' ? ":" : "", name);
}

/* An element of text; like: whose prefix it has. */
static void
put_leaf (GString *out, const XcapNode *like, const char *name,
          const char *text)
{
  put_tag (out, "<", like, name);
  g_string_append_c (out, '>');
  xml_put_text (out, text);
  put_tag (out, "</", like, name);
  g_string_append_c (out, '>');
}

static void
put_entry (GString *out, const XcapNode *like, const XcapContact *contact)
{
  put_tag (out, "<", like, "entry");
  xml_put_attribute (out, "uri", contact->uri);
  if (contact->display_name == NULL) {
    g_string_append (out, "/>");
    return;
  }
  g_string_append_c (out, '>');
  put_leaf (out, like, "display-name", contact->display_name);
  put_tag (out, "</", like, "entry");
  g_string_append_c (out, '>');
}

/* Gives an entry the name that its contact has. */
static void
rename_entry (Merge *self, const XcapNode *entry, const XcapContact *contact)
{
  g_autofree char *now = display_name (self->tree, entry);
  g_autoptr (GString) text = g_string_new (NULL);
  const XcapNode *node = name_node (entry);

  if (g_strcmp0 (now, contact->display_name) == 0)
    return;
  if (contact->display_name == NULL) {
    cut_out (self, node);
    return;
  }
  put_leaf (text, node != NULL ? node : entry, "display-name",
            contact->display_name);
  if (node != NULL)
    splice (self, node->start, node->end,
            g_string_free (g_steal_pointer (&text), FALSE));
  else
    put_into (self, entry, entry->tag_end, text->str);
}

/* --- Additions --- */

static void
addition_free (gpointer data)
{
  Addition *self = data;

  g_string_free (self->text, TRUE);
  g_free (self);
}

static const XcapNode *
list_named (const Merge *self, const char *group)
{
  for (const XcapNode *at = self->tree->document.first->first; at != NULL;
       at = at->next) {
    const char *name = is_rl (at, "list") ? attribute_of (at, "name") : NULL;
    g_autofree char *short_name
        = name != NULL ? cut (name, XCAP_CONTACT_GROUP_MAX) : NULL;

    if (g_strcmp0 (short_name, group) == 0)
      return at;
  }
  return NULL;
}

static Addition *
addition_to (Merge *self, const char *group)
{
  Addition *addition;

  for (guint i = 0; i < self->additions->len; i++) {
    addition = self->additions->pdata[i];
    if (strcmp (addition->group, group) == 0)
      return addition;
  }
  addition = g_new0 (Addition, 1);
  addition->list = list_named (self, group);
  addition->group = group;
  addition->text = g_string_new (NULL);
  g_ptr_array_add (self->additions, addition);
  return addition;
}

/* The last child that is a list's own: others come behind all of these. */
static const XcapNode *
last_own (const XcapNode *list)
{
  const XcapNode *last = NULL;

  for (const XcapNode *at = list->first; at != NULL; at = at->next)
    if (strcmp (at->ns, NS_RESOURCE_LISTS) == 0)
      last = at;
  return last;
}

/* The white space that a new element in list begins with, as its last one. */
static void
put_indent (const Merge *self, const XcapNode *list, GString *out)
{
  const XcapNode *last = last_own (list);
  gsize from;

  if (last == NULL)
    return;
  from = space_before (self->tree, last->start);
  g_string_append_len (out, self->tree->bytes + from,
                       (gssize)(last->start - from));
}

/* Do all prefixes of one place mean the same at the other? */
static gboolean
is_same_scope (const XcapNode *a, const XcapNode *b)
{
  for (const XcapBinding *at = a->scope; at != NULL; at = at->next)
    if (g_strcmp0 (xcap_scope_lookup (a->scope, at->prefix),
                   xcap_scope_lookup (b->scope, at->prefix))
        != 0)
      return FALSE;
  return TRUE;
}

/* Adds a contact to the list of its group; moved: the entry that it had, or
 * NULL. */
static void
add (Merge *self, const XcapContact *contact, const XcapNode *moved)
{
  Addition *addition = addition_to (self, contact->group);
  const XcapNode *root = self->tree->document.first;
  const XcapNode *list = addition->list != NULL ? addition->list : root;
  g_autofree char *name
      = moved != NULL ? display_name (self->tree, moved) : NULL;

  if (addition->list == NULL)
    g_string_append (addition->text, "\n  ");
  else
    put_indent (self, list, addition->text);
  if (moved != NULL && g_strcmp0 (name, contact->display_name) == 0
      && is_same_scope (moved->parent, list))
    g_string_append_len (addition->text, self->tree->bytes + moved->start,
                         (gssize)(moved->end - moved->start));
  else
    put_entry (addition->text, list, contact);
}

static void
finish_addition (Merge *self, const Addition *addition)
{
  const XcapNode *root = self->tree->document.first;
  const XcapNode *place = addition->list != NULL ? addition->list : root;
  const XcapNode *last = last_own (place);
  g_autoptr (GString) text = g_string_new (NULL);

  if (addition->list == NULL) {
    g_string_append (text, "\n ");
    put_tag (text, "<", root, "list");
    xml_put_attribute (text, "name", addition->group);
    g_string_append_printf (text, ">%s\n ", addition->text->str);
    put_tag (text, "</", root, "list");
    g_string_append_c (text, '>');
  } else {
    g_string_append (text, addition->text->str);
  }
  put_into (self, place, last != NULL ? last->end : place->tag_end, text->str);
}

/* Lists that are made share the place at the end of the root, which may be an
 * empty element: then they are one splice. */
static void
finish_additions (Merge *self)
{
  const XcapNode *root = self->tree->document.first;
  GString *all = NULL;

  for (guint i = 0; i < self->additions->len; i++)
    finish_addition (self, self->additions->pdata[i]);
  for (guint i = 0; root->is_empty && i < self->splices->len; i++) {
    Splice *one = &g_array_index (self->splices, Splice, i);
    char *end = strrchr (one->text, '<');

    if (all == NULL)
      all = g_string_new (">");
    g_string_append_len (all, one->text + 1, end - one->text - 1);
    if (i + 1 == self->splices->len)
      g_string_append (all, end);
  }
  if (all == NULL)
    return;
  g_array_set_size (self->splices, 0);
  splice (self, root->tag_end - 2, root->tag_end, g_string_free (all, FALSE));
}

/* --- Merging --- */

static void
slot_free (gpointer data)
{
  g_ptr_array_unref (((Slot *)data)->entries);
  g_free (data);
}

static void
make_slots (Merge *self, const GPtrArray *contacts)
{
  for (guint i = 0; i < contacts->len; i++) {
    const XcapContact *contact = contacts->pdata[i];
    Slot *slot;

    if (g_hash_table_contains (self->slots, contact->key))
      continue;
    slot = g_new0 (Slot, 1);
    slot->contact = contact;
    slot->entries = g_ptr_array_new ();
    g_hash_table_insert (self->slots, contact->key, slot);
    g_ptr_array_add (self->order, slot);
  }
}

/* Entries go to their slots, or out. */
static void
match_entries (Merge *self)
{
  for (guint i = 0; i < self->entries->len; i++) {
    Entry *entry = &g_array_index (self->entries, Entry, i);
    g_autofree char *key = contact_canonical (entry->uri);
    Slot *slot
        = g_hash_table_lookup (self->slots, key != NULL ? key : entry->uri);

    if (slot != NULL)
      g_ptr_array_add (slot->entries, entry);
    else
      cut_out (self, entry->node);
  }
}

/* Entries before the one in the contact's group go: it was moved. */
static void
settle_slot (Merge *self, const Slot *slot)
{
  const XcapContact *contact = slot->contact;
  const XcapNode *moved = NULL;

  for (guint i = 0; i < slot->entries->len; i++) {
    const Entry *entry = slot->entries->pdata[i];

    if (strcmp (entry->group, contact->group) == 0) {
      rename_entry (self, entry->node, contact);
      return;
    }
    moved = moved != NULL ? moved : entry->node;
    cut_out (self, entry->node);
  }
  add (self, contact, moved);
}

static int
compare_cb (gconstpointer a, gconstpointer b)
{
  const Splice *one = a, *other = b;

  if (one->from != other->from)
    return one->from < other->from ? -1 : 1;
  return one->n < other->n ? -1 : one->n > other->n;
}

static GBytes *
apply (const Merge *self)
{
  GString *out = g_string_sized_new (self->tree->len);
  gsize at = 0;

  g_array_sort (self->splices, compare_cb);
  for (guint i = 0; i < self->splices->len; i++) {
    const Splice *one = &g_array_index (self->splices, Splice, i);

    if (one->from > at)
      g_string_append_len (out, self->tree->bytes + at,
                           (gssize)(one->from - at));
    if (one->text != NULL)
      g_string_append (out, one->text);
    at = MAX (at, one->to);
  }
  g_string_append_len (out, self->tree->bytes + at,
                       (gssize)(self->tree->len - at));
  return g_string_free_to_bytes (out);
}

static void
merge_tree (Merge *self, const GPtrArray *contacts)
{
  self->entries = entries_of (self->tree);
  make_slots (self, contacts);
  match_entries (self);
  for (guint i = 0; i < self->order->len; i++)
    settle_slot (self, self->order->pdata[i]);
  finish_additions (self);
}

GBytes *
xcap_contacts_merge (GBytes *frame, const GPtrArray *contacts)
{
  g_autoptr (GBytes) base = frame != NULL
                                ? g_bytes_ref (frame)
                                : g_bytes_new_static (EMPTY, sizeof EMPTY - 1);
  g_autoptr (XcapTree) tree = read_tree (base);
  Merge self = { .tree = tree };
  GBytes *out;

  if (tree == NULL || !is_rl (tree->document.first, "resource-lists"))
    return g_steal_pointer (&base);
  self.slots = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, slot_free);
  self.order = g_ptr_array_new ();
  self.splices = g_array_new (FALSE, FALSE, sizeof (Splice));
  g_array_set_clear_func (self.splices, splice_clear);
  self.additions = g_ptr_array_new_with_free_func (addition_free);
  merge_tree (&self, contacts);
  out = self.splices->len > 0 ? apply (&self) : g_steal_pointer (&base);
  g_array_unref (self.splices);
  g_array_unref (self.entries);
  g_ptr_array_unref (self.additions);
  g_ptr_array_unref (self.order);
  g_hash_table_unref (self.slots);
  return out;
}

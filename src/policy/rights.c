/* SPDX-License-Identifier: ISC
 *
 * Sets of strings, flags and a level; and their one spelling. */
#include "policy/rights.h"

#include <string.h>

/* Of an entry in a hash table, with its string. */
#define ENTRY_BYTES 96

/* Between the fields of a name and the members of a set: characters that no
 * XML document can carry. */
#define FIELD "\x01"
#define MEMBER "\x02"
#define PART "\x03"

/* A set has "<letter><value>" for a selector, "<ns>PART<name>" for what is
 * unknown. */
static const char letters[RIGHTS_SELECTORS] = {
  [RIGHTS_BY_ALL] = '*',        [RIGHTS_BY_CLASS] = 'c',
  [RIGHTS_BY_OCCURRENCE] = 'o', [RIGHTS_BY_DEVICE_ID] = 'd',
  [RIGHTS_BY_URI] = 'u',        [RIGHTS_BY_SCHEME] = 's',
};

enum { UNKNOWN = RIGHTS_COMPONENTS, SETS };

struct PolicyRights {
  GHashTable *sets[SETS]; /* of strings; NULL: empty */
  guint attributes;
  PolicyInput input;
};

PolicyRights *
policy_rights_new (void)
{
  return g_new0 (PolicyRights, 1);
}

void
policy_rights_free (PolicyRights *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < SETS; i++)
    g_clear_pointer (&self->sets[i], g_hash_table_unref);
  g_free (self);
}

/* Takes member. */
static void
add_member (PolicyRights *self, guint set, char *member)
{
  if (self->sets[set] == NULL)
    self->sets[set]
        = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_add (self->sets[set], member);
}

static gboolean
has_member (const PolicyRights *self, guint set, const char *member)
{
  return self->sets[set] != NULL
         && g_hash_table_contains (self->sets[set], member);
}

static char *
member_of (PolicySelector selector, const char *value)
{
  return g_strdup_printf ("%c%s", letters[selector],
                          value != NULL ? value : "");
}

void
policy_rights_provide (PolicyRights *self, PolicyComponent component,
                       PolicySelector selector, const char *value)
{
  add_member (self, component, member_of (selector, value));
}

void
policy_rights_show (PolicyRights *self, PolicyAttributes attributes)
{
  self->attributes |= attributes;
}

void
policy_rights_show_input (PolicyRights *self, PolicyInput input)
{
  self->input = MAX (self->input, input);
}

void
policy_rights_show_unknown (PolicyRights *self, const char *ns,
                            const char *name)
{
  add_member (self, UNKNOWN, g_strconcat (ns, PART, name, NULL));
}

void
policy_rights_add (PolicyRights *self, const PolicyRights *other)
{
  GHashTableIter iter;
  gpointer member;

  for (guint i = 0; i < SETS; i++) {
    if (other->sets[i] == NULL)
      continue;
    g_hash_table_iter_init (&iter, other->sets[i]);
    while (g_hash_table_iter_next (&iter, &member, NULL))
      if (!has_member (self, i, member))
        add_member (self, i, g_strdup (member));
  }
  policy_rights_show (self, other->attributes);
  policy_rights_show_input (self, other->input);
}

gboolean
policy_rights_selects (const PolicyRights *self, PolicyComponent component,
                       PolicySelector selector, const char *value)
{
  g_autofree char *member = NULL;

  if (self->sets[component] == NULL)
    return FALSE;
  member = member_of (selector, value);
  return has_member (self, component, member);
}

static PolicySelector
selector_of (char letter)
{
  for (guint i = 0; i < RIGHTS_SELECTORS; i++)
    if (letters[i] == letter)
      return (PolicySelector)i;
  return RIGHTS_SELECTORS;
}

void
policy_rights_foreach (const PolicyRights *self, PolicyComponent component,
                       PolicySelectorFn fn, gpointer data)
{
  GHashTableIter iter;
  gpointer member;

  if (self->sets[component] == NULL)
    return;
  g_hash_table_iter_init (&iter, self->sets[component]);
  while (g_hash_table_iter_next (&iter, &member, NULL))
    fn (selector_of (*(char *)member), (char *)member + 1, data);
}

gboolean
policy_rights_shows (const PolicyRights *self, PolicyAttributes attributes)
{
  return (self->attributes & RIGHTS_ALL_ATTRIBUTES)
         || (self->attributes & attributes) == (guint)attributes;
}

PolicyInput
policy_rights_input (const PolicyRights *self)
{
  return self->attributes & RIGHTS_ALL_ATTRIBUTES ? RIGHTS_INPUT_FULL
                                                  : self->input;
}

gboolean
policy_rights_shows_unknown (const PolicyRights *self, const char *ns,
                             const char *name)
{
  g_autofree char *member = NULL;

  if (self->attributes & RIGHTS_ALL_ATTRIBUTES)
    return TRUE;
  if (self->sets[UNKNOWN] == NULL)
    return FALSE;
  member = g_strconcat (ns, PART, name, NULL);
  return has_member (self, UNKNOWN, member);
}

static gboolean
is_all (const PolicyRights *self, guint component)
{
  return has_member (self, component, "*");
}

gboolean
policy_rights_is_full (const PolicyRights *self)
{
  return (self->attributes & RIGHTS_ALL_ATTRIBUTES)
         && is_all (self, RIGHTS_SERVICES) && is_all (self, RIGHTS_PERSONS)
         && is_all (self, RIGHTS_DEVICES);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

/* What a set comes to: all of a component makes its other members idle, and so
 * do all attributes. */
static GList *
sorted (const PolicyRights *self, guint set)
{
  if (self->sets[set] == NULL
      || (set == UNKNOWN && (self->attributes & RIGHTS_ALL_ATTRIBUTES)))
    return NULL;
  if (set != UNKNOWN && is_all (self, set))
    return g_list_prepend (NULL, (gpointer) "*");
  return g_list_sort (g_hash_table_get_keys (self->sets[set]), compare);
}

char *
policy_rights_name (const PolicyRights *self)
{
  guint attributes = self->attributes & RIGHTS_ALL_ATTRIBUTES
                         ? RIGHTS_ALL_ATTRIBUTES
                         : self->attributes;
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "%x" FIELD "%u", attributes,
                          policy_rights_input (self));
  for (guint i = 0; i < SETS; i++) {
    g_autoptr (GList) members = sorted (self, i);

    g_string_append (out, FIELD);
    for (GList *l = members; l != NULL; l = l->next)
      g_string_append_printf (out, "%s" MEMBER, (char *)l->data);
  }
  return g_string_free (out, FALSE);
}

static void
take_set (PolicyRights *self, guint set, const char *text)
{
  g_auto (GStrv) members = g_strsplit (text, MEMBER, -1);

  for (char **member = members; *member != NULL; member++)
    if (**member != '\0')
      add_member (self, set, g_strdup (*member));
}

PolicyRights *
policy_rights_of (const char *name)
{
  g_auto (GStrv) fields = g_strsplit (name, FIELD, -1);
  PolicyRights *self;

  if (g_strv_length (fields) != 2 + SETS)
    return NULL;
  self = policy_rights_new ();
  self->attributes = (guint)g_ascii_strtoull (fields[0], NULL, 16);
  self->input = (PolicyInput)g_ascii_strtoull (fields[1], NULL, 10);
  for (guint i = 0; i < SETS; i++)
    take_set (self, i, fields[2 + i]);
  return self;
}

/* --- For people --- */

static const char *const component_names[]
    = { "services", "persons", "devices" };
static const char *const selector_names[] = {
  [RIGHTS_BY_ALL] = "all",
  [RIGHTS_BY_CLASS] = "class ",
  [RIGHTS_BY_OCCURRENCE] = "occurrence ",
  [RIGHTS_BY_DEVICE_ID] = "device ",
  [RIGHTS_BY_URI] = "uri ",
  [RIGHTS_BY_SCHEME] = "scheme ",
};
static const char *const attribute_names[]
    = { "activities", "class",       "deviceID",    "mood",
        "place-is",   "place-type",  "privacy",     "relationship",
        "sphere",     "status-icon", "time-offset", "note" };
static const char *const input_names[]
    = { NULL, "user-input (bare)", "user-input (thresholds)", "user-input" };

/* Parts are separated by "; ", the items of a part by ", ". */
typedef struct {
  GString *out;
  gboolean is_open; /* an item of the part is there */
} Text;

static void
put_item (Text *self, const char *part, const char *item)
{
  if (self->is_open)
    g_string_append (self->out, ", ");
  else
    g_string_append_printf (self->out, "%s%s: ", self->out->len > 0 ? "; " : "",
                            part);
  g_string_append (self->out, item);
  self->is_open = TRUE;
}

static void
put_component (Text *text, const PolicyRights *self, guint component)
{
  g_autoptr (GList) members = sorted (self, component);

  text->is_open = FALSE;
  for (GList *l = members; l != NULL; l = l->next) {
    const char *member = l->data;
    g_autofree char *item
        = g_strconcat (selector_names[selector_of (*member)], member + 1, NULL);

    put_item (text, component_names[component], item);
  }
}

static void
put_attributes (Text *text, const PolicyRights *self)
{
  static const char part[] = "attributes";
  g_autoptr (GList) unknown = sorted (self, UNKNOWN);

  text->is_open = FALSE;
  if (self->attributes & RIGHTS_ALL_ATTRIBUTES) {
    put_item (text, part, "all");
    return;
  }
  for (guint i = 0; i < G_N_ELEMENTS (attribute_names); i++)
    if (self->attributes & (1u << i))
      put_item (text, part, attribute_names[i]);
  if (self->input != RIGHTS_INPUT_NONE)
    put_item (text, part, input_names[self->input]);
  for (GList *l = unknown; l != NULL; l = l->next)
    put_item (text, part, strstr (l->data, PART) + 1);
}

char *
policy_rights_text (const PolicyRights *self)
{
  Text text = { g_string_new (NULL), FALSE };

  for (guint i = 0; i < RIGHTS_COMPONENTS; i++)
    put_component (&text, self, i);
  put_attributes (&text, self);
  return g_string_free (text.out, FALSE);
}

gsize
policy_rights_size (const PolicyRights *self)
{
  gsize size = sizeof *self;

  for (guint i = 0; i < SETS; i++)
    if (self->sets[i] != NULL)
      size += ENTRY_BYTES * (1 + g_hash_table_size (self->sets[i]));
  return size;
}

/* SPDX-License-Identifier: ISC
 *
 * Reading a <ruleset>. */
#include "codec/pres-rules.h"

#include "base/error.h"
#include "codec/xcap-schema-priv.h"
#include "codec/xml-priv.h"

#include <string.h>

typedef struct {
  const char *owner;
} Reading;

/* --- Values --- */

static gboolean
is_true (const xmlNode *node)
{
  g_autofree char *text = xml_stripped (node);

  return strcmp (text, "true") == 0 || strcmp (text, "1") == 0;
}

/* Microseconds since 1970; without a zone it is UTC. */
static gboolean
read_time (const xmlNode *node, gint64 *out)
{
  g_autofree char *text = xml_stripped (node);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  if (time == NULL)
    return FALSE;
  *out = g_date_time_to_unix (time) * G_USEC_PER_SEC
         + g_date_time_get_microsecond (time);
  return TRUE;
}

#define EACH(node, parent)                                                     \
  for (xmlNode *node = xml_element ((parent)->children); node != NULL;         \
       node = xml_element (node->next))

/* --- Conditions --- */

static void
read_except (PolicyCondition *who, const xmlNode *node)
{
  g_autofree char *id = xml_attribute (node, "id");
  g_autofree char *domain = xml_attribute (node, "domain");

  policy_condition_except (who, id, domain);
}

/* Something in it that is no <except> might restrict it. */
static void
read_many (PolicyCondition *who, const xmlNode *many)
{
  g_autofree char *domain = xml_attribute (many, "domain");

  policy_condition_many (who, domain);
  EACH (node, many)
  {
    if (xml_is (node, NS_COMMON_POLICY, "except"))
      read_except (who, node);
    else
      policy_condition_spoil (who);
  }
}

static void
read_identity (PolicyRule *rule, const xmlNode *identity, const Reading *self)
{
  PolicyCondition *who = policy_rule_need (rule, CONDITION_IDENTITY);

  EACH (node, identity)
  {
    if (xml_is (node, NS_COMMON_POLICY, "many")) {
      read_many (who, node);
    } else if (xml_is (node, NS_COMMON_POLICY, "one")) {
      g_autofree char *id = xml_attribute (node, "id");

      policy_condition_one (who, id != NULL ? id : "");
    }
  }
}

static void
read_sphere (PolicyRule *rule, const xmlNode *sphere, const Reading *self)
{
  g_autofree char *value = xml_attribute (sphere, "value");

  policy_condition_sphere (policy_rule_need (rule, CONDITION_SPHERE),
                           value != NULL ? value : "");
}

/* Pairs in their order; what is no pair of times holds never. */
static void
read_validity (PolicyRule *rule, const xmlNode *validity, const Reading *self)
{
  PolicyCondition *when = policy_rule_need (rule, CONDITION_VALIDITY);
  gboolean has_from = FALSE;
  gint64 from = 0, until;

  EACH (node, validity)
  {
    if (xml_is (node, NS_COMMON_POLICY, "from")) {
      has_from = read_time (node, &from);
    } else if (xml_is (node, NS_COMMON_POLICY, "until")) {
      if (has_from && read_time (node, &until))
        policy_condition_between (when, from, until);
      has_from = FALSE;
    }
  }
}

static void
read_lists (PolicyRule *rule, const xmlNode *lists, const Reading *self)
{
  PolicyCondition *any = policy_rule_need (rule, CONDITION_LIST);

  EACH (node, lists)
  {
    g_autofree char *anchor = xml_attribute (node, "anc");
    g_autofree char *name
        = anchor != NULL ? pres_list_of (anchor, self->owner) : NULL;

    if (name != NULL && xml_is (node, NS_OMA_POLICY, "entry"))
      policy_condition_list (any, name);
  }
}

static void
read_other (PolicyRule *rule, const xmlNode *node, const Reading *self)
{
  policy_rule_need (rule, CONDITION_OTHER);
}

static const struct {
  const char *ns, *name;
  void (*read) (PolicyRule *rule, const xmlNode *node, const Reading *self);
} conditions[] = {
  { NS_COMMON_POLICY, "identity", read_identity },
  { NS_COMMON_POLICY, "sphere", read_sphere },
  { NS_COMMON_POLICY, "validity", read_validity },
  { NS_OMA_POLICY, "external-list", read_lists },
  { NS_OMA_POLICY, "other-identity", read_other },
};

static void
read_condition (PolicyRule *rule, const xmlNode *node, const Reading *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (conditions); i++)
    if (xml_is (node, conditions[i].ns, conditions[i].name)) {
      conditions[i].read (rule, node, self);
      return;
    }
  policy_rule_need (rule, CONDITION_NEVER);
}

static void
read_conditions (PolicyRule *rule, const xmlNode *parent, const Reading *self)
{
  EACH (node, parent)
  {
    read_condition (rule, node, self);
  }
}

/* --- Actions and transformations --- */

static void
read_actions (PolicyRule *rule, const xmlNode *actions, const Reading *self)
{
  EACH (node, actions)
  {
    g_autofree char *text = NULL;

    if (!xml_is (node, NS_PRES_RULES, "sub-handling"))
      continue;
    text = xml_stripped (node);
    for (guint i = HANDLING_BLOCK; i <= HANDLING_ALLOW; i++)
      if (strcmp (text, policy_handling_name ((PolicyHandling)i)) == 0)
        policy_rule_handle (rule, (PolicyHandling)i);
  }
}

static const struct {
  const char *name;
  PolicyComponent component;
  const char *all;
} components[] = {
  { "provide-services", RIGHTS_SERVICES, "all-services" },
  { "provide-persons", RIGHTS_PERSONS, "all-persons" },
  { "provide-devices", RIGHTS_DEVICES, "all-devices" },
};

static const struct {
  const char *name;
  PolicySelector selector;
} selectors[] = {
  { "class", RIGHTS_BY_CLASS },
  { "occurrence-id", RIGHTS_BY_OCCURRENCE },
  { "deviceID", RIGHTS_BY_DEVICE_ID },
  { "service-uri", RIGHTS_BY_URI },
  { "service-uri-scheme", RIGHTS_BY_SCHEME },
};

static const struct {
  const char *name;
  PolicyAttributes attribute;
} permissions[] = {
  { "provide-activities", RIGHTS_ACTIVITIES },
  { "provide-class", RIGHTS_CLASS },
  { "provide-deviceID", RIGHTS_DEVICE_ID },
  { "provide-mood", RIGHTS_MOOD },
  { "provide-place-is", RIGHTS_PLACE_IS },
  { "provide-place-type", RIGHTS_PLACE_TYPE },
  { "provide-privacy", RIGHTS_PRIVACY },
  { "provide-relationship", RIGHTS_RELATIONSHIP },
  { "provide-sphere", RIGHTS_SPHERE },
  { "provide-status-icon", RIGHTS_STATUS_ICON },
  { "provide-time-offset", RIGHTS_TIME_OFFSET },
  { "provide-note", RIGHTS_NOTE },
};

static void
read_members (PolicyRights *rights, guint component, const xmlNode *parent)
{
  EACH (node, parent)
  {
    g_autofree char *value = NULL;

    if (xml_is (node, NS_PRES_RULES, components[component].all)) {
      policy_rights_provide (rights, components[component].component,
                             RIGHTS_BY_ALL, NULL);
      continue;
    }
    value = xml_stripped (node);
    for (guint i = 0; i < G_N_ELEMENTS (selectors); i++)
      if (xml_is (node, NS_PRES_RULES, selectors[i].name) && *value != '\0')
        policy_rights_provide (rights, components[component].component,
                               selectors[i].selector, value);
  }
}

static void
read_user_input (PolicyRights *rights, const xmlNode *node)
{
  static const char *const levels[] = { "false", "bare", "thresholds", "full" };
  g_autofree char *text = xml_stripped (node);

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (strcmp (text, levels[i]) == 0)
      policy_rights_show_input (rights, (PolicyInput)i);
}

static void
read_unknown (PolicyRights *rights, const xmlNode *node)
{
  g_autofree char *ns = xml_attribute (node, "ns");
  g_autofree char *name = xml_attribute (node, "name");

  if (ns != NULL && name != NULL && is_true (node))
    policy_rights_show_unknown (rights, ns, name);
}

static void
read_transformation (PolicyRights *rights, const xmlNode *node)
{
  for (guint i = 0; i < G_N_ELEMENTS (components); i++)
    if (xml_is (node, NS_PRES_RULES, components[i].name))
      read_members (rights, i, node);
  for (guint i = 0; i < G_N_ELEMENTS (permissions); i++)
    if (xml_is (node, NS_PRES_RULES, permissions[i].name) && is_true (node))
      policy_rights_show (rights, permissions[i].attribute);
  if (xml_is (node, NS_PRES_RULES, "provide-user-input"))
    read_user_input (rights, node);
  else if (xml_is (node, NS_PRES_RULES, "provide-unknown-attribute"))
    read_unknown (rights, node);
  else if (xml_is (node, NS_PRES_RULES, "provide-all-attributes"))
    policy_rights_show (rights, RIGHTS_ALL_ATTRIBUTES);
}

static void
read_transformations (PolicyRule *rule, const xmlNode *parent,
                      const Reading *self)
{
  EACH (node, parent)
  {
    read_transformation (policy_rule_rights (rule), node);
  }
}

/* --- Rules --- */

static const struct {
  const char *name;
  void (*read) (PolicyRule *rule, const xmlNode *node, const Reading *self);
} parts[] = {
  { "conditions", read_conditions },
  { "actions", read_actions },
  { "transformations", read_transformations },
};

static void
read_rule (PolicyRules *into, const xmlNode *from, const char *place,
           const Reading *self)
{
  g_autofree char *id = xml_attribute (from, "id");
  PolicyRule *rule = policy_rules_add (into, id != NULL ? id : "", place);

  EACH (node, from)
  {
    for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
      if (xml_is (node, NS_COMMON_POLICY, parts[i].name))
        parts[i].read (rule, node, self);
  }
}

static guint
count_rules (const xmlNode *root)
{
  guint n = 0;

  EACH (node, root)
  {
    n += xml_is (node, NS_COMMON_POLICY, "rule");
  }
  return n;
}

gboolean
pres_rules_parse (const char *bytes, gsize len, const char *owner,
                  const char *place, PolicyRules *into, GError **error)
{
  const Reading self = { owner };
  g_autoptr (xmlDoc) doc = xml_read_within (bytes, len, PRES_RULES_BYTES_MAX,
                                            NS_COMMON_POLICY, "ruleset", error);
  xmlNode *root;

  if (doc == NULL)
    return FALSE;
  root = xmlDocGetRootElement (doc);
  if (count_rules (root) > PRES_RULES_MAX) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND, "more than %d rules",
                 PRES_RULES_MAX);
    return FALSE;
  }
  EACH (node, root)
  {
    if (xml_is (node, NS_COMMON_POLICY, "rule"))
      read_rule (into, node, place, &self);
  }
  return TRUE;
}

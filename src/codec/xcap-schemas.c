/* SPDX-License-Identifier: ISC
 *
 * The structure of resource-lists and rls-services (RFC 4826), common-policy
 * and pres-rules (RFC 4745, 5025), PIDF (RFC 3863), xcap-caps (RFC 4825) and
 * our settings. */
#include "codec/xcap-schema-priv.h"
#include "codec/xcap-settings.h"
#include "codec/xml-priv.h"

#include <string.h>

#define CHOICES(...) ((const SchemaElement *const[]){ __VA_ARGS__, NULL })
#define PARTS(...) ((const SchemaPart[]){ __VA_ARGS__, { 0 } })
#define ATTRIBUTES(...) ((const SchemaAttribute[]){ __VA_ARGS__, { 0 } })
#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define OTHERS                                                                 \
  {                                                                            \
    0, 0, TRUE, NULL                                                           \
  }
#define ANY_OF(...)                                                            \
  {                                                                            \
    0, 0, FALSE, CHOICES (__VA_ARGS__)                                         \
  }
#define ANY_OR_OTHERS(...)                                                     \
  {                                                                            \
    0, 0, TRUE, CHOICES (__VA_ARGS__)                                          \
  }
#define MAYBE(...)                                                             \
  {                                                                            \
    0, 1, FALSE, CHOICES (__VA_ARGS__)                                         \
  }
#define ONE(...)                                                               \
  {                                                                            \
    1, 1, FALSE, CHOICES (__VA_ARGS__)                                         \
  }

/* RFC 4826 3.2 */

static const SchemaElement list;

static const SchemaElement list_display_name = { .ns = NS_RESOURCE_LISTS,
                                                 .name = "display-name",
                                                 .text = SCHEMA_STRING };

#define NAMED PARTS (MAYBE (&list_display_name), OTHERS)

static const SchemaElement entry = {
  .ns = NS_RESOURCE_LISTS,
  .name = "entry",
  .attributes = ATTRIBUTES ({ "uri", SCHEMA_URI, TRUE }),
  .has_other_attributes = TRUE,
  .parts = NAMED,
};
static const SchemaElement entry_ref = {
  .ns = NS_RESOURCE_LISTS,
  .name = "entry-ref",
  .attributes = ATTRIBUTES ({ "ref", SCHEMA_URI, TRUE }),
  .has_other_attributes = TRUE,
  .parts = NAMED,
};
static const SchemaElement external = {
  .ns = NS_RESOURCE_LISTS,
  .name = "external",
  .attributes = ATTRIBUTES ({ "anchor", SCHEMA_URI, FALSE }),
  .has_other_attributes = TRUE,
  .parts = NAMED,
};

#define LIST_TYPE                                                              \
  .home = NS_RESOURCE_LISTS,                                                   \
  .attributes = ATTRIBUTES ({ "name", SCHEMA_STRING, FALSE }),                 \
  .has_other_attributes = TRUE,                                                \
  .parts = PARTS (MAYBE (&list_display_name),                                  \
                  ANY_OF (&list, &external, &entry, &entry_ref), OTHERS)

static const SchemaElement list
    = { .ns = NS_RESOURCE_LISTS, .name = "list", LIST_TYPE };

static const SchemaElement resource_lists = {
  .ns = NS_RESOURCE_LISTS,
  .name = "resource-lists",
  .parts = PARTS (ANY_OF (&list)),
};

/* RFC 4826 4.2; its <list> is of that namespace, what is in it of the other. */

static const SchemaElement service_list
    = { .ns = NS_RLS_SERVICES, .name = "list", LIST_TYPE };
static const SchemaElement resource_list
    = { .ns = NS_RLS_SERVICES, .name = "resource-list", .text = SCHEMA_URI };
static const SchemaElement package
    = { .ns = NS_RLS_SERVICES, .name = "package", .text = SCHEMA_STRING };
static const SchemaElement packages = {
  .ns = NS_RLS_SERVICES,
  .name = "packages",
  .parts = PARTS (MAYBE (&package), ANY_OR_OTHERS (&package)),
};
static const SchemaElement service = {
  .ns = NS_RLS_SERVICES,
  .name = "service",
  .attributes = ATTRIBUTES ({ "uri", SCHEMA_URI, TRUE }),
  .has_other_attributes = TRUE,
  .parts
  = PARTS (ONE (&resource_list, &service_list), MAYBE (&packages), OTHERS),
};
static const SchemaElement rls_services = {
  .ns = NS_RLS_SERVICES,
  .name = "rls-services",
  .parts = PARTS (ANY_OF (&service)),
};

/* RFC 4745 13 */

static const SchemaElement one = {
  .ns = NS_COMMON_POLICY,
  .name = "one",
  .attributes = ATTRIBUTES ({ "id", SCHEMA_URI, TRUE }),
  .parts = PARTS ({ 0, 1, TRUE, NULL }),
};
static const SchemaElement except = {
  .ns = NS_COMMON_POLICY,
  .name = "except",
  .attributes = ATTRIBUTES ({ "domain", SCHEMA_STRING, FALSE },
                            { "id", SCHEMA_URI, FALSE }),
};
static const SchemaElement many = {
  .ns = NS_COMMON_POLICY,
  .name = "many",
  .attributes = ATTRIBUTES ({ "domain", SCHEMA_STRING, FALSE }),
  .parts = PARTS (ANY_OR_OTHERS (&except)),
};
static const SchemaElement identity = {
  .ns = NS_COMMON_POLICY,
  .name = "identity",
  .parts = PARTS ({ 1, 0, TRUE, CHOICES (&one, &many) }),
};
static const SchemaElement sphere = {
  .ns = NS_COMMON_POLICY,
  .name = "sphere",
  .attributes = ATTRIBUTES ({ "value", SCHEMA_STRING, TRUE }),
};
static const SchemaElement validity_from
    = { .ns = NS_COMMON_POLICY, .name = "from", .text = SCHEMA_DATETIME };
static const SchemaElement validity_until
    = { .ns = NS_COMMON_POLICY, .name = "until", .text = SCHEMA_DATETIME };
static const SchemaElement validity = {
  .ns = NS_COMMON_POLICY,
  .name = "validity",
  .parts = PARTS (ONE (&validity_from), ONE (&validity_until)),
  .is_repeated = TRUE,
};
static const SchemaElement conditions = {
  .ns = NS_COMMON_POLICY,
  .name = "conditions",
  .parts = PARTS (ANY_OR_OTHERS (&identity, &sphere, &validity)),
};
static const SchemaElement actions
    = { .ns = NS_COMMON_POLICY, .name = "actions", .parts = PARTS (OTHERS) };
static const SchemaElement transformations = {
  .ns = NS_COMMON_POLICY,
  .name = "transformations",
  .parts = PARTS (OTHERS),
};
static const SchemaElement rule = {
  .ns = NS_COMMON_POLICY,
  .name = "rule",
  .attributes = ATTRIBUTES ({ "id", SCHEMA_ID, TRUE }),
  .parts
  = PARTS (MAYBE (&conditions), MAYBE (&actions), MAYBE (&transformations)),
};
static const SchemaElement ruleset = {
  .ns = NS_COMMON_POLICY,
  .name = "ruleset",
  .parts = PARTS (ANY_OF (&rule)),
};

/* RFC 5025 7 */

#define PERMISSION(NAME, TEXT)                                                 \
  static const SchemaElement NAME                                              \
      = { .ns = NS_PRES_RULES, .name = TEXT, .text = SCHEMA_BOOLEAN }
#define TOKEN(NAME, TEXT, TYPE)                                                \
  static const SchemaElement NAME                                              \
      = { .ns = NS_PRES_RULES, .name = TEXT, .text = TYPE }
#define PROVIDE(NAME, TEXT, ...)                                               \
  static const SchemaElement NAME = {                                          \
    .ns = NS_PRES_RULES,                                                       \
    .name = TEXT,                                                              \
    .parts = PARTS (ANY_OR_OTHERS (__VA_ARGS__)),                              \
  }

TOKEN (all_services, "all-services", SCHEMA_NONE);
TOKEN (all_devices, "all-devices", SCHEMA_NONE);
TOKEN (all_persons, "all-persons", SCHEMA_NONE);
TOKEN (service_uri_scheme, "service-uri-scheme", SCHEMA_STRING);
TOKEN (service_uri, "service-uri", SCHEMA_URI);
TOKEN (class, "class", SCHEMA_STRING);
TOKEN (occurrence_id, "occurrence-id", SCHEMA_STRING);
TOKEN (device_id, "deviceID", SCHEMA_URI);
TOKEN (provide_all_attributes, "provide-all-attributes", SCHEMA_NONE);
PROVIDE (provide_services, "provide-services", &all_services, &service_uri,
         &service_uri_scheme, &occurrence_id, &class);
PROVIDE (provide_devices, "provide-devices", &all_devices, &device_id,
         &occurrence_id, &class);
PROVIDE (provide_persons, "provide-persons", &all_persons, &occurrence_id,
         &class);
PERMISSION (provide_activities, "provide-activities");
PERMISSION (provide_class, "provide-class");
PERMISSION (provide_device_id, "provide-deviceID");
PERMISSION (provide_mood, "provide-mood");
PERMISSION (provide_place_is, "provide-place-is");
PERMISSION (provide_place_type, "provide-place-type");
PERMISSION (provide_privacy, "provide-privacy");
PERMISSION (provide_relationship, "provide-relationship");
PERMISSION (provide_status_icon, "provide-status-icon");
PERMISSION (provide_sphere, "provide-sphere");
PERMISSION (provide_time_offset, "provide-time-offset");
PERMISSION (provide_note, "provide-note");

static const SchemaElement provide_user_input = {
  .ns = NS_PRES_RULES,
  .name = "provide-user-input",
  .text = SCHEMA_WORDS,
  .words = WORDS ("false", "bare", "thresholds", "full"),
};
static const SchemaElement sub_handling = {
  .ns = NS_PRES_RULES,
  .name = "sub-handling",
  .text = SCHEMA_WORDS,
  .words = WORDS ("block", "confirm", "polite-block", "allow"),
};
static const SchemaElement provide_unknown_attribute = {
  .ns = NS_PRES_RULES,
  .name = "provide-unknown-attribute",
  .text = SCHEMA_BOOLEAN,
  .attributes
  = ATTRIBUTES ({ "name", SCHEMA_STRING, TRUE }, { "ns", SCHEMA_STRING, TRUE }),
};

/* RFC 3863 4.4 */

static const SchemaElement basic = {
  .ns = NS_PIDF,
  .name = "basic",
  .text = SCHEMA_WORDS,
  .words = WORDS ("open", "closed"),
};
static const SchemaElement status = {
  .ns = NS_PIDF,
  .name = "status",
  .parts = PARTS (MAYBE (&basic), OTHERS),
};
static const SchemaElement contact = {
  .ns = NS_PIDF,
  .name = "contact",
  .text = SCHEMA_URI,
  .attributes = ATTRIBUTES ({ "priority", SCHEMA_QVALUE, FALSE }),
};
static const SchemaElement note
    = { .ns = NS_PIDF, .name = "note", .text = SCHEMA_STRING };
static const SchemaElement timestamp
    = { .ns = NS_PIDF, .name = "timestamp", .text = SCHEMA_DATETIME };
static const SchemaElement tuple = {
  .ns = NS_PIDF,
  .name = "tuple",
  .attributes = ATTRIBUTES ({ "id", SCHEMA_ID, TRUE }),
  .parts = PARTS (ONE (&status), OTHERS, MAYBE (&contact), ANY_OF (&note),
                  MAYBE (&timestamp)),
};
static const SchemaElement presence = {
  .ns = NS_PIDF,
  .name = "presence",
  .attributes = ATTRIBUTES ({ "entity", SCHEMA_URI, TRUE }),
  .parts = PARTS (ANY_OF (&tuple), ANY_OF (&note), OTHERS),
};

/* RFC 4825 12.2 */

static const SchemaElement auid
    = { .ns = NS_XCAP_CAPS, .name = "auid", .text = SCHEMA_STRING };
static const SchemaElement auids
    = { .ns = NS_XCAP_CAPS, .name = "auids", .parts = PARTS (ANY_OF (&auid)) };
static const SchemaElement extension
    = { .ns = NS_XCAP_CAPS, .name = "extension", .text = SCHEMA_STRING };
static const SchemaElement extensions = {
  .ns = NS_XCAP_CAPS,
  .name = "extensions",
  .parts = PARTS (ANY_OF (&extension)),
};
static const SchemaElement namespace
    = { .ns = NS_XCAP_CAPS, .name = "namespace", .text = SCHEMA_URI };
static const SchemaElement namespaces = {
  .ns = NS_XCAP_CAPS,
  .name = "namespaces",
  .parts = PARTS (ANY_OF (&namespace)),
};
static const SchemaElement xcap_caps = {
  .ns = NS_XCAP_CAPS,
  .name = "xcap-caps",
  .parts = PARTS (ONE (&auids), MAYBE (&extensions), ONE (&namespaces), OTHERS),
};

/* README, "A user's own settings" */

static const SchemaElement share_availability = {
  .ns = XCAP_SETTINGS_NS,
  .name = "share-availability",
  .text = SCHEMA_BOOLEAN,
};
static const SchemaElement allow_without_approval = {
  .ns = XCAP_SETTINGS_NS,
  .name = "allow-without-approval",
  .text = SCHEMA_BOOLEAN,
};
static const SchemaElement settings = {
  .ns = XCAP_SETTINGS_NS,
  .name = "settings",
  .parts = PARTS (MAYBE (&share_availability), MAYBE (&allow_without_approval),
                  OTHERS),
};

/* What may be a root, or stand where elements of any namespace may. */
static const SchemaElement *const globals[] = {
  &resource_lists,
  &rls_services,
  &ruleset,
  &presence,
  &xcap_caps,
  &settings,
  &sub_handling,
  &provide_services,
  &provide_devices,
  &provide_persons,
  &provide_activities,
  &provide_class,
  &provide_device_id,
  &provide_mood,
  &provide_place_is,
  &provide_place_type,
  &provide_privacy,
  &provide_relationship,
  &provide_status_icon,
  &provide_sphere,
  &provide_time_offset,
  &provide_user_input,
  &provide_note,
  &provide_unknown_attribute,
  &provide_all_attributes,
  &service_uri_scheme,
  &service_uri,
  &class,
  &occurrence_id,
  &device_id,
};

static const char *const known[]
    = { NS_XCAP_CAPS,  NS_RESOURCE_LISTS, NS_RLS_SERVICES,  NS_COMMON_POLICY,
        NS_PRES_RULES, NS_PIDF,           XCAP_SETTINGS_NS, NULL };

const SchemaElement *
schema_find (const char *ns, const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (globals); i++)
    if (strcmp (globals[i]->name, name) == 0
        && strcmp (globals[i]->ns, ns) == 0)
      return globals[i];
  return NULL;
}

gboolean
schema_knows (const char *ns)
{
  return g_strv_contains (known, ns);
}

const char *
schema_nth_namespace (guint n)
{
  return n < G_N_ELEMENTS (known) ? known[n] : NULL;
}

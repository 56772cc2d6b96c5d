/* SPDX-License-Identifier: ISC
 *
 * From bindings to publications: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/orphans.h"

#include "addr/aor.h"
#include "addr/uri.h"

#include <string.h>

/* As publications know it. */
static const char *
name_of (const RegBinding *binding)
{
  return binding->instance != NULL ? binding->instance : binding->key;
}

/* The binding with this Contact. */
static const char *
device_at (Service *self, const char *aor, const char *contact)
{
  g_autoptr (GPtrArray) bindings = NULL;
  g_autoptr (Uri) uri = NULL;
  g_autofree char *key = NULL;

  if (contact == NULL || !uri_parse (contact, -1, &uri, NULL))
    return NULL;
  key = uri_key (uri);
  bindings = reg_bindings (self->reg, aor);
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];

    if (strcmp (binding->contact, contact) == 0
        || strcmp (binding->key, key) == 0)
      return name_of (binding);
  }
  return NULL;
}

/* Behind a proxy all his devices have one source. */
const char *
orphans_device_of (Service *self, const ServiceCaller *caller, const char *aor)
{
  const RegBinding *binding;

  if (caller->instance != NULL)
    return caller->instance;
  binding = caller->is_relayed ? NULL
                               : reg_find_source (self->reg, aor, caller->flow,
                                                  caller->source);
  return binding != NULL ? name_of (binding)
                         : device_at (self, aor, caller->contact);
}

static void
leave (Service *self, const char *aor, const char *device)
{
  if (self->limits.device_grace > 0)
    presence_orphan (self->presence, aor, device,
                     service_now (self)
                         + self->limits.device_grace * G_USEC_PER_SEC);
}

void
orphans_bindings_changed (Service *self, const GPtrArray *changes)
{
  for (guint i = 0; i < changes->len; i++) {
    const RegChange *change = changes->pdata[i];
    const char *device = name_of (change->binding);

    if (change->kind == REG_PUT)
      presence_adopt (self->presence, change->binding->aor, device);
    else if (!reg_has_device (self->reg, change->binding->aor, device))
      leave (self, change->binding->aor, device);
  }
}

/* Can it be reached otherwise? */
static gboolean
has_other_way (Service *self, const RegBinding *closed)
{
  g_autoptr (GPtrArray) bindings = reg_bindings (self->reg, closed->aor);

  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];

    if (binding != closed
        && g_strcmp0 (name_of (binding), name_of (closed)) == 0
        && binding->flow != closed->flow
        && (binding->flow != 0 || binding->path != NULL
            || (binding->received != NULL
                && g_str_has_prefix (binding->received, "udp:"))))
      return TRUE;
  }
  return FALSE;
}

/* Of many users, or with a Path: what closed is a proxy's, and their devices may
 * come by another. */
static gboolean
is_of_proxy (const GPtrArray *bindings)
{
  const RegBinding *first = bindings->len > 0 ? bindings->pdata[0] : NULL;

  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];

    if (binding->path != NULL || !aor_equal (binding->aor, first->aor))
      return TRUE;
  }
  return FALSE;
}

void
orphans_flow_closed (Service *self, guint64 flow)
{
  g_autoptr (GPtrArray) bindings = reg_of_flow (self->reg, flow);

  if (is_of_proxy (bindings))
    return;
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];

    if (!has_other_way (self, binding))
      leave (self, binding->aor, name_of (binding));
  }
}

/* Had it ever registered?  Those without an instance are known by their binding
 * alone. */
static void
loaded_cb (const char *aor, const char *device, gpointer data)
{
  Service *self = data;

  if (!reg_has_device (self->reg, aor, device)
      && (reg_knows_instance (self->reg, aor, device)
          || g_ascii_strncasecmp (device, "sip", 3) == 0))
    leave (self, aor, device);
}

void
orphans_loaded (Service *self)
{
  presence_foreach_device (self->presence, loaded_cb, self);
}

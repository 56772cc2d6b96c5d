/* SPDX-License-Identifier: ISC
 *
 * Bindings as devices: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/devices.h"

#include "addr/aor.h"
#include "service/xmpp-message.h"

const char *
device_name (const RegBinding *binding)
{
  return binding->instance != NULL ? binding->instance : binding->contact;
}

/* A connection that has closed cannot be opened from here. */
static gboolean
is_reachable (const RegBinding *binding)
{
  return binding->flow != 0 || binding->path != NULL
         || binding->received == NULL
         || g_str_has_prefix (binding->received, "udp:");
}

static gboolean
is_newer (const RegBinding *a, const RegBinding *b)
{
  return a->updated_at > b->updated_at
         || (a->updated_at == b->updated_at && a < b);
}

/* The binding by which a device is reached; NULL: none. */
static const RegBinding *
find (GPtrArray *bindings, const char *device)
{
  const RegBinding *best = NULL;

  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = g_ptr_array_index (bindings, i);

    if (is_reachable (binding) && g_str_equal (device_name (binding), device)
        && (best == NULL || is_newer (binding, best)))
      best = binding;
  }
  return best;
}

/* Who is of another domain has one device for us: his address. */
static GPtrArray *
address_of (const char *aor)
{
  GPtrArray *devices = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (devices, aor_to_uri (aor));
  return devices;
}

GPtrArray *
devices_reachable (Service *self, const char *aor, const char *instance)
{
  g_autoptr (GPtrArray) bindings = NULL;
  GPtrArray *devices;

  if (xmpp_mail_has (self, aor))
    return xmpp_mail_devices (self, aor);
  if (!service_has_domain (self, aor_domain (aor)))
    return address_of (aor);
  bindings = reg_bindings (self->reg, aor);
  devices = g_ptr_array_sized_new (bindings->len);
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = g_ptr_array_index (bindings, i);
    const char *device = device_name (binding);

    if ((instance == NULL || g_strcmp0 (binding->instance, instance) == 0)
        && find (bindings, device) == binding)
      g_ptr_array_add (devices, (gpointer)device);
  }
  return devices;
}

static void
target_of (const RegBinding *binding, SipTarget *out)
{
  out->target = binding->contact;
  out->path = binding->path;
  out->flow = binding->flow;
  /* RFC 3327 5.3: with a Path its first hop is the way, whoever sent it. */
  if (binding->path == NULL && binding->received != NULL
      && g_str_has_prefix (binding->received, "udp:"))
    out->received = binding->received;
}

gboolean
device_target (Service *self, const char *aor, const char *device,
               SipTarget *out)
{
  g_autoptr (GPtrArray) bindings = NULL;
  const RegBinding *binding;

  *out = (SipTarget){ 0 };
  if (!service_has_domain (self, aor_domain (aor))) {
    out->target = device;
    return TRUE;
  }
  bindings = reg_bindings (self->reg, aor);
  binding = find (bindings, device);
  if (binding == NULL)
    return FALSE;
  target_of (binding, out);
  return TRUE;
}

gboolean
device_is_here (Service *self, const char *aor, const char *device,
                gboolean must_be_reachable)
{
  g_autoptr (GPtrArray) bindings = reg_bindings (self->reg, aor);

  if (must_be_reachable)
    return find (bindings, device) != NULL;
  for (guint i = 0; i < bindings->len; i++)
    if (g_str_equal (device_name (bindings->pdata[i]), device))
      return TRUE;
  return FALSE;
}

/* The only device among them, or NULL. */
static const char *
only_one (GPtrArray *bindings)
{
  const char *first
      = bindings->len > 0 ? device_name (bindings->pdata[0]) : NULL;

  for (guint i = 1; i < bindings->len; i++)
    if (!g_str_equal (device_name (bindings->pdata[i]), first))
      return NULL;
  return first;
}

const char *
device_of_caller (Service *self, const ServiceCaller *caller)
{
  g_autoptr (GPtrArray) bindings = NULL;
  const RegBinding *binding = NULL;

  if (!caller->is_relayed)
    binding = reg_find_source (self->reg, caller->user, caller->flow,
                               caller->source);
  if (binding == NULL && caller->instance != NULL)
    binding = reg_find_instance (self->reg, caller->user, caller->instance);
  if (binding != NULL)
    return device_name (binding);
  bindings = reg_bindings (self->reg, caller->user);
  return only_one (bindings);
}

GPtrArray *
devices_of_flow (Service *self, guint64 flow)
{
  g_autoptr (GPtrArray) bindings = reg_of_flow (self->reg, flow);
  GPtrArray *pairs = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = g_ptr_array_index (bindings, i);

    g_ptr_array_add (pairs, g_strdup (binding->aor));
    g_ptr_array_add (pairs, g_strdup (device_name (binding)));
  }
  return pairs;
}

/* SPDX-License-Identifier: ISC
 *
 * Devices come, go, and change their way: what im/ is told of it. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#include "service/devices.h"

guint
mail_way (const SipTarget *target)
{
  const char *const parts[]
      = { target->target, target->path, target->received };
  guint way = (guint)target->flow | 1; /* not 0 */

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    way = way * 33 + (parts[i] != NULL ? g_str_hash (parts[i]) : 0);
  return MAX (way, 1);
}

static void
tell_device (Mail *self, const char *aor, const char *device,
             void (*event) (Im *, const char *, const char *, gint64, GArray *))
{
  GArray *actions = im_actions_new ();

  event (self->im, aor, device, service_now (self->service), actions);
  mail_carry_out (self, actions);
}

void
mail_look_at (Mail *self, const char *recipient)
{
  g_autoptr (GPtrArray) devices = mail_devices (self, recipient, NULL);
  g_auto (GStrv) names = g_new0 (char *, devices->len + 1);

  for (guint i = 0; i < devices->len; i++)
    names[i] = g_strdup (devices->pdata[i]);
  for (guint i = 0; names[i] != NULL; i++)
    tell_device (self, recipient, names[i], im_device_here);
}

static Asked *
find_out (Mail *self, guint64 id, const char *device)
{
  for (GList *at = self->asked.head; at != NULL; at = at->next) {
    Asked *asked = at->data;

    if (asked->id == id && asked->way != 0 && !asked->is_left
        && g_str_equal (asked->device, device))
      return asked;
  }
  return NULL;
}

/* A device that comes by another way answers nothing any more on the one before
 * (it was restarted, its network changed): what is out is sent again. */
static void
follow (Mail *self, const char *aor, const char *device)
{
  guint64 id = im_out (self->im, aor, device);
  Asked *asked = id != 0 ? find_out (self, id, device) : NULL;
  GArray *actions;
  SipTarget target;

  if (asked == NULL || !device_target (self->service, aor, device, &target)
      || mail_way (&target) == asked->way)
    return;
  asked->is_left = TRUE;
  actions = im_actions_new ();
  im_answered (self->im, id, device, 408, service_now (self->service), actions);
  mail_carry_out (self, actions);
}

static void
device_here (Mail *self, const char *aor, const char *device)
{
  tell_device (self, aor, device, im_device_here);
  follow (self, aor, device);
}

static void
binding_gone (Mail *self, const RegBinding *binding)
{
  const char *device = device_name (binding);

  if (!device_is_here (self->service, binding->aor, device, FALSE))
    tell_device (self, binding->aor, device, im_device_gone);
  else if (!device_is_here (self->service, binding->aor, device, TRUE))
    tell_device (self, binding->aor, device, im_device_closed);
}

void
mail_bindings_changed (Mail *self, GPtrArray *changes)
{
  for (guint i = 0; i < changes->len; i++) {
    const RegChange *change = g_ptr_array_index (changes, i);
    const RegBinding *binding = change->binding;

    if (change->kind == REG_DROP)
      binding_gone (self, binding);
    else if (!self->is_off
             && device_is_here (self->service, binding->aor,
                                device_name (binding), TRUE))
      device_here (self, binding->aor, device_name (binding));
  }
}

void
mail_flow_closed (Mail *self, GPtrArray *pairs)
{
  for (guint i = 0; i + 1 < pairs->len; i += 2) {
    const char *aor = pairs->pdata[i], *device = pairs->pdata[i + 1];

    if (!device_is_here (self->service, aor, device, TRUE))
      tell_device (self, aor, device, im_device_closed);
  }
}

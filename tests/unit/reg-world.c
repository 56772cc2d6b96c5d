/* SPDX-License-Identifier: ISC
 *
 * See reg-world.h. */
#include "reg-world.h"

const RegLimits world_limits = { .min_expires = 60,
                                 .max_expires = 7200,
                                 .default_expires = 3600,
                                 .max_bindings = 4 };

World *
world_new (void)
{
  World *w = g_new0 (World, 1);

  w->now = 1000 * SEC;
  w->reg = reg_new (w->now);
  w->changes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) reg_change_free);
  w->text = g_string_new (NULL);
  return w;
}

void
world_free (World *w)
{
  g_ptr_array_unref (w->changes);
  g_string_free (w->text, TRUE);
  reg_free (w->reg);
  g_free (w);
}
const char *
world_changes_text (World *w)
{
  g_string_truncate (w->text, 0);
  for (guint i = 0; i < w->changes->len; i++) {
    const RegChange *change = g_ptr_array_index (w->changes, i);
    g_string_append_printf (w->text, "%s%c%s", i > 0 ? " " : "",
                            change->kind == REG_PUT ? '+' : '-',
                            change->binding->contact);
  }
  return w->text->str;
}

const char *
world_bound (World *w)
{
  g_autoptr (GPtrArray) bindings = reg_bindings (w->reg, AOR);

  g_string_truncate (w->text, 0);
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = g_ptr_array_index (bindings, i);
    g_string_append_printf (w->text, "%s%s=%d", i > 0 ? " " : "",
                            binding->contact,
                            (int) ((binding->expires_at - w->now) / SEC));
  }
  return w->text->str;
}

RegVerdict
world_send (World *w, const RegRequest *request)
{
  g_ptr_array_set_size (w->changes, 0);
  return reg_register (w->reg, request, &world_limits, w->now, w->changes);
}

/* One Contact; expires -1: not given. */
RegContact
world_contact (const char *uri, gint64 expires)
{
  return (RegContact){ .uri = uri, .q = -1, .expires = expires };
}

RegVerdict
world_bind_all (World *w, const char *call_id, guint32 cseq,
                const RegContact *contacts, gsize n)
{
  const RegRequest request = { .aor = AOR,
                               .call_id = call_id,
                               .cseq = cseq,
                               .contacts = contacts,
                               .n_contacts = n,
                               .expires = -1,
                               .received = "udp:192.0.2.2:5060" };

  return world_send (w, &request);
}

RegVerdict
world_bind_one (World *w, const char *call_id, guint32 cseq, const char *uri,
                gint64 expires)
{
  const RegContact one = world_contact (uri, expires);

  return world_bind_all (w, call_id, cseq, &one, 1);
}

RegVerdict
world_unbind_all (World *w, const char *call_id, guint32 cseq, gint64 expires)
{
  const RegRequest request = { .aor = AOR,
                               .call_id = call_id,
                               .cseq = cseq,
                               .is_star = TRUE,
                               .expires = expires };

  return world_send (w, &request);
}

const char *
world_wait_for (World *w, gdouble seconds)
{
  w->now += (gint64) (seconds * SEC);
  g_ptr_array_set_size (w->changes, 0);
  reg_advance (w->reg, w->now, w->changes);
  return world_changes_text (w);
}

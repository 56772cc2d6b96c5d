/* SPDX-License-Identifier: ISC
 *
 * reg/: the location table on a fake clock, clause by clause.  What is bound
 * and what changed is compared as text: "+sip:a@1" put, "-sip:a@1" dropped. */
#include "reg/reg.h"

#include <string.h>

#define SEC ((gint64) G_USEC_PER_SEC)
#define AOR "alice@example.com"

typedef struct {
  Reg *reg;
  gint64 now;
  GPtrArray *changes;
  GString *text;
} World;

static const RegLimits limits = { .min_expires = 60,
                                  .max_expires = 7200,
                                  .default_expires = 3600,
                                  .max_bindings = 4 };

static World *
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

static void
world_free (World *w)
{
  g_ptr_array_unref (w->changes);
  g_string_free (w->text, TRUE);
  reg_free (w->reg);
  g_free (w);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

static const char *
changes_text (World *w)
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

static const char *
bound (World *w)
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

static RegVerdict
send (World *w, const RegRequest *request)
{
  g_ptr_array_set_size (w->changes, 0);
  return reg_register (w->reg, request, &limits, w->now, w->changes);
}

/* One Contact; expires -1: not given. */
static RegContact
contact (const char *uri, gint64 expires)
{
  return (RegContact){ .uri = uri, .q = -1, .expires = expires };
}

static RegVerdict
bind_all (World *w, const char *call_id, guint32 cseq,
          const RegContact *contacts, gsize n)
{
  const RegRequest request = { .aor = AOR,
                               .call_id = call_id,
                               .cseq = cseq,
                               .contacts = contacts,
                               .n_contacts = n,
                               .expires = -1,
                               .received = "udp:192.0.2.2:5060" };

  return send (w, &request);
}

static RegVerdict
bind_one (World *w, const char *call_id, guint32 cseq, const char *uri,
          gint64 expires)
{
  const RegContact one = contact (uri, expires);

  return bind_all (w, call_id, cseq, &one, 1);
}

static RegVerdict
unbind_all (World *w, const char *call_id, guint32 cseq, gint64 expires)
{
  const RegRequest request = { .aor = AOR,
                               .call_id = call_id,
                               .cseq = cseq,
                               .is_star = TRUE,
                               .expires = expires };

  return send (w, &request);
}

static const char *
wait_for (World *w, gdouble seconds)
{
  w->now += (gint64) (seconds * SEC);
  g_ptr_array_set_size (w->changes, 0);
  reg_advance (w->reg, w->now, w->changes);
  return changes_text (w);
}

static void
test_add_refresh_remove (void)
{
  g_autoptr (World) w = world_new ();

  g_assert_false (reg_is_online (w->reg, AOR));
  g_assert_cmpint (bind_one (w, "c", 1, "sip:a@192.0.2.2", 600), ==, REG_OK);
  g_assert_cmpstr (changes_text (w), ==, "+sip:a@192.0.2.2");
  g_assert_true (reg_is_online (w->reg, "ALICE@example.com"));
  w->now += 100 * SEC;
  g_assert_cmpint (bind_one (w, "c", 2, "sip:a@192.0.2.2", 600), ==, REG_OK);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=600");
  g_assert_cmpint (bind_one (w, "c", 3, "sip:a@192.0.2.2", 0), ==, REG_OK);
  g_assert_cmpstr (changes_text (w), ==, "-sip:a@192.0.2.2");
  g_assert_cmpuint (reg_size (w->reg), ==, 0);
}

static void
test_intervals (void)
{
  static const struct {
    gint64 header, param;
    RegVerdict verdict;
    int granted;
  } rows[] = {
    { -1, -1, REG_OK, 3600 },
    { 600, -1, REG_OK, 600 },
    { 600, 300, REG_OK, 300 },
    { -1, 60, REG_OK, 60 },
    { -1, 59, REG_BRIEF, 0 },
    { 1, -1, REG_BRIEF, 0 },
    { 59, 600, REG_OK, 600 },
    { -1, 99999, REG_OK, 7200 },
    { 0, -1, REG_OK, 0 },
    { 600, 0, REG_OK, 0 },
    { G_MAXUINT32, -1, REG_OK, 7200 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) w = world_new ();
    g_autoptr (GPtrArray) bindings = NULL;
    const RegContact one = contact ("sip:a@192.0.2.2", rows[i].param);
    const RegRequest request = { .aor = AOR,
                                 .call_id = "c",
                                 .cseq = 1,
                                 .contacts = &one,
                                 .n_contacts = 1,
                                 .expires = rows[i].header };
    g_assert_cmpint (send (w, &request), ==, rows[i].verdict);
    bindings = reg_bindings (w->reg, AOR);
    g_assert_cmpuint (bindings->len, ==, rows[i].granted > 0);
    if (bindings->len > 0)
      g_assert_cmpint (((RegBinding *) bindings->pdata[0])->expires_at, ==,
                       w->now + rows[i].granted * SEC);
  }
}

/* 423 only below one hour, whatever the minimum is. */
static void
test_brief_only_below_an_hour (void)
{
  g_autoptr (World) w = world_new ();
  const RegLimits strict = { 5000, 7200, 6000, 4 };
  RegContact one = contact ("sip:a@192.0.2.2", 3599);
  const RegRequest request = { .aor = AOR,
                               .call_id = "c",
                               .cseq = 1,
                               .contacts = &one,
                               .n_contacts = 1,
                               .expires = -1 };

  g_assert_cmpint (reg_register (w->reg, &request, &strict, w->now, w->changes),
                   ==, REG_BRIEF);
  one.expires = 3600;
  g_assert_cmpint (reg_register (w->reg, &request, &strict, w->now, w->changes),
                   ==, REG_OK);
}

static void
test_query (void)
{
  g_autoptr (World) w = world_new ();

  bind_one (w, "c", 5, "sip:a@192.0.2.2", 600);
  g_assert_cmpint (bind_all (w, "c", 1, NULL, 0), ==, REG_OK);
  g_assert_cmpstr (changes_text (w), ==, "");
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=600");
}

static void
test_order (void)
{
  g_autoptr (World) w = world_new ();
  const char *a = "sip:a@192.0.2.2";

  g_assert_cmpint (bind_one (w, "c", 5, a, 600), ==, REG_OK);
  g_assert_cmpint (bind_one (w, "c", 4, a, 600), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (bind_one (w, "c", 4, a, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (bind_one (w, "c", 5, a, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (bind_one (w, "c", 5, a, 600), ==, REG_REPEAT);
  g_assert_cmpstr (changes_text (w), ==, "");
  g_assert_cmpint (bind_one (w, "d", 1, a, 600), ==, REG_OK);
  g_assert_cmpint (bind_one (w, "c", 1, a, 600), ==, REG_OK);
  g_assert_cmpint (bind_one (w, "d", 1, a, 0), ==, REG_OK);
  g_assert_cmpstr (bound (w), ==, "");
}

static void
test_repeat_of_several (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact pair[]
      = { contact ("sip:a@192.0.2.2", 600), contact ("sip:a@192.0.2.3", 600),
          contact ("sip:a@192.0.2.4", 0) };

  g_assert_cmpint (bind_all (w, "c", 5, pair, 3), ==, REG_OK);
  g_assert_cmpint (bind_all (w, "c", 5, pair, 3), ==, REG_REPEAT);
  g_assert_cmpint (bind_one (w, "c", 5, "sip:a@192.0.2.4", 600), ==, REG_OK);
  g_assert_cmpint (bind_one (w, "d", 9, "sip:a@192.0.2.3", 600), ==, REG_OK);
  g_assert_cmpint (bind_all (w, "c", 5, pair, 2), ==, REG_OUT_OF_ORDER);
}

/* The repeated removal of what is gone changes nothing and succeeds. */
static void
test_repeat_of_removal (void)
{
  g_autoptr (World) w = world_new ();

  bind_one (w, "c", 5, "sip:a@192.0.2.2", 600);
  g_assert_cmpint (bind_one (w, "c", 6, "sip:a@192.0.2.2", 0), ==, REG_OK);
  g_assert_cmpint (bind_one (w, "c", 6, "sip:a@192.0.2.2", 0), ==, REG_OK);
  g_assert_cmpstr (changes_text (w), ==, "");
  bind_one (w, "c", 7, "sip:a@192.0.2.2", 600);
  g_assert_cmpint (unbind_all (w, "c", 8, 0), ==, REG_OK);
  g_assert_cmpint (unbind_all (w, "c", 8, 0), ==, REG_OK);
}

static void
test_repeat_takes_flow (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = contact ("sip:a@192.0.2.2;transport=tcp", 600);
  RegRequest request = { .aor = AOR,
                         .call_id = "c",
                         .cseq = 1,
                         .contacts = &one,
                         .n_contacts = 1,
                         .expires = -1,
                         .flow = 7 };

  send (w, &request);
  reg_flow_closed (w->reg, 7);
  request.flow = 8;
  g_assert_cmpint (send (w, &request), ==, REG_REPEAT);
  g_assert_nonnull (reg_find_source (w->reg, AOR, 8, NULL));
}

static void
test_atomic (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact good_then_bad[]
      = { contact ("sip:a@192.0.2.2", 600), contact ("tel:+1", 600) };
  const RegContact good_then_brief[]
      = { contact ("sip:a@192.0.2.2", 600), contact ("sip:a@192.0.2.3", 5) };
  const RegContact new_then_old[]
      = { contact ("sip:a@192.0.2.2", 600), contact ("sip:a@192.0.2.9", 600) };

  g_assert_cmpint (bind_all (w, "c", 1, good_then_bad, 2), ==, REG_BAD_CONTACT);
  g_assert_cmpint (bind_all (w, "c", 1, good_then_brief, 2), ==, REG_BRIEF);
  bind_one (w, "c", 9, "sip:a@192.0.2.9", 600);
  g_assert_cmpint (bind_all (w, "c", 8, new_then_old, 2), ==, REG_OUT_OF_ORDER);
  g_assert_cmpstr (changes_text (w), ==, "");
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.9=600");
}

static void
test_bad_contacts (void)
{
  static const char *const bad[]
      = { "tel:+1234", "mailto:a@b.c",   "sip:",      "sip:a@",
          "",          "sip:a@b:port",   "192.0.2.2", "*",
          "<sip:a@b>", "sip:a@b;x=\001", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (World) w = world_new ();
    g_assert_cmpint (bind_one (w, "c", 1, bad[i], 600), ==, REG_BAD_CONTACT);
    g_assert_cmpuint (reg_size (w->reg), ==, 0);
  }
}

/* Step 7: URIs are compared by RFC 3261 19.1.4. */
static void
test_equal_contacts (void)
{
  g_autoptr (World) w = world_new ();

  bind_one (w, "c", 1, "sip:%61@EXAMPLE.net;transport=TCP;x=1", 600);
  g_assert_cmpint (
      bind_one (w, "d", 1, "sip:a@example.net;x=2;transport=tcp", 300), ==,
      REG_OK);
  g_assert_cmpuint (reg_size (w->reg), ==, 1);
  bind_one (w, "d", 2, "sip:a@example.net", 300);
  g_assert_cmpuint (reg_size (w->reg), ==, 2);
}

static void
test_same_contact_twice (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact twice[]
      = { contact ("sip:a@192.0.2.2", 600), contact ("sip:a@192.0.2.2", 300) };

  g_assert_cmpint (bind_all (w, "c", 1, twice, 2), ==, REG_OK);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=300");
}

static void
test_star (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = contact ("sip:a@192.0.2.2", 600);
  const RegRequest mixed = { .aor = AOR,
                             .call_id = "c",
                             .cseq = 9,
                             .contacts = &one,
                             .n_contacts = 1,
                             .is_star = TRUE,
                             .expires = 0 };

  bind_one (w, "c", 5, "sip:a@192.0.2.2", 600);
  bind_one (w, "d", 50, "sip:a@192.0.2.3", 600);
  g_assert_cmpint (send (w, &mixed), ==, REG_BAD_STAR);
  g_assert_cmpint (unbind_all (w, "c", 9, -1), ==, REG_BAD_STAR);
  g_assert_cmpint (unbind_all (w, "c", 9, 60), ==, REG_BAD_STAR);
  g_assert_cmpint (unbind_all (w, "c", 4, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (unbind_all (w, "c", 5, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpuint (reg_size (w->reg), ==, 2);
  g_assert_cmpint (unbind_all (w, "c", 6, 0), ==, REG_OK);
  g_assert_cmpuint (w->changes->len, ==, 2);
  g_assert_cmpuint (reg_size (w->reg), ==, 0);
}

static void
test_max_bindings (void)
{
  static const char *const uris[] = { "sip:a@192.0.2.1", "sip:a@192.0.2.2",
                                      "sip:a@192.0.2.3", "sip:a@192.0.2.4" };
  g_autoptr (World) w = world_new ();
  const RegContact swap[]
      = { contact ("sip:a@192.0.2.1", 0), contact ("sip:a@192.0.2.5", 600) };

  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (bind_one (w, "c", i, uris[i], 600), ==, REG_OK);
  g_assert_cmpint (bind_one (w, "c", 9, "sip:a@192.0.2.5", 600), ==,
                   REG_TOO_MANY);
  g_assert_cmpint (bind_one (w, "c", 9, uris[3], 600), ==, REG_OK);
  g_assert_cmpint (bind_all (w, "c", 10, swap, 2), ==, REG_OK);
  g_assert_cmpuint (reg_size (w->reg), ==, 4);
}

static void
test_q_order (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact all[]
      = { { .uri = "sip:a@1.example", .q = 500, .expires = 600 },
          { .uri = "sip:a@2.example", .q = -1, .expires = 600 },
          { .uri = "sip:a@3.example", .q = 700, .expires = 600 } };

  bind_all (w, "c", 1, all, 3);
  w->now += SEC;
  bind_one (w, "d", 1, "sip:a@4.example", 600);
  g_assert_cmpstr (bound (w), ==,
                   "sip:a@4.example=600 sip:a@2.example=599 "
                   "sip:a@3.example=599 sip:a@1.example=599");
}

static void
test_expiry (void)
{
  g_autoptr (World) w = world_new ();

  bind_one (w, "c", 1, "sip:a@192.0.2.2", 60);
  bind_one (w, "c", 2, "sip:a@192.0.2.3", 120);
  g_assert_cmpstr (wait_for (w, 59.9), ==, "");
  g_assert_cmpstr (wait_for (w, 0.3), ==, "-sip:a@192.0.2.2");
  g_assert_cmpint (bind_one (w, "c", 3, "sip:a@192.0.2.3", 120), ==, REG_OK);
  g_assert_cmpstr (wait_for (w, 61), ==, "");
  g_assert_cmpstr (wait_for (w, 61), ==, "-sip:a@192.0.2.3");
  g_assert_false (reg_is_online (w->reg, AOR));
}

static RegContact
flow_contact (const char *uri, const char *instance, guint32 reg_id)
{
  return (RegContact){
    .uri = uri, .instance = instance, .reg_id = reg_id, .q = -1, .expires = 600
  };
}

static void
test_flow_replaces (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact first
      = flow_contact ("sip:a@192.0.2.2:1111", "urn:uuid:1", 1);
  const RegContact again
      = flow_contact ("sip:a@192.0.2.2:2222", "urn:uuid:1", 1);
  const RegContact second
      = flow_contact ("sip:a@192.0.2.2:3333", "urn:uuid:1", 2);
  const RegContact other
      = flow_contact ("sip:a@192.0.2.2:3333", "urn:uuid:2", 1);

  bind_all (w, "c", 1, &first, 1);
  g_assert_cmpint (bind_all (w, "d", 1, &again, 1), ==, REG_OK);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2:2222=600");
  bind_all (w, "d", 2, &second, 1);
  bind_all (w, "e", 1, &other, 1);
  g_assert_cmpuint (reg_size (w->reg), ==, 3);
}

static void
test_reg_id_alone_is_ignored (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = flow_contact ("sip:a@192.0.2.2:1111", NULL, 1);
  const RegContact two = flow_contact ("sip:a@192.0.2.2:2222", NULL, 1);

  bind_all (w, "c", 1, &one, 1);
  bind_all (w, "c", 2, &two, 1);
  g_assert_cmpuint (reg_size (w->reg), ==, 2);
}

static void
test_path_without_ob (void)
{
  static const struct {
    const char *path;
    guint n;
  } rows[] = {
    { NULL, 1 },
    { "<sip:p.example;lr;ob>", 1 },
    { "<sip:p.example;ob;lr>,<sip:q.example;lr>", 1 },
    { "<sip:p.example;lr>", 2 },
    { "<sip:p.example;lr;obx>", 2 },
    { "<sip:p.example;lr>,<sip:q.example;ob>", 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) w = world_new ();
    RegContact one = flow_contact ("sip:a@192.0.2.2:1111", "urn:uuid:1", 1);
    RegRequest request = { .aor = AOR,
                           .call_id = "c",
                           .cseq = 1,
                           .contacts = &one,
                           .n_contacts = 1,
                           .expires = -1,
                           .path = rows[i].path };
    send (w, &request);
    one.uri = "sip:a@192.0.2.2:2222";
    request.cseq = 2;
    send (w, &request);
    g_assert_cmpuint (reg_size (w->reg), ==, rows[i].n);
  }
}

static void
test_one_flow_at_a_time (void)
{
  g_autoptr (World) w = world_new ();
  RegContact pair[] = { flow_contact ("sip:a@192.0.2.2", "urn:uuid:1", 1),
                        contact ("sip:a@192.0.2.3", 600) };

  g_assert_cmpint (bind_all (w, "c", 1, pair, 2), ==, REG_BAD_CONTACT);
  pair[1].expires = 0;
  g_assert_cmpint (bind_all (w, "c", 1, pair, 2), ==, REG_OK);
}

static void
test_flow_removed_by_contact (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = flow_contact ("sip:a@192.0.2.2", "urn:uuid:1", 1);

  bind_all (w, "c", 1, &one, 1);
  g_assert_cmpint (bind_one (w, "c", 2, "sip:a@192.0.2.2", 0), ==, REG_OK);
  g_assert_cmpstr (changes_text (w), ==, "-sip:a@192.0.2.2");
}

static void
test_flows (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = contact ("sip:a@192.0.2.2;transport=tcp", 600);
  const RegRequest request = { .aor = AOR,
                               .call_id = "c",
                               .cseq = 1,
                               .contacts = &one,
                               .n_contacts = 1,
                               .expires = -1,
                               .received = "tcp:192.0.2.2:4000",
                               .flow = 7 };

  send (w, &request);
  g_assert_nonnull (reg_find_source (w->reg, AOR, 7, NULL));
  g_assert_null (reg_find_source (w->reg, AOR, 8, NULL));
  g_assert_null (reg_find_source (w->reg, "bob@example.com", 7, NULL));
  reg_flow_closed (w->reg, 8);
  reg_flow_closed (w->reg, 7);
  g_assert_null (reg_find_source (w->reg, AOR, 7, NULL));
  g_assert_nonnull (reg_find_source (w->reg, AOR, 0, "tcp:192.0.2.2:4000"));
  g_assert_cmpuint (reg_size (w->reg), ==, 1);
}

static void
test_find_instance (void)
{
  g_autoptr (World) w = world_new ();
  RegContact one = flow_contact ("sip:a@192.0.2.2", "urn:uuid:1", 0);

  bind_all (w, "c", 1, &one, 1);
  one.uri = "sip:a@192.0.2.3";
  bind_all (w, "d", 1, &one, 1);
  g_assert_cmpstr (reg_find_instance (w->reg, AOR, "urn:uuid:1")->contact, ==,
                   "sip:a@192.0.2.3");
  w->now += SEC;
  one.uri = "sip:a@192.0.2.2";
  bind_all (w, "c", 2, &one, 1);
  g_assert_cmpstr (reg_find_instance (w->reg, AOR, "urn:uuid:1")->contact, ==,
                   "sip:a@192.0.2.2");
  g_assert_null (reg_find_instance (w->reg, AOR, "urn:uuid:2"));
  g_assert_null (reg_find_instance (w->reg, AOR, NULL));
}

static void
test_known_instances (void)
{
  g_autoptr (World) w = world_new ();
  RegContact one = flow_contact ("sip:a@192.0.2.2", "urn:uuid:1", 0);

  g_assert_false (reg_knows_instance (w->reg, AOR, "urn:uuid:1"));
  bind_all (w, "c", 1, &one, 1);
  one.expires = 0;
  bind_all (w, "c", 2, &one, 1);
  g_assert_null (reg_find_instance (w->reg, AOR, "urn:uuid:1"));
  g_assert_true (reg_knows_instance (w->reg, AOR, "urn:uuid:1"));
  g_assert_false (reg_knows_instance (w->reg, AOR, "urn:uuid:2"));
  reg_drop_user (w->reg, AOR, w->changes);
  g_assert_true (reg_knows_instance (w->reg, AOR, "urn:uuid:1") == FALSE);
}

static void
test_gruu (void)
{
  static const struct {
    const char *aor, *instance, *want;
  } rows[] = {
    { AOR, "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
      "sip:alice@example.com;gr=urn:uuid:f81d4fae-7dec-11d0-a765-"
      "00a0c91e6bf6" },
    { AOR, "urn:x:a;b=c d", "sip:alice@example.com;gr=urn:x:a%3Bb%3Dc%20d" },
    { AOR, NULL, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const RegBinding binding = { .aor = (char *) rows[i].aor,
                                 .instance = (char *) rows[i].instance };
    g_autofree char *gruu = reg_gruu (&binding);
    g_assert_cmpstr (gruu, ==, rows[i].want);
  }
}

static void
test_drop_user (void)
{
  g_autoptr (World) w = world_new ();

  bind_one (w, "c", 1, "sip:a@192.0.2.2", 60);
  bind_one (w, "c", 2, "sip:a@192.0.2.3", 60);
  g_ptr_array_set_size (w->changes, 0);
  reg_drop_user (w->reg, "Alice@example.com", w->changes);
  g_assert_cmpuint (w->changes->len, ==, 2);
  reg_drop_user (w->reg, AOR, w->changes);
  g_assert_cmpuint (w->changes->len, ==, 2);
  g_assert_cmpstr (wait_for (w, 100), ==, "");
}

static void
test_shorten (void)
{
  g_autoptr (World) w = world_new ();

  bind_one (w, "c", 1, "sip:a@192.0.2.2", 600);
  reg_shorten (w->reg, w->changes, 120, w->now);
  g_assert_cmpint (((RegChange *) w->changes->pdata[0])->binding->expires_at,
                   ==, w->now + 120 * SEC);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=120");
  reg_shorten (w->reg, w->changes, 500, w->now);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=120");
  g_assert_cmpstr (wait_for (w, 121), ==, "-sip:a@192.0.2.2");
}

/* 10.3: when the commit fails, all tentative changes are taken back. */
static void
test_undo (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact swap[]
      = { contact ("sip:a@192.0.2.2", 0), contact ("sip:a@192.0.2.3", 300),
          contact ("sip:a@192.0.2.4", 300) };

  bind_one (w, "c", 1, "sip:a@192.0.2.2", 600);
  bind_one (w, "c", 2, "sip:a@192.0.2.3", 600);
  bind_all (w, "c", 3, swap, 3);
  reg_undo (w->reg, w->changes, w->now);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=600 sip:a@192.0.2.3=600");
  g_assert_cmpint (bind_all (w, "c", 3, swap, 3), ==, REG_OK);
}

static void
test_undo_leaves_later (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (GPtrArray) first
      = g_ptr_array_new_with_free_func ((GDestroyNotify) reg_change_free);
  const RegContact one = contact ("sip:a@192.0.2.2", 600);
  const RegRequest request = { .aor = AOR,
                               .call_id = "c",
                               .cseq = 1,
                               .contacts = &one,
                               .n_contacts = 1,
                               .expires = -1 };

  reg_register (w->reg, &request, &limits, w->now, first);
  bind_one (w, "c", 2, "sip:a@192.0.2.2", 300);
  reg_undo (w->reg, first, w->now);
  g_assert_cmpstr (bound (w), ==, "sip:a@192.0.2.2=300");
}

static void
test_restore (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (World) after = world_new ();
  const RegContact one = { .uri = "sip:a@192.0.2.2;ob",
                           .params = ";x=y",
                           .instance = "urn:uuid:1",
                           .reg_id = 3,
                           .q = 300,
                           .expires = 600 };
  const RegRequest request = { .aor = AOR,
                               .call_id = "c",
                               .cseq = 77,
                               .contacts = &one,
                               .n_contacts = 1,
                               .expires = -1,
                               .path = "<sip:p;lr;ob>",
                               .received = "udp:192.0.2.2:5060",
                               .user_agent = "phone/1" };
  const RegBinding *back;

  send (w, &request);
  reg_restore (after->reg,
               reg_binding_copy (((RegChange *) w->changes->pdata[0])->binding),
               after->now);
  back = reg_find_instance (after->reg, AOR, "urn:uuid:1");
  g_assert_nonnull (back);
  g_assert_cmpstr (back->params, ==, ";x=y");
  g_assert_cmpstr (back->path, ==, "<sip:p;lr;ob>");
  g_assert_cmpstr (back->user_agent, ==, "phone/1");
  g_assert_cmpuint (back->q, ==, 300);
  g_assert_cmpuint (back->reg_id, ==, 3);
  g_assert_cmpint (send (after, &request), ==, REG_REPEAT);
  g_assert_cmpstr (wait_for (after, 601), ==, "-sip:a@192.0.2.2;ob");
}

static void
test_restore_expired (void)
{
  g_autoptr (World) w = world_new ();
  const RegBinding row = { .aor = (char *) AOR,
                           .contact = (char *) "sip:a@192.0.2.2",
                           .key = (char *) "sip:a@192.0.2.2",
                           .instance = (char *) "urn:uuid:1",
                           .call_id = (char *) "c",
                           .expires_at = w->now - SEC };

  reg_restore (w->reg, reg_binding_copy (&row), w->now);
  g_assert_false (reg_is_online (w->reg, AOR));
  g_assert_true (reg_knows_instance (w->reg, AOR, "urn:uuid:1"));
  g_assert_null (reg_find_instance (w->reg, AOR, "urn:uuid:1"));
  g_assert_cmpstr (wait_for (w, 0.2), ==, "-sip:a@192.0.2.2");
}

/* Thousands of random requests against a plain list of what must be bound. */
typedef struct {
  char *uri;
  guint32 cseq;
  guint call;
  gint64 expires_at;
} Model;

static void
model_free (gpointer data)
{
  Model *model = data;

  g_free (model->uri);
  g_free (model);
}

static Model *
model_find (GPtrArray *models, const char *uri)
{
  for (guint i = 0; i < models->len; i++)
    if (strcmp (((Model *) models->pdata[i])->uri, uri) == 0)
      return models->pdata[i];
  return NULL;
}

static void
model_expire (GPtrArray *models, gint64 now)
{
  for (guint i = models->len; i > 0; i--)
    if (((Model *) models->pdata[i - 1])->expires_at <= now)
      g_ptr_array_remove_index (models, i - 1);
}

static RegVerdict
model_register (GPtrArray *models, guint call, guint32 cseq, const char *uri,
                gint64 expires, gint64 now)
{
  Model *model = model_find (models, uri);

  if (expires > 0 && expires < 60)
    return REG_BRIEF;
  if (model != NULL && model->call == call && cseq <= model->cseq)
    return cseq == model->cseq && expires > 0 ? REG_REPEAT : REG_OUT_OF_ORDER;
  if (model == NULL && expires > 0 && models->len >= limits.max_bindings)
    return REG_TOO_MANY;
  if (expires == 0) {
    if (model != NULL)
      g_ptr_array_remove (models, model);
    return REG_OK;
  }
  if (model == NULL) {
    model = g_new0 (Model, 1);
    model->uri = g_strdup (uri);
    g_ptr_array_add (models, model);
  }
  model->call = call;
  model->cseq = cseq;
  model->expires_at = now + expires * SEC;
  return REG_OK;
}

static void
assert_same (World *w, GPtrArray *models)
{
  g_autoptr (GPtrArray) bindings = reg_bindings (w->reg, AOR);

  g_assert_cmpuint (bindings->len, ==, models->len);
  for (guint i = 0; i < bindings->len; i++) {
    const RegBinding *binding = bindings->pdata[i];
    const Model *model = model_find (models, binding->contact);
    g_assert_nonnull (model);
    g_assert_cmpuint (binding->cseq, ==, model->cseq);
    g_assert_cmpint (binding->expires_at, ==, model->expires_at);
  }
}

static void
random_step (World *w, GPtrArray *models, GRand *rand)
{
  static const char *const calls[] = { "c0", "c1", "c2" };
  guint call = g_rand_int_range (rand, 0, 3);
  guint32 cseq = g_rand_int_range (rand, 1, 30);
  gint64 expires = g_rand_int_range (rand, -1, 6) * 40;
  g_autofree char *uri
      = g_strdup_printf ("sip:a@192.0.2.%d", g_rand_int_range (rand, 1, 8));

  if (expires < 0)
    expires = 3600;
  /* The table may drop what has expired a tick late; the model waits too. */
  wait_for (w, g_rand_int_range (rand, 0, 20));
  wait_for (w, 0.2);
  model_expire (models, w->now);
  g_assert_cmpint (bind_one (w, calls[call], cseq, uri, expires), ==,
                   model_register (models, call, cseq, uri, expires, w->now));
  assert_same (w, models);
}

static void
test_random (void)
{
  for (guint seed = 1; seed <= 20; seed++) {
    g_autoptr (World) w = world_new ();
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
    g_autoptr (GPtrArray) models = g_ptr_array_new_with_free_func (model_free);
    for (guint i = 0; i < 1000; i++)
      random_step (w, models, rand);
  }
}

#define ADD(path, fn) g_test_add_func ("/reg/" path, fn)

static void
add_rfc3261 (void)
{
  ADD ("rfc3261-10.3/add-refresh-remove", test_add_refresh_remove);
  ADD ("rfc3261-10.3/intervals", test_intervals);
  ADD ("rfc3261-10.3/brief-below-an-hour", test_brief_only_below_an_hour);
  ADD ("rfc3261-10.3/query", test_query);
  ADD ("rfc3261-10.3/order", test_order);
  ADD ("rfc3261-10.3/repeat-several", test_repeat_of_several);
  ADD ("rfc3261-10.3/repeat-removal", test_repeat_of_removal);
  ADD ("rfc3261-10.3/repeat-takes-flow", test_repeat_takes_flow);
  ADD ("rfc3261-10.3/atomic", test_atomic);
  ADD ("rfc3261-10.3/bad-contacts", test_bad_contacts);
  ADD ("rfc3261-10.3/equal-contacts", test_equal_contacts);
  ADD ("rfc3261-10.3/same-contact-twice", test_same_contact_twice);
  ADD ("rfc3261-10.3/star", test_star);
  ADD ("rfc3261-10.3/undo", test_undo);
  ADD ("rfc3261-10.3/undo-leaves-later", test_undo_leaves_later);
  ADD ("rfc3261-10.3/random", test_random);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_rfc3261 ();
  ADD ("limits/max-bindings", test_max_bindings);
  ADD ("rfc3261-16.6/q-order", test_q_order);
  ADD ("expiry", test_expiry);
  ADD ("rfc5626-6/replaces", test_flow_replaces);
  ADD ("rfc5626-6/reg-id-alone", test_reg_id_alone_is_ignored);
  ADD ("rfc5626-6/path-without-ob", test_path_without_ob);
  ADD ("rfc5626-6/one-flow-at-a-time", test_one_flow_at_a_time);
  ADD ("rfc5626-6/removed-by-contact", test_flow_removed_by_contact);
  ADD ("flow/closed", test_flows);
  ADD ("rfc5627-5.5/find-instance", test_find_instance);
  ADD ("rfc5627-5.5/known-instances", test_known_instances);
  ADD ("rfc5627-5.4/gruu", test_gruu);
  ADD ("drop-user", test_drop_user);
  ADD ("shorten", test_shorten);
  ADD ("restore/binding", test_restore);
  ADD ("restore/expired", test_restore_expired);
  return g_test_run ();
}

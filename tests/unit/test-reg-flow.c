/* SPDX-License-Identifier: ISC
 *
 * reg/: flows, instances and GRUUs (RFC 5626, RFC 5627), restarts. */
#include "reg-world.h"

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

  world_bind_all (w, "c", 1, &first, 1);
  g_assert_cmpint (world_bind_all (w, "d", 1, &again, 1), ==, REG_OK);
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2:2222=600");
  world_bind_all (w, "d", 2, &second, 1);
  world_bind_all (w, "e", 1, &other, 1);
  g_assert_cmpuint (reg_size (w->reg), ==, 3);
}

static void
test_reg_id_alone_is_ignored (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = flow_contact ("sip:a@192.0.2.2:1111", NULL, 1);
  const RegContact two = flow_contact ("sip:a@192.0.2.2:2222", NULL, 1);

  world_bind_all (w, "c", 1, &one, 1);
  world_bind_all (w, "c", 2, &two, 1);
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
    world_send (w, &request);
    one.uri = "sip:a@192.0.2.2:2222";
    request.cseq = 2;
    world_send (w, &request);
    g_assert_cmpuint (reg_size (w->reg), ==, rows[i].n);
  }
}

static void
test_one_flow_at_a_time (void)
{
  g_autoptr (World) w = world_new ();
  RegContact pair[] = { flow_contact ("sip:a@192.0.2.2", "urn:uuid:1", 1),
                        world_contact ("sip:a@192.0.2.3", 600) };

  g_assert_cmpint (world_bind_all (w, "c", 1, pair, 2), ==, REG_BAD_CONTACT);
  pair[1].expires = 0;
  g_assert_cmpint (world_bind_all (w, "c", 1, pair, 2), ==, REG_OK);
}

static void
test_flow_removed_by_contact (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = flow_contact ("sip:a@192.0.2.2", "urn:uuid:1", 1);

  world_bind_all (w, "c", 1, &one, 1);
  g_assert_cmpint (world_bind_one (w, "c", 2, "sip:a@192.0.2.2", 0), ==,
                   REG_OK);
  g_assert_cmpstr (world_changes_text (w), ==, "-sip:a@192.0.2.2");
}

static void
test_flows (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = world_contact ("sip:a@192.0.2.2;transport=tcp", 600);
  const RegRequest request = { .aor = AOR,
                               .call_id = "c",
                               .cseq = 1,
                               .contacts = &one,
                               .n_contacts = 1,
                               .expires = -1,
                               .received = "tcp:192.0.2.2:4000",
                               .flow = 7 };

  world_send (w, &request);
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

  world_bind_all (w, "c", 1, &one, 1);
  one.uri = "sip:a@192.0.2.3";
  world_bind_all (w, "d", 1, &one, 1);
  g_assert_cmpstr (reg_find_instance (w->reg, AOR, "urn:uuid:1")->contact, ==,
                   "sip:a@192.0.2.3");
  w->now += SEC;
  one.uri = "sip:a@192.0.2.2";
  world_bind_all (w, "c", 2, &one, 1);
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
  world_bind_all (w, "c", 1, &one, 1);
  one.expires = 0;
  world_bind_all (w, "c", 2, &one, 1);
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

  world_bind_one (w, "c", 1, "sip:a@192.0.2.2", 60);
  world_bind_one (w, "c", 2, "sip:a@192.0.2.3", 60);
  g_ptr_array_set_size (w->changes, 0);
  reg_drop_user (w->reg, "Alice@example.com", w->changes);
  g_assert_cmpuint (w->changes->len, ==, 2);
  reg_drop_user (w->reg, AOR, w->changes);
  g_assert_cmpuint (w->changes->len, ==, 2);
  g_assert_cmpstr (world_wait_for (w, 100), ==, "");
}

static void
test_shorten (void)
{
  g_autoptr (World) w = world_new ();

  world_bind_one (w, "c", 1, "sip:a@192.0.2.2", 600);
  reg_shorten (w->reg, w->changes, 120, w->now);
  g_assert_cmpint (((RegChange *) w->changes->pdata[0])->binding->expires_at,
                   ==, w->now + 120 * SEC);
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2=120");
  reg_shorten (w->reg, w->changes, 500, w->now);
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2=120");
  g_assert_cmpstr (world_wait_for (w, 121), ==, "-sip:a@192.0.2.2");
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

  world_send (w, &request);
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
  g_assert_cmpint (world_send (after, &request), ==, REG_REPEAT);
  g_assert_cmpstr (world_wait_for (after, 601), ==, "-sip:a@192.0.2.2;ob");
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
  g_assert_cmpstr (world_wait_for (w, 0.2), ==, "-sip:a@192.0.2.2");
}

#define ADD(path, fn) g_test_add_func ("/reg/" path, fn)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
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

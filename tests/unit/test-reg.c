/* SPDX-License-Identifier: ISC
 *
 * reg/: REGISTERs by RFC 3261 10.3, on a fake clock. */
#include "reg-world.h"

static void
test_add_refresh_remove (void)
{
  g_autoptr (World) w = world_new ();

  g_assert_false (reg_is_online (w->reg, AOR));
  g_assert_cmpint (world_bind_one (w, "c", 1, "sip:a@192.0.2.2", 600), ==,
                   REG_OK);
  g_assert_cmpstr (world_changes_text (w), ==, "+sip:a@192.0.2.2");
  g_assert_true (reg_is_online (w->reg, "ALICE@example.com"));
  w->now += 100 * SEC;
  g_assert_cmpint (world_bind_one (w, "c", 2, "sip:a@192.0.2.2", 600), ==,
                   REG_OK);
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2=600");
  g_assert_cmpint (world_bind_one (w, "c", 3, "sip:a@192.0.2.2", 0), ==,
                   REG_OK);
  g_assert_cmpstr (world_changes_text (w), ==, "-sip:a@192.0.2.2");
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
    const RegContact one = world_contact ("sip:a@192.0.2.2", rows[i].param);
    const RegRequest request = { .aor = AOR,
                                 .call_id = "c",
                                 .cseq = 1,
                                 .contacts = &one,
                                 .n_contacts = 1,
                                 .expires = rows[i].header };
    g_assert_cmpint (world_send (w, &request), ==, rows[i].verdict);
    bindings = reg_bindings (w->reg, AOR);
    g_assert_cmpuint (bindings->len, ==, rows[i].granted > 0);
    if (bindings->len > 0)
      g_assert_cmpint (((RegBinding *)bindings->pdata[0])->expires_at, ==,
                       w->now + rows[i].granted * SEC);
  }
}

/* 423 only below one hour, whatever the minimum is. */
static void
test_brief_only_below_an_hour (void)
{
  g_autoptr (World) w = world_new ();
  const RegLimits strict = { 5000, 7200, 6000, 4 };
  RegContact one = world_contact ("sip:a@192.0.2.2", 3599);
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

  world_bind_one (w, "c", 5, "sip:a@192.0.2.2", 600);
  g_assert_cmpint (world_bind_all (w, "c", 1, NULL, 0), ==, REG_OK);
  g_assert_cmpstr (world_changes_text (w), ==, "");
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2=600");
}

static void
test_order (void)
{
  g_autoptr (World) w = world_new ();
  const char *a = "sip:a@192.0.2.2";

  g_assert_cmpint (world_bind_one (w, "c", 5, a, 600), ==, REG_OK);
  g_assert_cmpint (world_bind_one (w, "c", 4, a, 600), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (world_bind_one (w, "c", 4, a, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (world_bind_one (w, "c", 5, a, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (world_bind_one (w, "c", 5, a, 600), ==, REG_REPEAT);
  g_assert_cmpstr (world_changes_text (w), ==, "");
  g_assert_cmpint (world_bind_one (w, "d", 1, a, 600), ==, REG_OK);
  g_assert_cmpint (world_bind_one (w, "c", 1, a, 600), ==, REG_OK);
  g_assert_cmpint (world_bind_one (w, "d", 1, a, 0), ==, REG_OK);
  g_assert_cmpstr (world_bound (w), ==, "");
}

static void
test_repeat_of_several (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact pair[] = { world_contact ("sip:a@192.0.2.2", 600),
                              world_contact ("sip:a@192.0.2.3", 600),
                              world_contact ("sip:a@192.0.2.4", 0) };

  g_assert_cmpint (world_bind_all (w, "c", 5, pair, 3), ==, REG_OK);
  g_assert_cmpint (world_bind_all (w, "c", 5, pair, 3), ==, REG_REPEAT);
  g_assert_cmpint (world_bind_one (w, "c", 5, "sip:a@192.0.2.4", 600), ==,
                   REG_OK);
  g_assert_cmpint (world_bind_one (w, "d", 9, "sip:a@192.0.2.3", 600), ==,
                   REG_OK);
  g_assert_cmpint (world_bind_all (w, "c", 5, pair, 2), ==, REG_OUT_OF_ORDER);
}

/* The repeated removal of what is gone changes nothing and succeeds. */
static void
test_repeat_of_removal (void)
{
  g_autoptr (World) w = world_new ();

  world_bind_one (w, "c", 5, "sip:a@192.0.2.2", 600);
  g_assert_cmpint (world_bind_one (w, "c", 6, "sip:a@192.0.2.2", 0), ==,
                   REG_OK);
  g_assert_cmpint (world_bind_one (w, "c", 6, "sip:a@192.0.2.2", 0), ==,
                   REG_OK);
  g_assert_cmpstr (world_changes_text (w), ==, "");
  world_bind_one (w, "c", 7, "sip:a@192.0.2.2", 600);
  g_assert_cmpint (world_unbind_all (w, "c", 8, 0), ==, REG_OK);
  g_assert_cmpint (world_unbind_all (w, "c", 8, 0), ==, REG_OK);
}

static void
test_repeat_takes_flow (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = world_contact ("sip:a@192.0.2.2;transport=tcp", 600);
  RegRequest request = { .aor = AOR,
                         .call_id = "c",
                         .cseq = 1,
                         .contacts = &one,
                         .n_contacts = 1,
                         .expires = -1,
                         .flow = 7 };

  world_send (w, &request);
  reg_flow_closed (w->reg, 7);
  request.flow = 8;
  g_assert_cmpint (world_send (w, &request), ==, REG_REPEAT);
  g_assert_nonnull (reg_find_source (w->reg, AOR, 8, NULL));
}

static void
test_atomic (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact good_then_bad[] = { world_contact ("sip:a@192.0.2.2", 600),
                                       world_contact ("tel:+1", 600) };
  const RegContact good_then_brief[] = { world_contact ("sip:a@192.0.2.2", 600),
                                         world_contact ("sip:a@192.0.2.3", 5) };
  const RegContact new_then_old[] = { world_contact ("sip:a@192.0.2.2", 600),
                                      world_contact ("sip:a@192.0.2.9", 600) };

  g_assert_cmpint (world_bind_all (w, "c", 1, good_then_bad, 2), ==,
                   REG_BAD_CONTACT);
  g_assert_cmpint (world_bind_all (w, "c", 1, good_then_brief, 2), ==,
                   REG_BRIEF);
  world_bind_one (w, "c", 9, "sip:a@192.0.2.9", 600);
  g_assert_cmpint (world_bind_all (w, "c", 8, new_then_old, 2), ==,
                   REG_OUT_OF_ORDER);
  g_assert_cmpstr (world_changes_text (w), ==, "");
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.9=600");
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
    g_assert_cmpint (world_bind_one (w, "c", 1, bad[i], 600), ==,
                     REG_BAD_CONTACT);
    g_assert_cmpuint (reg_size (w->reg), ==, 0);
  }
}

/* Step 7: URIs are compared by RFC 3261 19.1.4. */
static void
test_equal_contacts (void)
{
  g_autoptr (World) w = world_new ();

  world_bind_one (w, "c", 1, "sip:%61@EXAMPLE.net;transport=TCP;x=1", 600);
  g_assert_cmpint (
      world_bind_one (w, "d", 1, "sip:a@example.net;x=2;transport=tcp", 300),
      ==, REG_OK);
  g_assert_cmpuint (reg_size (w->reg), ==, 1);
  world_bind_one (w, "d", 2, "sip:a@example.net", 300);
  g_assert_cmpuint (reg_size (w->reg), ==, 2);
}

/* A Contact that leads back to the address is none for a device with a name; to
 * take it away is no harm. */
static void
test_loops (void)
{
  static const struct {
    const char *uri, *instance;
    gint64 expires;
    RegVerdict verdict;
  } rows[] = {
    { "sip:" AOR, "urn:uuid:1", 600, REG_LOOP },
    { "sip:alice@EXAMPLE.com;ob", "urn:uuid:1", 600, REG_LOOP },
    { "sip:" AOR ";gr=urn:uuid:1", "urn:uuid:1", 600, REG_LOOP },
    { "sip:" AOR ";gr=urn:uuid:2", "urn:uuid:1", 600, REG_LOOP },
    { "sip:" AOR ";gr=urn:uuid:1", "urn:uuid:1", 0, REG_OK },
    { "sip:" AOR, NULL, 600, REG_OK },
    { "sip:" AOR ":5062", "urn:uuid:1", 600, REG_OK },
    { "sip:bob@example.com;gr=1", "urn:uuid:1", 600, REG_OK },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (World) w = world_new ();
    RegContact one = world_contact (rows[i].uri, rows[i].expires);

    one.instance = rows[i].instance;
    g_assert_cmpint (world_bind_all (w, "c", 1, &one, 1), ==, rows[i].verdict);
    g_assert_cmpuint (reg_size (w->reg), ==,
                      rows[i].verdict == REG_OK && rows[i].expires > 0);
  }
}

static void
test_same_contact_twice (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact twice[] = { world_contact ("sip:a@192.0.2.2", 600),
                               world_contact ("sip:a@192.0.2.2", 300) };

  g_assert_cmpint (world_bind_all (w, "c", 1, twice, 2), ==, REG_OK);
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2=300");
}

static void
test_star (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact one = world_contact ("sip:a@192.0.2.2", 600);
  const RegRequest mixed = { .aor = AOR,
                             .call_id = "c",
                             .cseq = 9,
                             .contacts = &one,
                             .n_contacts = 1,
                             .is_star = TRUE,
                             .expires = 0 };

  world_bind_one (w, "c", 5, "sip:a@192.0.2.2", 600);
  world_bind_one (w, "d", 50, "sip:a@192.0.2.3", 600);
  g_assert_cmpint (world_send (w, &mixed), ==, REG_BAD_STAR);
  g_assert_cmpint (world_unbind_all (w, "c", 9, -1), ==, REG_BAD_STAR);
  g_assert_cmpint (world_unbind_all (w, "c", 9, 60), ==, REG_BAD_STAR);
  g_assert_cmpint (world_unbind_all (w, "c", 4, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpint (world_unbind_all (w, "c", 5, 0), ==, REG_OUT_OF_ORDER);
  g_assert_cmpuint (reg_size (w->reg), ==, 2);
  g_assert_cmpint (world_unbind_all (w, "c", 6, 0), ==, REG_OK);
  g_assert_cmpuint (w->changes->len, ==, 2);
  g_assert_cmpuint (reg_size (w->reg), ==, 0);
}

static void
test_max_bindings (void)
{
  static const char *const uris[] = { "sip:a@192.0.2.1", "sip:a@192.0.2.2",
                                      "sip:a@192.0.2.3", "sip:a@192.0.2.4" };
  g_autoptr (World) w = world_new ();
  const RegContact swap[] = { world_contact ("sip:a@192.0.2.1", 0),
                              world_contact ("sip:a@192.0.2.5", 600) };

  for (guint i = 0; i < 4; i++)
    g_assert_cmpint (world_bind_one (w, "c", i, uris[i], 600), ==, REG_OK);
  g_assert_cmpint (world_bind_one (w, "c", 9, "sip:a@192.0.2.5", 600), ==,
                   REG_TOO_MANY);
  g_assert_cmpint (world_bind_one (w, "c", 9, uris[3], 600), ==, REG_OK);
  g_assert_cmpint (world_bind_all (w, "c", 10, swap, 2), ==, REG_OK);
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

  world_bind_all (w, "c", 1, all, 3);
  w->now += SEC;
  world_bind_one (w, "d", 1, "sip:a@4.example", 600);
  g_assert_cmpstr (world_bound (w), ==,
                   "sip:a@4.example=600 sip:a@2.example=599 "
                   "sip:a@3.example=599 sip:a@1.example=599");
}

static void
test_expiry (void)
{
  g_autoptr (World) w = world_new ();

  world_bind_one (w, "c", 1, "sip:a@192.0.2.2", 60);
  world_bind_one (w, "c", 2, "sip:a@192.0.2.3", 120);
  g_assert_cmpstr (world_wait_for (w, 59.9), ==, "");
  g_assert_cmpstr (world_wait_for (w, 0.3), ==, "-sip:a@192.0.2.2");
  g_assert_cmpint (world_bind_one (w, "c", 3, "sip:a@192.0.2.3", 120), ==,
                   REG_OK);
  g_assert_cmpstr (world_wait_for (w, 61), ==, "");
  g_assert_cmpstr (world_wait_for (w, 61), ==, "-sip:a@192.0.2.3");
  g_assert_false (reg_is_online (w->reg, AOR));
}

/* 10.3: when the commit fails, all tentative changes are taken back. */
static void
test_undo (void)
{
  g_autoptr (World) w = world_new ();
  const RegContact swap[] = { world_contact ("sip:a@192.0.2.2", 0),
                              world_contact ("sip:a@192.0.2.3", 300),
                              world_contact ("sip:a@192.0.2.4", 300) };

  world_bind_one (w, "c", 1, "sip:a@192.0.2.2", 600);
  world_bind_one (w, "c", 2, "sip:a@192.0.2.3", 600);
  world_bind_all (w, "c", 3, swap, 3);
  reg_undo (w->reg, w->changes, w->now);
  g_assert_cmpstr (world_bound (w), ==,
                   "sip:a@192.0.2.2=600 sip:a@192.0.2.3=600");
  g_assert_cmpint (world_bind_all (w, "c", 3, swap, 3), ==, REG_OK);
}

static void
test_undo_leaves_later (void)
{
  g_autoptr (World) w = world_new ();
  g_autoptr (GPtrArray) first
      = g_ptr_array_new_with_free_func ((GDestroyNotify)reg_change_free);
  const RegContact one = world_contact ("sip:a@192.0.2.2", 600);
  const RegRequest request = { .aor = AOR,
                               .call_id = "c",
                               .cseq = 1,
                               .contacts = &one,
                               .n_contacts = 1,
                               .expires = -1 };

  reg_register (w->reg, &request, &world_limits, w->now, first);
  world_bind_one (w, "c", 2, "sip:a@192.0.2.2", 300);
  reg_undo (w->reg, first, w->now);
  g_assert_cmpstr (world_bound (w), ==, "sip:a@192.0.2.2=300");
}

#define ADD(path, fn) g_test_add_func ("/reg/" path, fn)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("rfc5627-5.1/loops", test_loops);
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
  ADD ("limits/max-bindings", test_max_bindings);
  ADD ("rfc3261-16.6/q-order", test_q_order);
  ADD ("expiry", test_expiry);
  return g_test_run ();
}

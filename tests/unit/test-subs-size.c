/* SPDX-License-Identifier: ISC
 *
 * subs/: what a subscription costs in memory, its share of the indexes
 * included, and that what concerns one presentity touches its watchers only. */
#include "subs/subs.h"

#include <malloc.h>

#define SEC ((gint64)G_USEC_PER_SEC)
#define N 20000

/* Subscriptions of one device, and what each may cost. */
typedef struct {
  guint contacts;
  gsize bytes;
} Row;

static const SubsLimits limits = { 60, 7200, 3600, 60, 64, 0, 0 };

/* The i-th: user i / contacts watches contacts others from one device. */
static void
add (Subs *subs, guint i, guint contacts, GArray *actions)
{
  guint user = i / contacts, other = (user + 1 + i % contacts) % (N / contacts);
  g_autofree char *presentity = g_strdup_printf ("user%05u@example.com", other);
  g_autofree char *watcher = g_strdup_printf ("user%05u@example.com", user);
  g_autofree char *call_id
      = g_strdup_printf ("%08x-3b1f-4c8e-9d52-%012x@198.51.100.7", i, i * 7);
  g_autofree char *remote_tag = g_strdup_printf ("as%08xtag", i);
  g_autofree char *local_uri = g_strconcat ("sip:", presentity, NULL);
  g_autofree char *remote_uri = g_strconcat ("sip:", watcher, NULL);
  g_autofree char *target = g_strdup_printf (
      "sip:user%05u@198.51.100.7:%u;transport=tcp;ob", user, 1024 + user);
  g_autofree char *instance
      = g_strdup_printf ("urn:uuid:f81d4fae-7dec-11d0-a765-%012x", user);
  g_autofree char *source
      = g_strdup_printf ("tcp:198.51.100.7:%u", 1024 + user);
  const SubsDialog dialog = {
    .presentity = presentity,
    .watcher = watcher,
    .package = "presence",
    .event = "presence",
    .call_id = call_id,
    .remote_tag = remote_tag,
    .local_uri = local_uri,
    .remote_uri = remote_uri,
    .target = target,
    .instance = instance,
    .accept = "application/pidf+xml, application/pidf-diff+xml, "
              "application/rlmi+xml, multipart/related",
    .source = source,
    .local_contact = "sip:192.0.2.1:5060;transport=tcp",
    .flow = user + 1,
  };
  Sub *sub;
  guint granted;

  g_assert_cmpint (subs_create (subs, &dialog, 1, 3600, SUBS_ACTIVE, SEC, &sub,
                                &granted, actions),
                   ==, SUBS_OK);
}

/* Carries everything out as a store and devices that always succeed would. */
static guint
settle (Subs *subs, GArray *actions)
{
  guint n_notify = 0;

  for (guint i = 0; i < actions->len; i++) {
    SubsAction action = g_array_index (actions, SubsAction, i);
    if (action.kind == SUBS_ACT_STORE)
      subs_committed (subs, action.sub, action.ticket, SEC, actions);
    else if (action.kind == SUBS_ACT_NOTIFY)
      subs_notified (subs, action.sub, action.cseq, SUBS_NOTIFY_OK, 0, SEC,
                     actions);
    else if (action.kind == SUBS_ACT_FREE)
      sub_unref (action.sub);
    n_notify += action.kind == SUBS_ACT_NOTIFY;
  }
  g_array_set_size (actions, 0);
  return n_notify;
}

static gsize
in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static void
test_memory (gconstpointer data)
{
  const Row *row = data;
  g_autoptr (GArray) actions = subs_actions_new ();
  gsize before = in_use (), bytes;
  g_autoptr (Subs) subs = subs_new (&limits, SEC);

  for (guint i = 0; i < N; i++) {
    add (subs, i, row->contacts, actions);
    settle (subs, actions);
  }
  g_assert_cmpuint (subs_size (subs), ==, N);
  bytes = (in_use () - before) / N;
  g_test_message ("%" G_GSIZE_FORMAT " bytes a subscription", bytes);
  g_assert_cmpuint (bytes, <, row->bytes);
}

static void
test_fan_out (void)
{
  g_autoptr (GArray) actions = subs_actions_new ();
  g_autoptr (Subs) subs = subs_new (&limits, SEC);

  for (guint i = 0; i < N; i++) {
    add (subs, i, 10, actions);
    settle (subs, actions);
  }
  subs_changed (subs, "user00500@example.com", "presence", SEC, actions);
  g_assert_cmpuint (settle (subs, actions), ==, 10);
  subs_flow_closed (subs, 501, SEC, actions);
  g_assert_cmpuint (actions->len, ==, 0);
  subs_drop_user (subs, "user00500@example.com", SUBS_NORESOURCE, SEC, actions);
  g_assert_cmpuint (settle (subs, actions), ==, 20);
  g_assert_cmpuint (subs_size (subs), ==, N - 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/subs/memory/20-contacts", &(Row){ 20, 420 },
                        test_memory);
  g_test_add_data_func ("/subs/memory/1-contact", &(Row){ 1, 1000 },
                        test_memory);
  g_test_add_func ("/subs/fan-out/affected-only", test_fan_out);
  return g_test_run ();
}

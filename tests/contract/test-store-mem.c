/* SPDX-License-Identifier: ISC
 *
 * The contract against store/mem. */
#include "tests/contract/rig.h"

static StoreMem *the_store; /* outlives "restarts" */

static void
open_mem (Rig *rig)
{
  rig->port = store_mem_port (rig->store);
  rig->documents = store_mem_documents (rig->store);
  rig->messages = store_mem_messages (rig->store);
}

static void
close_mem (Rig *rig)
{
  static const StoreEvents none;

  test_loop_turn (rig->loop, 0); /* nothing is lost in memory */
  rig->port->set_events (rig->port->self, &none, NULL);
}

static void
wipe_mem (Rig *rig)
{
  store_mem_free (the_store);
  the_store = rig->store == NULL
                  ? store_mem_new (test_loop_port (rig->loop), test_clock ())
                  : NULL;
  rig->store = the_store;
}

static void
put_user (Rig *rig, const StoreUser *user)
{
  store_mem_put_user (rig->store, user);
}

static void
drop_user (Rig *rig, const char *aor)
{
  store_mem_drop_user (rig->store, aor);
}

static void
put_policy (Rig *rig, StorePolicy *policy)
{
  store_mem_put_policy (rig->store, policy);
}

static void
put_settings (Rig *rig, const PolicySettings *settings)
{
  store_mem_put_settings (rig->store, settings);
}

static void
set_up (Rig *rig, gboolean is_up)
{
  store_mem_set_up (rig->store, is_up);
}

static void
poison (Rig *rig, RegBinding *binding)
{
  store_mem_refuse_next (rig->store);
}

static void
purge (Rig *rig, const char *recipient)
{
  store_mem_purge_messages (rig->store, recipient);
}

static char *
list_messages (Rig *rig)
{
  return g_strdup (store_mem_list_messages (rig->store));
}

int
main (int argc, char **argv)
{
  static const RigKind mem = { "mem",    open_mem,  close_mem,  wipe_mem,
                               put_user, drop_user, put_policy, put_settings,
                               set_up,   poison,    purge,      list_messages };

  g_test_init (&argc, &argv, NULL);
  contract_add_tests (&mem);
  documents_add_tests (&mem);
  messages_add_tests (&mem);
  permanent_add_tests (&mem);
  return g_test_run ();
}

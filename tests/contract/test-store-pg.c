/* SPDX-License-Identifier: ISC
 *
 * The contract of the store against PostgreSQL, and what can happen to it. */
#include "tests/contract/pg.h"

static void
add_tests (void)
{
  contract_add_tests (&rig_kind_pg);
  fault_add_tests ();
  follow_add_tests ();
  gather_add_tests ();
  policies_add_tests ();
}

int
main (int argc, char **argv)
{
  return pg_main (argc, argv, add_tests);
}

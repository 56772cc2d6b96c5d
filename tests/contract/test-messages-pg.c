/* SPDX-License-Identifier: ISC
 *
 * The contract of stored messages against PostgreSQL. */
#include "tests/contract/pg.h"

static void
add_tests (void)
{
  messages_add_tests (&rig_kind_pg);
  messages_pg_add_tests ();
}

int
main (int argc, char **argv)
{
  return pg_main (argc, argv, add_tests);
}

/* SPDX-License-Identifier: ISC
 *
 * The contract of documents and permanent presence against PostgreSQL. */
#include "tests/contract/pg.h"

static void
add_tests (void)
{
  documents_add_tests (&rig_kind_pg);
  permanent_add_tests (&rig_kind_pg);
  documents_pg_add_tests ();
}

int
main (int argc, char **argv)
{
  return pg_main (argc, argv, add_tests);
}

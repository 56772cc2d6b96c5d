/* SPDX-License-Identifier: ISC
 *
 * Documents on a real PostgreSQL: what only that can do. */
#include "tests/contract/documents.h"
#include "tests/contract/pg.h"

void
documents_pg_add_tests (void)
{
}

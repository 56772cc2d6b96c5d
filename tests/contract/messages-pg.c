/* SPDX-License-Identifier: ISC */
#include "tests/contract/messages.h"
#include "tests/contract/pg.h"

void
messages_pg_add_tests (void)
{
}

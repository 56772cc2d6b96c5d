/* SPDX-License-Identifier: ISC
 *
 * Users from results, and their copies. */
#pragma once
#include <libpq-fe.h>

#include "port/store.h"

/* The columns that user_decode reads, of table "u", in text format. */
#define USER_COLUMNS                                                           \
  "u.aor, u.display_name, u.ha1_md5, u.ha1_sha256, u.enabled, "                \
  "u.share_availability, u.allow_without_approval"

/* Row i's user, whose columns begin at first; NULL where aor is. */
StoreUser *user_decode (const PGresult *result, int i, int first);
StoreUser *user_copy (const StoreUser *self);

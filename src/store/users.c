/* SPDX-License-Identifier: ISC
 *
 * Users from results, and their copies. */
#include "store/users.h"

static char *
text (const PGresult *result, int i, int column)
{
  return PQgetisnull (result, i, column)
             ? NULL
             : g_strdup (PQgetvalue (result, i, column));
}

StoreUser *
user_decode (const PGresult *result, int i, int first)
{
  StoreUser *self;

  if (PQgetisnull (result, i, first))
    return NULL;
  self = g_new0 (StoreUser, 1);
  self->aor = text (result, i, first);
  self->display_name = text (result, i, first + 1);
  self->ha1_md5 = text (result, i, first + 2);
  self->ha1_sha256 = text (result, i, first + 3);
  self->is_enabled = PQgetvalue (result, i, first + 4)[0] == 't';
  return self;
}

StoreUser *
user_copy (const StoreUser *self)
{
  StoreUser *copy = g_new0 (StoreUser, 1);

  copy->aor = g_strdup (self->aor);
  copy->display_name = g_strdup (self->display_name);
  copy->ha1_md5 = g_strdup (self->ha1_md5);
  copy->ha1_sha256 = g_strdup (self->ha1_sha256);
  copy->is_enabled = self->is_enabled;
  return copy;
}

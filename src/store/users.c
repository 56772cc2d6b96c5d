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

static PolicyOverride
override (const PGresult *result, int i, int column)
{
  if (PQgetisnull (result, i, column))
    return POLICY_AS_SETTINGS;
  return PQgetvalue (result, i, column)[0] == 't' ? POLICY_YES : POLICY_NO;
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
  self->share_availability = override (result, i, first + 5);
  self->allow_without_approval = override (result, i, first + 6);
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
  copy->share_availability = self->share_availability;
  copy->allow_without_approval = self->allow_without_approval;
  return copy;
}

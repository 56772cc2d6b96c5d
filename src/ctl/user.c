/* SPDX-License-Identifier: ISC
 *
 * rollcallctl user ...: administers rollcall.users. */
#include "ctl/ctl.h"

#include "addr/aor.h"

#include <stdio.h>
#include <string.h>

char *
ctl_aor (const char *text)
{
  g_autoptr (GError) error = NULL;
  char *aor = NULL;

  if (!aor_parse (text, &aor, &error))
    ctl_fail ("%s", error->message);
  return aor;
}

char *
ctl_owner (Ctl *self, const char *text)
{
  g_autofree char *aor = ctl_aor (text);
  const char *params[] = { aor };
  PGresult *result;
  char *owner = NULL;

  if (aor == NULL)
    return NULL;
  result = ctl_query (self,
                      "SELECT aor FROM rollcall.users WHERE"
                      " lower(aor COLLATE \"C\") = lower($1 COLLATE \"C\")",
                      1, params);
  if (result != NULL && PQntuples (result) > 0)
    owner = g_strdup (PQgetvalue (result, 0, 0));
  else if (result != NULL)
    ctl_fail ("there is no user %s", aor);
  PQclear (result);
  return owner;
}

/* A user of a domain that the server does not serve could never sign in. */
static gboolean
is_served (Ctl *self, const char *aor)
{
  const Conf *conf;
  const char *const *domains;
  g_autofree char *all = NULL;

  if (self->dsn != NULL && !g_file_test (self->file, G_FILE_TEST_EXISTS))
    return TRUE;
  conf = ctl_conf (self);
  if (conf == NULL)
    return FALSE;
  domains = conf_list (conf, "server", "domains");
  if (g_strv_contains (domains, aor_domain (aor)))
    return TRUE;
  all = g_strjoinv (", ", (char **) domains);
  ctl_fail ("%s: the server's domains are %s", aor, all);
  return FALSE;
}

/* Runs a change of one user; one that touches no row: no such user. */
static int
change (Ctl *self, const char *sql, const char *aor, const char *done)
{
  PGresult *result = ctl_query (self, sql, 1, &aor);
  gboolean is_there;

  if (result == NULL)
    return CTL_FAILED;
  is_there = PQntuples (result) > 0;
  PQclear (result);
  if (!is_there)
    return ctl_fail ("there is no user %s", aor);
  ctl_say (self, aor, done);
  return ctl_sync (self);
}

static gboolean
set_password (Ctl *self, const char *aor, const char *password)
{
  const char *params[] = { aor, password };
  PGresult *result
      = ctl_query (self, "SELECT rollcall.set_password($1, $2)", 2, params);

  PQclear (result);
  return result != NULL;
}

static gboolean
insert (Ctl *self, const char *aor, const char *password)
{
  const char *params[] = { aor, self->name };
  PGresult *result = ctl_query (
      self,
      "INSERT INTO rollcall.users (aor, display_name) VALUES ($1, $2)"
      " ON CONFLICT DO NOTHING RETURNING aor",
      2, params);
  gboolean is_new = result != NULL && PQntuples (result) == 1;

  PQclear (result);
  if (result != NULL && !is_new)
    ctl_fail ("%s is there already", aor);
  return is_new && set_password (self, aor, password);
}

int
user_add (Ctl *self, char **args)
{
  g_autofree char *aor = ctl_aor (args[0]);
  char *password;
  gboolean is_ok;

  if (aor == NULL || !is_served (self, aor) || ctl_db (self) == NULL)
    return CTL_FAILED;
  password = password_read (self);
  if (password == NULL)
    return CTL_FAILED;
  is_ok = ctl_exec (self, "BEGIN") && insert (self, aor, password)
          && ctl_exec (self, "COMMIT");
  password_free (password);
  if (!is_ok)
    return CTL_FAILED;
  ctl_say (self, aor, "added");
  return ctl_sync (self);
}

int
user_passwd (Ctl *self, char **args)
{
  g_autofree char *aor = ctl_aor (args[0]);
  char *password;
  gboolean is_ok;

  if (aor == NULL || ctl_db (self) == NULL)
    return CTL_FAILED;
  password = password_read (self);
  if (password == NULL)
    return CTL_FAILED;
  is_ok = set_password (self, aor, password);
  password_free (password);
  if (!is_ok)
    return CTL_FAILED;
  ctl_say (self, aor, "has a new password");
  return ctl_sync (self);
}

int
user_list (Ctl *self, char **args)
{
  const char *pattern = args[0] != NULL ? args[0] : "*";
  PGresult *result = ctl_query (
      self,
      "SELECT u.aor, u.display_name AS name, u.enabled,"
      " u.ha1_md5 IS NOT NULL OR u.ha1_sha256 IS NOT NULL AS password,"
      " (SELECT count(*) FROM rollcall.online o WHERE o.aor = u.aor)"
      " AS devices"
      " FROM rollcall.users u WHERE u.aor ILIKE"
      " replace(replace(replace(replace($1, '\\', '\\\\'), '%', '\\%'),"
      " '_', '\\_'), '*', '%') ORDER BY lower(u.aor)",
      1, &pattern);

  if (result == NULL)
    return CTL_FAILED;
  ctl_print (self, result);
  PQclear (result);
  return CTL_OK;
}

#define WHERE_AOR                                                              \
  " WHERE lower(aor COLLATE \"C\") = lower($1 COLLATE \"C\") RETURNING aor"

static int
change_one (Ctl *self, char **args, const char *sql, const char *done)
{
  g_autofree char *aor = ctl_aor (args[0]);

  return aor != NULL ? change (self, sql, aor, done) : CTL_FAILED;
}

int
user_remove (Ctl *self, char **args)
{
  return change_one (self, args, "DELETE FROM rollcall.users" WHERE_AOR,
                     "removed");
}

int
user_enable (Ctl *self, char **args)
{
  return change_one (self, args,
                     "UPDATE rollcall.users SET enabled = true" WHERE_AOR,
                     "enabled");
}

int
user_disable (Ctl *self, char **args)
{
  return change_one (self, args,
                     "UPDATE rollcall.users SET enabled = false" WHERE_AOR,
                     "disabled");
}

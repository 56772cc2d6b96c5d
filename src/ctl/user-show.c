/* SPDX-License-Identifier: ISC
 *
 * rollcallctl user show and user set: one user's overrides, limits, devices. */
#include "ctl/control.h"
#include "ctl/ctl.h"

#include <stdio.h>
#include <string.h>

/* The overrides of rollcall.settings that a user may have. */
static const char *const overrides[]
    = { "share_availability", "allow_without_approval", NULL };

#define IS_AOR "lower(u.aor COLLATE \"C\") = lower($1 COLLATE \"C\")"

#define FROM_USER                                                              \
  " FROM rollcall.users u CROSS JOIN rollcall.settings s"                      \
  " JOIN rollcall.contact_usage c ON c.aor = u.aor"                            \
  " JOIN rollcall.watcher_usage w ON w.presentity = u.aor WHERE " IS_AOR

#define PENDING                                                                \
  "(SELECT count(*) FROM rollcall.watchers p WHERE p.presentity = u.aor"       \
  " AND p.decision = 'pending')"
#define STORED                                                                 \
  "(SELECT count(*) FROM rollcall.messages m WHERE m.recipient = u.aor"        \
  " AND m.body IS NOT NULL AND m.expires_at > now())"

#define OVERRIDE(column)                                                       \
  "CASE u." column " WHEN true THEN 'on' WHEN false THEN 'off'"                \
  " ELSE 'default (' || CASE WHEN s." column " THEN 'on' ELSE 'off' END"       \
  " || ')' END"

static const char for_people[]
    = "SELECT u.aor, u.display_name AS name, u.enabled,"
      " concat_ws(', ', CASE WHEN u.ha1_md5 IS NOT NULL THEN 'MD5' END,"
      "  CASE WHEN u.ha1_sha256 IS NOT NULL THEN 'SHA-256' END) AS password,"
      " " OVERRIDE (
          "share_availability") " AS share_availability,"
                                " " OVERRIDE (
                                    "allow_without_approval") " AS "
                                                              "allow_without_"
                                                              "approval,"
                                                              " c.contacts || "
                                                              "coalesce(' of ' "
                                                              "|| c.max, '') "
                                                              "AS contacts,"
                                                              " w.watchers || "
                                                              "coalesce(' of ' "
                                                              "|| w.max, '') "
                                                              "AS watchers,"
                                                              " " PENDING
                                                              " AS "
                                                              "pending_"
                                                              "watchers,"
                                                              " " STORED
                                                              " AS "
                                                              "stored_messages,"
                                                              " to_char(u."
                                                              "created_at, "
                                                              "'YYYY-MM-DD "
                                                              "HH24:MI') AS "
                                                              "created_"
                                                              "at" FROM_USER;

static const char for_programs[]
    = "SELECT u.aor, u.display_name AS name, u.enabled,"
      " u.ha1_md5 IS NOT NULL AS md5, u.ha1_sha256 IS NOT NULL AS sha256,"
      " u.share_availability, u.allow_without_approval,"
      " c.contacts, c.max AS max_contacts, w.watchers, w.max AS max_watchers,"
      " " PENDING " AS pending_watchers, " STORED " AS stored_messages,"
      " u.created_at, coalesce((SELECT jsonb_agg(jsonb_build_object("
      "   'contact', o.contact, 'instance', o.instance,"
      "   'user_agent', o.user_agent, 'received', o.received,"
      "   'registered_at', o.registered_at, 'expires_at', o.expires_at)"
      "   ORDER BY o.registered_at) FROM rollcall.online o"
      "   WHERE o.aor = u.aor), '[]') AS devices" FROM_USER;

static const char devices[]
    = "SELECT coalesce(o.user_agent, 'unknown') AS device,"
      " to_char(o.registered_at, 'YYYY-MM-DD HH24:MI') AS registered,"
      " to_char(o.expires_at, 'HH24:MI:SS') AS until, o.contact"
      " FROM rollcall.online o JOIN rollcall.users u ON u.aor = o.aor"
      " WHERE " IS_AOR " ORDER BY o.registered_at";

static int
no_user (const char *aor)
{
  return ctl_fail ("there is no user %s", aor);
}

static int
print_devices (Ctl *self, const char *aor)
{
  PGresult *result = ctl_query (self, devices, 1, &aor);
  int n;

  if (result == NULL)
    return CTL_FAILED;
  n = PQntuples (result);
  printf ("%-23s %d\n", "devices", n);
  if (n > 0) {
    putchar ('\n');
    ctl_print (self, result);
  }
  PQclear (result);
  return CTL_OK;
}

int
user_show (Ctl *self, char **args)
{
  g_autofree char *aor = ctl_aor (args[0]);
  g_autoptr (GString) object = g_string_new (NULL);
  const char *params[] = { aor };
  PGresult *result;
  int status = CTL_OK;

  if (aor == NULL)
    return CTL_FAILED;
  result
      = ctl_query (self, self->is_json ? for_programs : for_people, 1, params);
  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) == 0)
    status = no_user (aor);
  else if (self->is_json) {
    ctl_json_row (object, result, 0);
    puts (object->str);
  } else {
    ctl_print_lines (result, 0, PQnfields (result));
    status = print_devices (self, aor);
  }
  PQclear (result);
  return status;
}

/* on, off or default (NULL) as a parameter. */
static gboolean
take_switch (const char *text, const char **out)
{
  static const struct {
    const char *text, *value;
  } words[] = { { "on", "t" },
                { "true", "t" },
                { "off", "f" },
                { "false", "f" },
                { "default", NULL } };

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_ascii_strcasecmp (words[i].text, text) == 0) {
      *out = words[i].value;
      return TRUE;
    }
  return FALSE;
}

int
user_set (Ctl *self, char **args)
{
  g_autofree char *aor = ctl_aor (args[0]);
  g_autofree char *done = g_strdup_printf ("%s %s", args[1], args[2]);
  const char *params[] = { aor, args[1], NULL };
  PGresult *result;
  gboolean is_there;

  if (aor == NULL)
    return CTL_FAILED;
  if (!g_strv_contains (overrides, args[1]))
    return ctl_fail ("a user has no \"%s\" of his own; there are: %s, %s",
                     args[1], overrides[0], overrides[1]);
  if (!take_switch (args[2], &params[2]))
    return ctl_fail ("%s is on, off or default, not \"%s\"", args[1], args[2]);
  result = ctl_query (
      self,
      "UPDATE rollcall.users u SET share_availability ="
      " CASE $2 WHEN 'share_availability' THEN $3::boolean"
      "  ELSE u.share_availability END, allow_without_approval ="
      " CASE $2 WHEN 'allow_without_approval' THEN $3::boolean"
      "  ELSE u.allow_without_approval END WHERE " IS_AOR " RETURNING u.aor",
      3, params);
  if (result == NULL)
    return CTL_FAILED;
  is_there = PQntuples (result) > 0;
  PQclear (result);
  if (!is_there)
    return no_user (aor);
  ctl_say (self, aor, done);
  return ctl_sync (self);
}

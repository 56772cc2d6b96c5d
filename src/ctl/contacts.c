/* SPDX-License-Identifier: ISC
 *
 * rollcallctl contacts add, remove and list. */
#include "ctl/contacts.h"
#include "ctl/wrap.h"

#include <stdio.h>
#include <string.h>

static const struct {
  const char *result, *meaning;
} refusals[] = {
  { "limit", "limit: the owner has as many contacts as settings.max_contacts "
             "allows" },
  { "target_full", "target_full: that user has as many contacts as are "
                   "allowed: nobody can add him" },
  { "no_such_user", "no_such_user: the domain is the server's own and has no "
                    "such user" },
  { "no_such_owner", "no_such_owner: a list belongs to a user, and there is "
                     "none of that name" },
  { "invalid", "invalid: an address is sip:user@domain, sips:, pres:, im: or "
               "xmpp: likewise, or tel:+number" },
  { "bad_name", "bad_name: the name or the group is too long, or has control "
                "characters" },
};

gboolean
contacts_prepare (Ctl *self)
{
  return ctl_db (self) != NULL
         && (!self->bypasses_limits
             || ctl_exec (self, "SET rollcall.bypass_limits = on"));
}

void
contacts_count (ContactTally *tally, const char *result)
{
  if (strcmp (result, "added") == 0) {
    tally->added++;
    return;
  }
  if (strcmp (result, "exists") == 0) {
    tally->exists++;
    return;
  }
  tally->refused++;
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (strcmp (refusals[i].result, result) == 0)
      tally->seen |= 1u << i;
}

void
contacts_explain (const ContactTally *tally)
{
  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    if (tally->seen & (1u << i))
      ctl_fail ("%s", refusals[i].meaning);
}

void
contacts_print (const char *result, const char *owner, const char *uri)
{
  g_autofree char *plain = ctl_plain (uri);
  g_autofree char *whose = owner != NULL ? ctl_plain (owner) : NULL;

  if (whose != NULL)
    printf ("%-13s %s %s\n", result, whose, plain);
  else
    printf ("%-13s %s\n", result, plain);
}

/* Each row is (uri, result); the exit status. */
static int
report (const Ctl *self, const PGresult *result)
{
  ContactTally tally = { 0 };
  int n = PQntuples (result);

  if (self->is_json)
    ctl_print (self, result);
  for (int i = 0; i < n; i++) {
    contacts_count (&tally, PQgetvalue (result, i, 1));
    if (!self->is_json)
      contacts_print (PQgetvalue (result, i, 1), NULL,
                      PQgetvalue (result, i, 0));
  }
  if (tally.refused == 0)
    return CTL_OK;
  fflush (stdout);
  contacts_explain (&tally);
  return ctl_fail ("%u of %d refused", tally.refused, n);
}

/* n times the same, as a literal; NULL for none. */
static char *
repeat (const char *text, guint n)
{
  g_autofree const char **items = g_new (const char *, n);

  if (text == NULL)
    return NULL;
  for (guint i = 0; i < n; i++)
    items[i] = text;
  return ctl_array (items, n);
}

int
contacts_add (Ctl *self, char **args)
{
  g_autofree char *owner = ctl_aor (args[0]);
  guint n = g_strv_length (args + 1);
  g_autofree char *uris = ctl_array ((const char *const *)args + 1, n);
  g_autofree char *names = repeat (self->name, n);
  g_autofree char *groups = repeat (self->group, n);
  const char *params[] = { owner, uris, names, groups };
  PGresult *result;
  int status, sync;

  if (owner == NULL || !contacts_prepare (self))
    return CTL_FAILED;
  result = ctl_query (self,
                      "SELECT uri, result FROM rollcall.add_contacts($1,"
                      " $2::text[], $3::text[], $4::text[])",
                      4, params);
  if (result == NULL)
    return CTL_FAILED;
  sync = ctl_sync (self);
  status = report (self, result);
  PQclear (result);
  return status != CTL_OK ? status : sync;
}

int
contacts_remove (Ctl *self, char **args)
{
  g_autofree char *owner = ctl_owner (self, args[0]);
  guint n = g_strv_length (args + 1);
  g_autofree char *uris = ctl_array ((const char *const *)args + 1, n);
  const char *params[] = { owner, uris };
  PGresult *result;
  int status, sync;

  if (owner == NULL)
    return CTL_FAILED;
  result = ctl_query (
      self,
      "WITH gone AS (DELETE FROM rollcall.contacts c WHERE c.owner = $1"
      "  AND rollcall.canonical_uri(c.uri) IN"
      "   (SELECT rollcall.canonical_uri(u) FROM unnest($2::text[]) AS u)"
      "  OR c.owner = $1 AND c.uri = ANY($2::text[]) RETURNING c.uri)"
      " SELECT i.uri, CASE WHEN EXISTS (SELECT FROM gone g"
      "   WHERE g.uri = i.uri OR rollcall.canonical_uri(g.uri)"
      "    = rollcall.canonical_uri(i.uri)) THEN 'removed'"
      "  ELSE 'not_there' END AS result"
      " FROM unnest($2::text[]) WITH ORDINALITY AS i (uri, n) ORDER BY i.n",
      2, params);
  if (result == NULL)
    return CTL_FAILED;
  sync = ctl_sync (self);
  status = CTL_OK;
  if (self->is_json)
    ctl_print (self, result);
  for (int i = 0; i < PQntuples (result); i++) {
    const char *done = PQgetvalue (result, i, 1);

    if (!self->is_json)
      contacts_print (done, NULL, PQgetvalue (result, i, 0));
    if (strcmp (done, "removed") != 0)
      status = CTL_FAILED;
  }
  PQclear (result);
  return status != CTL_OK ? status : sync;
}

int
contacts_list (Ctl *self, char **args)
{
  g_autofree char *owner = ctl_owner (self, args[0]);
  const char *params[] = { owner };
  PGresult *result;

  if (owner == NULL)
    return CTL_FAILED;
  result = ctl_query (self,
                      "SELECT group_name AS group, display_name AS name, uri"
                      " FROM rollcall.contacts WHERE owner = $1"
                      " ORDER BY group_name, position, uri",
                      1, params);
  if (result == NULL)
    return CTL_FAILED;
  if (PQntuples (result) > 0 || self->is_json)
    ctl_print (self, result);
  else
    printf ("%s has no contacts\n", owner);
  PQclear (result);
  return CTL_OK;
}

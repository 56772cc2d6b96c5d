/* SPDX-License-Identifier: ISC
 *
 * The statements that are prepared for documents: see the header. */
#include "store/pg-documents.h"

/* The user's own spelling of $n; the empty string is the global tree. */
#define OWNER(n)                                                               \
  "CASE WHEN " n " = '' THEN '' ELSE (SELECT u.aor FROM rollcall.users u"      \
  " WHERE lower(u.aor COLLATE \"C\") = lower(" n " COLLATE \"C\")) END"

#define USER(n) "lower(u.aor COLLATE \"C\") = lower(" n " COLLATE \"C\")"

#define IS_LISTS                                                               \
  "d.auid = 'resource-lists' AND d.filename = 'index' AND d.owner = u.aor"

#define WRITTEN                                                                \
  "SELECT r.outcome, r.etag, array_to_string(r.left_out, E'\\x1f'), r.reason"  \
  " FROM rollcall."

/* New with each change of the document, which other settings are not. */
#define POLICY_ETAG                                                            \
  "concat('policy-', s.allow_history::int, s.allow_cut_paste::int)"

/* clang-format off */
static const char setup[] =
  "PREPARE " FETCH_DOCUMENT " (text, text, text) AS"
  " SELECT 'd'::text, d.etag, d.body, NULL::text, NULL::text"
  " FROM rollcall.xcap_documents d"
  " WHERE d.auid = $1 AND d.filename = $3 AND d.owner = " OWNER ("$2")

  ";PREPARE " FETCH_LISTS " (text) AS"
  " WITH f AS (SELECT u.aor, d.body, d.contacts_revision IS NOT DISTINCT"
  "    FROM u.contacts_revision AS is_same,"
  "   rollcall.lists_etag(d.etag, u.contacts_revision, u.contact_count)"
  "     AS etag"
  "  FROM rollcall.users u LEFT JOIN rollcall.xcap_documents d ON"
  " " IS_LISTS "  WHERE " USER ("$1") ")"
  " SELECT kind, etag, body, a, b FROM ("
  " SELECT CASE WHEN is_same THEN 'd' ELSE 'm' END AS kind, etag, body,"
  "  NULL::text AS a, NULL::text AS b, 0 AS position FROM f"
  "  WHERE etag IS NOT NULL"
  " UNION ALL SELECT 'c', c.uri, NULL, c.display_name, c.group_name,"
  "  c.position FROM f JOIN rollcall.contacts c ON c.owner = f.aor"
  "  WHERE NOT f.is_same) r"
  " ORDER BY kind = 'c', position, etag"

  ";PREPARE " FETCH_SETTINGS " (text) AS"
  " SELECT 's'::text, u.settings_revision::text, NULL::bytea,"
  "  u.share_availability::text, u.allow_without_approval::text"
  " FROM rollcall.users u WHERE " USER ("$1")

  ";PREPARE " FETCH_POLICY " AS"
  " SELECT 'p'::text, " POLICY_ETAG ", NULL::bytea,"
  "  s.allow_history::text, s.allow_cut_paste::text"
  " FROM rollcall.settings s"

  ";PREPARE " LIST_DOCUMENTS " (text, text) AS"
  " SELECT auid, filename, etag FROM ("
  " SELECT d.auid, d.filename, d.etag FROM rollcall.xcap_documents d"
  "  WHERE d.owner = " OWNER ("$1")
  "  AND ($1 = '' OR (d.auid, d.filename)"
  "    <> ('resource-lists', 'index'))"
  " UNION ALL SELECT 'resource-lists', 'index',"
  "  rollcall.lists_etag(d.etag, u.contacts_revision, u.contact_count)"
  "  FROM rollcall.users u LEFT JOIN rollcall.xcap_documents d ON"
  " " IS_LISTS "  WHERE " USER ("$1")
  "  AND (d.etag IS NOT NULL OR u.contact_count > 0)"
  " UNION ALL SELECT 'org.rollcall.settings', 'index',"
  "  u.settings_revision::text FROM rollcall.users u WHERE " USER ("$1")
  " UNION ALL SELECT 'org.rollcall.settings', 'policy',"
  " " POLICY_ETAG "  FROM rollcall.settings s WHERE $1 = '') l"
  " WHERE $2 IS NULL OR auid = $2"
  " ORDER BY auid COLLATE \"C\", filename COLLATE \"C\""

  ";PREPARE " FIND_SERVICE " (text) AS"
  " SELECT d.owner, d.filename, d.etag FROM rollcall.service_uris s"
  " JOIN rollcall.xcap_documents d ON d.auid = 'rls-services'"
  "  AND d.owner = s.owner AND d.filename = s.filename"
  " WHERE s.uri = rollcall.service_key($1)"

  ";PREPARE " PUT_DOCUMENT " (text, text, text, text, text, bytea, text[], text) AS"
  " " WRITTEN "put_document($1, $2, $3, $4, $5, $6, $7, $8) r"

  ";PREPARE " PUT_LISTS " (text, text, text, bytea, boolean, text[],"
  " text[], text[], text[], boolean, text) AS"
  " " WRITTEN "put_lists($1,"
  " $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) r"

  ";PREPARE " PUT_SETTINGS " (text, text, boolean, boolean, text) AS"
  " " WRITTEN "put_settings($1, $2, $3, $4, $5) r"

  ";PREPARE " REMOVE_DOCUMENT " (text, text, text, text, text) AS"
  " " WRITTEN "remove_document($1, $2, $3, $4, $5) r"

  ";PREPARE " REMOVE_LISTS " (text, text, text) AS"
  " " WRITTEN "remove_lists($1,"
  " $2, $3) r";
/* clang-format on */

const char *
pg_documents_setup (void)
{
  return setup;
}

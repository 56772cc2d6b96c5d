/* SPDX-License-Identifier: ISC
 *
 * The statements: see the header.  They are planned once, for a table of any
 * size, so each one is written such that only one index fits it: looking up by
 * = ANY, in a subquery that cannot become a join, or in the order of an index. */
#include "store/messages-sql.h"

/* As the index messages_waiting has it. */
#define FOLDED(column) "lower(" column " COLLATE \"C\")"

#define MICROSECONDS " * interval '1 microsecond'"

/* What the table calls it. */
#define PLAIN(state)                                                           \
  "CASE WHEN " state " IN ('" STATE_RETURNED "', '" STATE_BOUNCED "')"         \
  " THEN 'failed' ELSE " state " END"

/* There is a row with that id.  (Not EXISTS, which would be a join.) */
#define IS_THERE(id)                                                           \
  "(SELECT true FROM rollcall.messages t WHERE t.id = " id ")"

/* How many are told of that came within the last minutes (RFC 3261 17.2.3 needs
 * half of one), and at most. */
#define SEEN_MINUTES "5"
#define SEEN_MAX "200000"

/* clang-format off */
#define PUT                                                                    \
  "INSERT INTO rollcall.messages (id, call_id, from_tag, cseq, sender,"        \
  "  recipient, imdn_id, content_type, headers, body, created_at, expires_at)" \
  " SELECT e.id, e.call_id, e.from_tag, e.cseq, e.sender, e.recipient,"        \
  "  e.imdn_id, e.content_type, e.headers, e.body, e.created_at,"              \
  "  now() + e.stays" MICROSECONDS                                             \
  " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"            \
  "  AS e (id, call_id, from_tag, cseq, sender, recipient, imdn_id,"           \
  "   content_type, headers, body, created_at, stays)"                         \
  " ON CONFLICT"
#define PUT_TYPES                                                              \
  " (bigint[], text[], text[], bigint[], text[], text[], text[], text[],"      \
  "  text[], bytea[], timestamptz[], bigint[]) AS "

static const char setup[] =
  /* Its id is nobody else's, so that is not looked up first. */
  ";PREPARE " PUT_MESSAGES PUT_TYPES PUT
  " (call_id, from_tag, cseq, recipient COLLATE \"C\") DO NOTHING RETURNING id"

  ";PREPARE " PUT_MESSAGES_AGAIN PUT_TYPES
  "WITH put AS (" PUT " DO NOTHING RETURNING id) SELECT id FROM put UNION ALL"
  " SELECT m.id FROM rollcall.messages m WHERE m.id = ANY ($1)"

  ";PREPARE " UNDO_MESSAGES " (bigint[]) AS"
  " DELETE FROM rollcall.messages WHERE id = ANY ($1)"

  ";PREPARE " END_MESSAGES " (bigint[], text[], text[], bigint[]) AS"
  " WITH emptied AS ("
  "  UPDATE rollcall.messages SET body = NULL, headers = NULL"
  "   WHERE body IS NOT NULL AND id = ANY (ARRAY("
  "    SELECT e.id FROM unnest($1, $3) AS e (id, state)"
  "     WHERE e.state <> 'failed')))"
  " INSERT INTO rollcall.deliveries AS d"
  "   (message_id, device, state, status, is_final)"
  "  SELECT e.id, e.device, " PLAIN ("e.state") ","
  "    nullif(e.status, 0)::integer, true"
  "   FROM unnest($1, $2, $3, $4) AS e (id, device, state, status)"
  "   WHERE " IS_THERE ("e.id")
  "  ON CONFLICT (message_id, device) DO UPDATE SET"
  "   state = CASE WHEN d.state = 'displayed' AND excluded.state = 'delivered'"
  "     THEN d.state ELSE excluded.state END,"
  "   status = excluded.status, at = excluded.at, is_final = true"

  ";PREPARE " COUNT_MESSAGES " (text[]) AS"
  " SELECT (SELECT count(*) FROM rollcall.messages m WHERE m.body IS NOT NULL"
  "   AND " FOLDED ("m.recipient") " = " FOLDED ("r.recipient") ")"
  " FROM unnest($1) WITH ORDINALITY AS r (recipient, n) ORDER BY r.n"

  ";PREPARE " READ_MESSAGES " (text, bigint, integer) AS"
  " SELECT m.id, m.call_id, m.from_tag, m.cseq, m.sender, m.recipient,"
  "  m.imdn_id, m.content_type, m.headers, m.body, m.created_at, m.expires_at,"
  "  now(), (SELECT array_agg(d.device) FROM rollcall.deliveries d"
  "    WHERE d.message_id = m.id AND d.state = 'failed' AND d.is_final)"
  " FROM rollcall.messages m WHERE m.body IS NOT NULL"
  "  AND (" FOLDED ("m.recipient") ", m.id) > (" FOLDED ("$1") ", $2)"
  "  AND " FOLDED ("m.recipient") " <= " FOLDED ("$1")
  " ORDER BY " FOLDED ("m.recipient") ", m.id LIMIT $3"

  ";PREPARE " LIST_MESSAGES " (text) AS"
  " SELECT m.id FROM rollcall.messages m WHERE m.body IS NOT NULL"
  "  AND " FOLDED ("m.recipient") " = " FOLDED ("$1") " ORDER BY m.id"

  ";PREPARE " SWEEP_MESSAGES " (bigint, integer) AS"
  " WITH expired AS ("
  "  UPDATE rollcall.messages SET body = NULL, headers = NULL"
  "   WHERE id = ANY (ARRAY(SELECT m.id FROM rollcall.messages m"
  "     WHERE m.body IS NOT NULL AND m.expires_at <= now() LIMIT $2))"
  "   RETURNING id, recipient),"
  " told AS (INSERT INTO rollcall.deliveries"
  "   (message_id, device, state, is_final)"
  "   SELECT x.id, '', 'expired', true FROM expired x"
  "   ON CONFLICT (message_id, device) DO NOTHING),"
  " removed AS (DELETE FROM rollcall.messages"
  "   WHERE id = ANY (ARRAY(SELECT m.id FROM rollcall.messages m"
  "     WHERE m.id < ((extract(epoch FROM now()) - $1) * 1000000)::bigint"
  "       AND m.body IS NULL ORDER BY m.id LIMIT $2))"
  "   RETURNING 1)"
  " SELECT NULL, (SELECT count(*) FROM expired), (SELECT count(*) FROM removed)"
  " UNION ALL (SELECT min(x.recipient), NULL, NULL FROM expired x"
  "   GROUP BY " FOLDED ("x.recipient") ")"

  ";PREPARE " NOTE_DELIVERIES " (bigint[], text[], text[], bigint[], bigint[])"
  " AS INSERT INTO rollcall.deliveries AS d"
  "   (message_id, device, state, status, at, is_final)"
  "  SELECT e.id, e.device, " PLAIN ("e.state") ","
  "    nullif(e.status, 0)::integer, now() - e.age" MICROSECONDS ","
  "    e.state = '" STATE_BOUNCED "'"
  "   FROM unnest($1, $2, $3, $4, $5) AS e (id, device, state, status, age)"
  "   WHERE " IS_THERE ("e.id")
  "  ON CONFLICT (message_id, device) DO UPDATE SET state = excluded.state,"
  "   status = excluded.status, at = excluded.at, is_final = excluded.is_final"
  "   WHERE (NOT d.is_final AND d.state IN ('queued', 'sent', 'failed'))"
  "    OR (excluded.is_final AND d.state <> 'displayed')"

  ";PREPARE " NOTE_DISPLAYED " (text[], text[], text[], text[], bigint[]) AS"
  " INSERT INTO rollcall.deliveries AS d (message_id, device, state, at)"
  "  SELECT DISTINCT ON (m.id, e.device) m.id, e.device, 'displayed',"
  "    now() - e.age" MICROSECONDS
  "   FROM unnest($1, $2, $3, $4, $5)"
  "     AS e (imdn_id, sender, recipient, device, age)"
  "   CROSS JOIN LATERAL (SELECT i.id FROM rollcall.messages i"
  "     WHERE i.imdn_id = e.imdn_id"
  "       AND " FOLDED ("i.sender") " = " FOLDED ("e.sender")
  "       AND " FOLDED ("i.recipient") " = " FOLDED ("e.recipient")
  "     ORDER BY i.id + 0 DESC LIMIT 1) m"
  "  ON CONFLICT (message_id, device) DO UPDATE SET state = excluded.state,"
  "   at = excluded.at WHERE d.state <> 'displayed'";
/* clang-format on */

const char *
messages_setup (void)
{
  return setup;
}

const char *
messages_load_waiting_sql (void)
{
  return "SELECT min(m.recipient), count(*) FROM rollcall.messages m"
         " WHERE m.body IS NOT NULL GROUP BY " FOLDED ("m.recipient");
}

const char *
messages_load_last_sql (void)
{
  return "SELECT coalesce(max(m.id), 0) FROM rollcall.messages m";
}

const char *
messages_load_seen_sql (void)
{
  return "SELECT DISTINCT s.call_id, s.from_tag, s.cseq FROM ("
         " SELECT m.id, m.call_id, m.from_tag, m.cseq,"
         "  m.body IS NOT NULL AS waits FROM rollcall.messages m"
         "  WHERE m.id >= ((extract(epoch FROM now())"
         "    - " SEEN_MINUTES " * 60) * 1000000)::bigint"
         "   AND m.created_at > now() - interval '" SEEN_MINUTES " minutes'"
         "  ORDER BY m.id DESC LIMIT " SEEN_MAX ") s"
         " WHERE s.waits OR (SELECT true FROM rollcall.deliveries d"
         "  WHERE d.message_id = s.id"
         "   AND d.state IN ('delivered', 'displayed', 'expired') LIMIT 1)";
}

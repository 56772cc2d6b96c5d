-- SPDX-License-Identifier: ISC
--
-- Messages tried again many at a time: the server looks at each recipient once.
-- And messages that will not arrive unless somebody does something.

CREATE FUNCTION rollcall.retry_messages(ids bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  waiting bigint[];
BEGIN
  IF NOT has_table_privilege(session_user, 'rollcall.messages', 'DELETE') THEN
    RAISE EXCEPTION 'only who may remove messages may have them tried again'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  waiting := ARRAY(SELECT m.id FROM rollcall.messages m
    WHERE m.id = ANY (ids) AND m.body IS NOT NULL ORDER BY m.id);
  PERFORM rollcall.drop_failures(w) FROM unnest(waiting) AS w;
  PERFORM rollcall.note_changes('messages', ARRAY(
    SELECT DISTINCT m.recipient FROM rollcall.messages m
      WHERE m.id = ANY (waiting)));
  RETURN QUERY SELECT w FROM unnest(waiting) AS w;
END $$;
COMMENT ON FUNCTION rollcall.retry_messages(bigint[]) IS
  'Has waiting messages tried again, also on devices that refused them; gives the
ids of those that wait';

CREATE OR REPLACE VIEW rollcall.troubleshooter AS
  WITH there AS MATERIALIZED (
    SELECT rollcall.server_is_there() AS is_there
  ), full_list AS (
    SELECT array_agg(c.aor ORDER BY c.contacts DESC, c.aor) AS names, max(c.max)
        AS most
      FROM rollcall.contact_usage c WHERE c.is_full
  ), watched AS (
    SELECT array_agg(w.presentity ORDER BY w.watchers DESC, w.presentity)
        AS names, max(w.max) AS most
      FROM rollcall.watcher_usage w WHERE w.is_full AND w.watchers > 0
  ), bad AS (
    SELECT array_agg(format('%s of %s', c.uri, c.owner) ORDER BY c.owner, c.uri)
        AS names
      FROM rollcall.contacts c
      -- What has no target is a number or not valid; a number is looked at.
      WHERE c.target IS NULL AND rollcall.canonical_uri(c.uri) IS NULL
  ), gone AS (
    SELECT array_agg(format('%s of %s', c.uri, c.owner) ORDER BY c.owner, c.uri)
        AS names
      FROM rollcall.contacts c
      WHERE c.target IS NOT NULL
        AND NOT EXISTS (SELECT FROM rollcall.users u
          WHERE lower(u.aor COLLATE "C") = c.target COLLATE "C")
        AND split_part(c.target, '@', 2) IN
          (SELECT DISTINCT split_part(u.aor, '@', 2) FROM rollcall.users u)
  ), twice AS (
    SELECT array_agg(format('%s of %s', d.target, d.owner)
        ORDER BY d.owner, d.target) AS names
      FROM (SELECT c.owner, c.target FROM rollcall.contacts c
             WHERE c.target IS NOT NULL
             GROUP BY c.owner, c.target HAVING count(*) > 1) d
  ), live AS (
    SELECT b.aor FROM rollcall.bindings b WHERE b.expires_at > now()
    UNION SELECT p.aor FROM rollcall.publications p
      WHERE p.expires_at > now() AND NOT p.is_removed
    UNION SELECT s.presentity FROM rollcall.subscriptions s
      WHERE s.expires_at > now() AND s.state <> 'terminated'
  ), left_over AS (
    SELECT array_agg(DISTINCT u.aor) AS names
      FROM live l JOIN rollcall.users u
        ON lower(u.aor COLLATE "C") = lower(l.aor COLLATE "C")
      WHERE NOT u.enabled
  ), waiting AS (
    SELECT array_agg(m.recipient ORDER BY m.recipient) AS names
      FROM (SELECT w.recipient FROM rollcall.messages w, rollcall.settings s
             WHERE w.body IS NOT NULL AND w.expires_at > now()
             GROUP BY w.recipient, s.offline_max_per_user
             HAVING count(*) >= s.offline_max_per_user) m
  ), shut_out AS (
    SELECT array_agg(m.recipient ORDER BY m.recipient) AS names, sum(m.n) AS n
      FROM (SELECT u.aor AS recipient, count(*) AS n
              FROM rollcall.users u JOIN rollcall.messages w
                ON lower(w.recipient COLLATE "C") = lower(u.aor COLLATE "C")
              WHERE NOT u.enabled AND w.body IS NOT NULL
              GROUP BY u.aor) m
  ), ending AS (
    SELECT array_agg(m.recipient ORDER BY m.n DESC, m.recipient) AS names,
        sum(m.n) AS n
      -- What may wait for a short time only is not near its end at once.
      FROM (SELECT w.recipient, count(*) AS n FROM rollcall.messages w
              WHERE w.body IS NOT NULL
                AND w.expires_at < now() + interval '1 day'
                AND w.expires_at - now() < (w.expires_at - w.created_at) / 4
              GROUP BY w.recipient) m
  ), test AS (
    SELECT 1 AS place, 'server' AS test, 'failed' AS bad,
        CASE WHEN NOT is_there THEN
          'no rollcalld is connected to this database: nobody can sign in, see '
          'who is there, or send messages' END AS problem,
        'Start rollcalld; its log says why it stopped.' AS solution FROM there
    UNION ALL SELECT 3, 'contact limit', 'failed', CASE WHEN names <> '{}' THEN
        format('%s: as many contacts as are allowed (%s), or more: they can add '
          'nobody, and nobody can add them', rollcall.name_some(names), most) END,
        'Raise settings.max_contacts, or remove contacts of theirs.'
      FROM full_list
    UNION ALL SELECT 4, 'watcher limit', 'failed', CASE WHEN names <> '{}' THEN
        format('%s: as many watchers as are allowed (%s), or more: nobody else '
          'can watch them', rollcall.name_some(names), most) END,
        'Raise settings.max_watchers.'
      FROM watched
    UNION ALL SELECT 5, 'invalid addresses', 'failed',
        'not valid: ' || rollcall.name_some(names),
        'Remove these contacts, and add them as user@domain with a scheme.'
      FROM bad
    UNION ALL SELECT 6, 'contacts who are gone', 'failed',
        'no such user: ' || rollcall.name_some(names),
        'Remove these contacts, or add the users again.' FROM gone
    UNION ALL SELECT 7, 'duplicate addresses', 'warning',
        'more than once in one list: ' || rollcall.name_some(names),
        'Remove all but one of these contacts.' FROM twice
    UNION ALL SELECT 8, 'undelivered messages', 'failed',
        CASE WHEN names <> '{}' THEN format('%s: as many stored messages as are '
          'allowed (%s): more are refused', rollcall.name_some(names),
          (SELECT s.offline_max_per_user FROM rollcall.settings s)) END,
        'Let these users sign in, or raise settings.offline_max_per_user.'
      FROM waiting
    UNION ALL SELECT 9, 'messages that expire', 'warning',
        CASE WHEN n >= 100 THEN format('%s messages expire within a day, and '
          'nobody will have read them: those for %s', n,
          rollcall.name_some(names)) END,
        'Ask these users to sign in; rollcallctl messages list --waiting shows '
        'the messages. Those that arrive from now on wait for as long as '
        'settings.offline_ttl says.'
      FROM ending
    UNION ALL SELECT 10, 'messages of disabled users', 'warning',
        CASE WHEN n > 0 THEN format('%s message%s for disabled users, who '
          'cannot fetch them: %s', n,
          CASE WHEN n = 1 THEN ' waits' ELSE 's wait' END,
          rollcall.name_some(names)) END,
        'Enable these users again, or remove the messages: rollcallctl messages '
        'purge --waiting --recipient.'
      FROM shut_out
    UNION ALL SELECT 11, 'disabled users', 'warning',
        'disabled, and still signed in or watched: '
          || rollcall.name_some(names),
        'If this lasts, restart rollcalld.' FROM left_over
  )
  SELECT t.test, CASE WHEN t.problem IS NULL THEN 'ok'
        WHEN t.bad = 'late' THEN 'failed' ELSE t.bad END AS outcome,
      t.problem, CASE WHEN t.problem IS NOT NULL THEN t.solution END AS solution
    FROM (
      SELECT place, 0 AS row, test, bad, problem, solution FROM test
      UNION ALL
      -- What the server says of itself is true while it says so.
      SELECT 2, h.place, h.test, s.bad, CASE s.bad
          WHEN 'unknown' THEN 'not looked at: rollcalld does not run'
          WHEN 'late' THEN format('not looked at since %s: rollcalld hangs, or '
            'cannot write to the database', to_char(h.at,
            'YYYY-MM-DD HH24:MI:SS'))
          WHEN 'ok' THEN NULL
          ELSE coalesce(h.problem, 'not said') END,
          CASE WHEN s.bad IN ('unknown', 'late') THEN
            'See rollcalld''s log.'
          ELSE coalesce(h.solution, 'See rollcalld''s log.') END
        FROM rollcall.health h CROSS JOIN there t
        CROSS JOIN LATERAL (SELECT CASE
          WHEN NOT t.is_there THEN 'unknown'
          WHEN h.at < now() - interval '2 minutes' THEN 'late'
          ELSE h.outcome END AS bad) s) t
    ORDER BY t.place, t.row, t.test;

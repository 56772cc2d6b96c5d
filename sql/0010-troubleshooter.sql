-- SPDX-License-Identifier: ISC
--
-- What is wrong: the server's own reports stand first and in its order, nothing
-- is shown as well that nobody has looked at.  And adding many contacts at once
-- looks each of them up once.

CREATE OR REPLACE FUNCTION rollcall.check_targets(owners text[], uris text[])
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  most integer := rollcall.contact_limit();
  bad record;
BEGIN
  -- OFFSET 0: an address is taken apart once, not once for each user.
  SELECT i.owner, i.uri, u.aor, u.contact_count INTO bad
    FROM (SELECT o.owner, o.uri, rollcall.uri_aor(o.uri) AS target, o.n
            FROM unnest(owners, uris) WITH ORDINALITY AS o (owner, uri, n)
            OFFSET 0) i
    LEFT JOIN rollcall.users u
      ON lower(u.aor COLLATE "C") = i.target COLLATE "C"
    WHERE u.contact_count >= most AND u.aor <> i.owner
      OR u.aor IS NULL
        AND rollcall.is_own_domain(split_part(i.target, '@', 2))
    ORDER BY i.n LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  ELSIF bad.aor IS NULL THEN
    RAISE EXCEPTION 'no such user: %', bad.uri
      USING ERRCODE = 'RC003', DETAIL = 'As a contact of ' || bad.owner || '.';
  END IF;
  RAISE EXCEPTION 'the contact list of % is full', bad.uri
    USING ERRCODE = 'RC002', DETAIL = format(
      'As a contact of %s. %s has %s contacts, %s are allowed: nobody can add '
      'that user.', bad.owner, bad.aor, bad.contact_count, most);
END $$;

ALTER TABLE rollcall.health ADD COLUMN place bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN rollcall.health.place IS 'Its place among the others';

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
    UNION ALL SELECT 9, 'disabled users', 'warning',
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
COMMENT ON COLUMN rollcall.troubleshooter.outcome IS
  'ok, warning, failed, or unknown: nobody has looked';

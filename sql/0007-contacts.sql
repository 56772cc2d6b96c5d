-- SPDX-License-Identifier: ISC
--
-- Contacts and decisions about watchers as administrators and the server write
-- them: addresses, limits, counters, what the server hears of a change.
-- Limits are kept by users.contact_count, updated under a condition while the
-- owners' rows are locked in the order of their names: nothing is counted.

-- --- Settings ---

CREATE OR REPLACE FUNCTION rollcall.settings_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  diff jsonb;
BEGIN
  SELECT jsonb_object_agg(e.key, e.value) INTO diff
    FROM jsonb_each(to_jsonb(NEW)) AS e
    WHERE e.key NOT LIKE 'updated\_%'
      AND e.value IS DISTINCT FROM to_jsonb(OLD) -> e.key;
  IF diff IS NULL THEN
    RETURN OLD;
  END IF;
  NEW.updated_at := now();
  NEW.updated_by := session_user;
  INSERT INTO rollcall.audit (table_name, action, detail)
    VALUES ('settings', 'update', diff);
  PERFORM rollcall.note_changes('settings', NULL);
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.settings_updated() IS
  'Trigger: tells the server and the audit trail what settings changed; an
UPDATE that changes none does nothing';

-- --- Addresses ---

CREATE FUNCTION rollcall.canonical_user(name text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  bytes bytea;
BEGIN
  IF name = '' OR name ~ '[\x01-\x20"#:<>@\[\\\]^`{|}\x7f]'
      OR name ~ '%(?![2-689A-Fa-f][0-9A-Fa-f]|7[0-9A-Ea-e])' THEN
    RETURN NULL;
  ELSIF strpos(name, '%') = 0 THEN
    RETURN lower(name COLLATE "C");
  END IF;
  -- Escapes of what may stand there unescaped, and of all beyond ASCII.
  SELECT string_agg(CASE WHEN m[1] ~*
        '^%(2[146-9a-f]|3[0-9bdf]|[46][1-9a-f]|[57][0-9a]|5f|7e|[89a-f].)$'
      THEN decode(substr(m[1], 2), 'hex') ELSE convert_to(m[1], 'UTF8') END,
      '' ORDER BY n)
    INTO bytes
    FROM regexp_matches(name, '%..|[^%]+', 'g') WITH ORDINALITY AS r(m, n);
  IF encode(bytes, 'hex') !~ ('^(?:[0-7].|(?:c[2-9a-f]|d.)[89ab].'
      || '|(?:e0[ab].|e[1-9a-cef][89ab].|ed[89].)[89ab].'
      || '|(?:f0[9ab].|f[1-3][89ab].|f48.)(?:[89ab].){2})*$') THEN
    RETURN NULL;
  END IF;
  RETURN lower(convert_from(bytes, 'UTF8') COLLATE "C");
END $$;
COMMENT ON FUNCTION rollcall.canonical_user(text) IS
  'The user part of an address as it is compared: in lower case, without
superfluous escapes; NULL: it is not valid';

CREATE FUNCTION rollcall.canonical_params(params text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
  SELECT CASE WHEN params = '' THEN '' ELSE (
    SELECT string_agg(';' || p, '' ORDER BY p)
      FROM unnest(string_to_array(lower(params COLLATE "C"), ';')) AS p
      WHERE p <> '') END
$$;
COMMENT ON FUNCTION rollcall.canonical_params(text) IS
  'The parameters of an address as they are compared: in lower case, sorted';

CREATE FUNCTION rollcall.canonical_host(host text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  name text := lower(rtrim(host, '.') COLLATE "C");
BEGIN
  IF name ~ '^\[[0-9a-f:.]{2,45}\]$'
      OR name ~ '^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])(\.(?!$)|$)){4}$' THEN
    RETURN name;
  ELSIF name !~ '^[a-z0-9_.-]+$' OR name ~ '^[.-]|-$|\.\.|\.-|-\.'
      OR name !~ '(^|\.)[a-z][^.]*$' OR octet_length(name) > 253
      OR host ~ '\.\.$' OR EXISTS (
        SELECT FROM unnest(string_to_array(name, '.')) AS l
          WHERE octet_length(l) > 63) THEN
    RETURN NULL;
  END IF;
  RETURN name;
END $$;
COMMENT ON FUNCTION rollcall.canonical_host(text) IS
  'A domain or a numeric address as it is compared: in lower case, no dot at the
end; NULL: it is not valid';

CREATE FUNCTION rollcall.canonical_number(number text, params text)
RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  digits text := lower(translate(replace(number, '%23', '#'), '-.()', '')
                       COLLATE "C");
BEGIN
  IF strpos(number, '#') > 0
      OR digits !~ (CASE WHEN params ~* ';phone-context=' THEN '^[0-9a-f*#]+$'
                    ELSE '^\+[0-9]+$' END) THEN
    RETURN NULL;
  END IF;
  RETURN 'tel:' || digits || rollcall.canonical_params(params);
END $$;
COMMENT ON FUNCTION rollcall.canonical_number(text, text) IS
  'A telephone number (RFC 3966) and its parameters as they are compared; NULL: it
is not valid';

CREATE FUNCTION rollcall.canonical_uri(uri text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
AS $$
DECLARE
  scheme text := lower(split_part(uri, ':', 1) COLLATE "C");
  body text := substr(uri, strpos(uri, ':') + 1);
  rest text := substr(body, strpos(body, '@') + 1);
  host text := substring(rest from '^(?:\[[^]]*\]|[^]:;?[]*)');
  port text := substring(substr(rest, length(host) + 1) from '^:[1-9][0-9]{0,4}');
  params text := substr(rest, length(host) + coalesce(length(port), 0) + 1);
  name text;
BEGIN
  IF octet_length(uri) > 1024 THEN
    RETURN NULL;
  ELSIF scheme = 'tel' THEN
    host := split_part(body, ';', 1);
    params := substr(body, length(host) + 1);
  ELSIF scheme NOT IN ('sip', 'sips', 'pres', 'im', 'xmpp')
      OR strpos(body, '@') = 0 OR substr(port, 2)::integer > 65535
      OR scheme NOT IN ('sip', 'sips') AND length(rest) > length(host) THEN
    RETURN NULL;
  END IF;
  IF params <> '' AND params !~
      '^(?:;(?:[][A-Za-z0-9_.!~*''()/:&+$=-]|%[0-9A-Fa-f]{2})+)+$' THEN
    RETURN NULL;
  ELSIF scheme = 'tel' THEN
    RETURN rollcall.canonical_number(host, params);
  END IF;
  name := rollcall.canonical_user(split_part(body, '@', 1)) || '@'
    || rollcall.canonical_host(host);
  IF octet_length(name) > 320 THEN
    RETURN NULL;
  END IF;
  RETURN scheme || ':' || name || coalesce(port, '')
    || rollcall.canonical_params(params);
END $$;
COMMENT ON FUNCTION rollcall.canonical_uri(text) IS
  'A contact''s address as it is compared: scheme, user and domain in lower case,
no superfluous escapes, a number without separators, parameters sorted; NULL: it
is no valid sip:, sips:, pres:, im:, xmpp: or tel: address of a person';

CREATE FUNCTION rollcall.uri_aor(uri text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
  SELECT substring(rollcall.canonical_uri(uri)
    from '^(?:sips?|pres|im|xmpp):([^@]+@(?:\[[^]]+\]|[^:;]+))')
$$;
COMMENT ON FUNCTION rollcall.uri_aor(text) IS
  'user@domain of a contact''s address, in lower case; NULL for a telephone number
and for what is not valid';

CREATE INDEX users_domain ON rollcall.users (split_part(aor, '@', 2));

CREATE FUNCTION rollcall.is_own_domain(domain text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM rollcall.users
                  WHERE split_part(aor, '@', 2) = domain)
$$;
COMMENT ON FUNCTION rollcall.is_own_domain(text) IS
  'Is it a domain of the server''s own, which is: has it any user?';

-- --- Limits ---

CREATE FUNCTION rollcall.bypasses_limits() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT coalesce(nullif(current_setting('rollcall.bypass_limits', true), ''),
                  'off')::boolean THEN
    RETURN false;
  ELSIF has_table_privilege(session_user, 'rollcall.settings', 'UPDATE') THEN
    RETURN true;
  END IF;
  RAISE EXCEPTION 'role % may not lift the limits', session_user
    USING ERRCODE = 'insufficient_privilege', HINT =
      'rollcall.bypass_limits is for roles that may change rollcall.settings.';
END $$;
COMMENT ON FUNCTION rollcall.bypasses_limits() IS
  'Has this session lifted the limits by SET rollcall.bypass_limits = on, which
roles may that may change settings?';

CREATE FUNCTION rollcall.contact_limit() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN NOT rollcall.bypasses_limits() THEN max_contacts END
    FROM rollcall.settings
$$;
COMMENT ON FUNCTION rollcall.contact_limit() IS
  'Contacts that a user may have as far as this session is concerned; NULL: no
limit';

CREATE FUNCTION rollcall.check_targets(owners text[], uris text[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  most integer := rollcall.contact_limit();
  bad record;
BEGIN
  SELECT i.owner, i.uri, u.aor, u.contact_count INTO bad
    FROM unnest(owners, uris) WITH ORDINALITY AS i (owner, uri, n)
    CROSS JOIN LATERAL rollcall.uri_aor(i.uri) AS t (aor)
    LEFT JOIN rollcall.users u ON lower(u.aor COLLATE "C") = t.aor COLLATE "C"
    WHERE u.contact_count >= most AND u.aor <> i.owner
      OR u.aor IS NULL AND rollcall.is_own_domain(split_part(t.aor, '@', 2))
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
COMMENT ON FUNCTION rollcall.check_targets(text[], text[]) IS
  'Refuses the first of these contacts that is a user who is not there (RC003) or
whose own list is full (RC002)';

CREATE FUNCTION rollcall.count_contacts(owners text[], uris text[],
  changes integer[]) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
  most integer := rollcall.contact_limit();
  bad record;
BEGIN
  PERFORM FROM rollcall.users u WHERE u.aor IN (SELECT unnest(owners))
    ORDER BY u.aor FOR NO KEY UPDATE;
  PERFORM rollcall.check_targets(
      (SELECT array_agg(i.owner ORDER BY i.n) FROM unnest(owners, changes)
         WITH ORDINALITY AS i (owner, change, n) WHERE i.change > 0),
      (SELECT array_agg(i.uri ORDER BY i.n) FROM unnest(uris, changes)
         WITH ORDINALITY AS i (uri, change, n) WHERE i.change > 0));
  WITH delta AS (
    SELECT i.owner, sum(i.change)::integer AS change
      FROM unnest(owners, changes) AS i (owner, change) GROUP BY i.owner
  ), counted AS (
    UPDATE rollcall.users u
      SET contact_count = u.contact_count + d.change,
          contacts_revision = u.contacts_revision + 1
      FROM delta d
      WHERE u.aor = d.owner AND (d.change <= 0 OR most IS NULL
                                 OR u.contact_count + d.change <= most)
      RETURNING u.aor
  )
  SELECT u.aor, u.contact_count INTO bad
    FROM delta d JOIN rollcall.users u ON u.aor = d.owner
    WHERE u.aor NOT IN (SELECT aor FROM counted) ORDER BY u.aor LIMIT 1;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  RAISE EXCEPTION 'no more than % contacts: % is one too many for %', most,
      (SELECT i.uri FROM unnest(owners, uris, changes) WITH ORDINALITY
         AS i (owner, uri, change, n)
         WHERE i.owner = bad.aor AND i.change > 0
         ORDER BY i.n LIMIT 1 OFFSET greatest(most - bad.contact_count, 0)),
      bad.aor
    USING ERRCODE = 'RC001', DETAIL = format('%s has %s contacts.', bad.aor,
        bad.contact_count), HINT =
      'rollcall.add_contacts adds as many as fit; settings.max_contacts is the '
      'limit.';
END $$;
COMMENT ON FUNCTION rollcall.count_contacts(text[], text[], integer[]) IS
  'Keeps contact_count and contacts_revision of owners whose contacts came (1),
went (-1) or changed (0); refuses what passes the limit (RC001)';
REVOKE ALL ON FUNCTION rollcall.count_contacts(text[], text[], integer[])
  FROM PUBLIC;

CREATE FUNCTION rollcall.keep_counters() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    RAISE EXCEPTION 'contact_count and contacts_revision are kept by the server'
      USING ERRCODE = 'feature_not_supported', HINT = 'Change rollcall.contacts.';
  END IF;
  NEW.contact_count := 0;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.keep_counters() IS
  'Trigger: a user''s counters follow the contacts and nothing else';
CREATE TRIGGER keep_counters BEFORE INSERT ON rollcall.users
  FOR EACH ROW WHEN (NEW.contact_count <> 0)
  EXECUTE FUNCTION rollcall.keep_counters();
CREATE TRIGGER keep_counters_updated
  BEFORE UPDATE OF contact_count, contacts_revision ON rollcall.users
  FOR EACH ROW WHEN (pg_trigger_depth() = 0
    AND (OLD.contact_count, OLD.contacts_revision)
      IS DISTINCT FROM (NEW.contact_count, NEW.contacts_revision))
  EXECUTE FUNCTION rollcall.keep_counters();

-- --- Contacts ---

DELETE FROM rollcall.contacts c USING rollcall.contacts d
  WHERE c.owner = d.owner AND c.uri > d.uri
    AND rollcall.canonical_uri(c.uri) = rollcall.canonical_uri(d.uri);
UPDATE rollcall.contacts c SET owner = u.aor FROM rollcall.users u
  WHERE lower(u.aor COLLATE "C") = lower(c.owner COLLATE "C")
    AND u.aor <> c.owner;
ALTER TABLE rollcall.users DISABLE TRIGGER keep_counters_updated;
UPDATE rollcall.users u SET contact_count = c.n
  FROM (SELECT owner, count(*) AS n FROM rollcall.contacts GROUP BY owner) c
  WHERE c.owner = u.aor;
ALTER TABLE rollcall.users ENABLE TRIGGER keep_counters_updated;

ALTER TABLE rollcall.contacts ADD COLUMN target text
  GENERATED ALWAYS AS (rollcall.uri_aor(uri)) STORED;
COMMENT ON COLUMN rollcall.contacts.target IS
  'user@domain of uri in lower case; NULL for a telephone number; made by the
database';
CREATE UNIQUE INDEX contacts_canonical
  ON rollcall.contacts (owner, rollcall.canonical_uri(uri));

CREATE FUNCTION rollcall.check_contact() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  name text;
BEGIN
  SELECT u.aor INTO name FROM rollcall.users u
    WHERE lower(u.aor COLLATE "C") = lower(NEW.owner COLLATE "C");
  IF name IS NULL THEN
    RAISE EXCEPTION 'no such user: %', NEW.owner USING ERRCODE = 'RC003';
  ELSIF rollcall.canonical_uri(NEW.uri) IS NULL THEN
    RAISE EXCEPTION 'not a valid address of a contact: %', left(NEW.uri, 200)
      USING ERRCODE = 'RC004', DETAIL = 'As a contact of ' || name || '.', HINT =
        'sip:user@domain, sips:, pres:, im: and xmpp: likewise, or tel:+number.';
  ELSIF concat(NEW.display_name, NEW.group_name)
        ~ '[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]'
      OR octet_length(NEW.display_name) > 1024
      OR octet_length(NEW.group_name) > 256 THEN
    RAISE EXCEPTION 'the name or the group of % is too long, or has control '
        'characters', NEW.uri
      USING ERRCODE = 'RC004', DETAIL = 'As a contact of ' || name || '.';
  END IF;
  NEW.owner := name;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.check_contact() IS
  'Trigger: refuses a contact whose owner is not there (RC003) or whose address
is not valid (RC004)';
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON rollcall.contacts
  FOR EACH ROW EXECUTE FUNCTION rollcall.check_contact();

CREATE FUNCTION rollcall.contact_detail(uri text, display_name text,
  group_name text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
  SELECT jsonb_build_object('uri', uri, 'display_name', display_name,
    'group_name', group_name)
$$;
COMMENT ON FUNCTION rollcall.contact_detail(text, text, text) IS
  'What the audit trail keeps of a contact';

CREATE FUNCTION rollcall.note_rows(table_name text, action text, keys text[],
  details jsonb[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF rollcall.is_daemon() THEN
    RETURN;
  END IF;
  INSERT INTO rollcall.audit (table_name, action, key, detail)
    SELECT note_rows.table_name, note_rows.action, r.key,
        jsonb_build_object(note_rows.table_name, jsonb_agg(r.detail ORDER BY r.n))
      FROM unnest(keys, details) WITH ORDINALITY AS r (key, detail, n)
      GROUP BY r.key ORDER BY r.key;
  PERFORM rollcall.note_changes(note_rows.table_name,
    (SELECT coalesce(array_agg(DISTINCT k), '{}') FROM unnest(keys) AS k));
END $$;
COMMENT ON FUNCTION rollcall.note_rows(text, text, text[], jsonb[]) IS
  'Notes rows in the audit trail, one entry per key, and tells the server which
keys changed; nothing for the server''s own';
REVOKE ALL ON FUNCTION rollcall.note_rows(text, text, text[], jsonb[])
  FROM PUBLIC;

CREATE FUNCTION rollcall.contacts_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM fresh) THEN
    PERFORM rollcall.count_contacts(array_agg(f.owner), array_agg(f.uri),
        array_agg(1)),
      rollcall.note_rows('contacts', 'insert', array_agg(f.owner),
        array_agg(rollcall.contact_detail(f.uri, f.display_name,
          f.group_name))) FROM fresh f;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.contacts_inserted() IS
  'Trigger: counts added contacts, keeps the limit, notes them';
CREATE TRIGGER inserted AFTER INSERT ON rollcall.contacts
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.contacts_inserted();

CREATE FUNCTION rollcall.contacts_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  owners text[];
  uris text[];
  changes integer[];
  details jsonb[];
BEGIN
  SELECT array_agg(coalesce(f.owner, s.owner)),
      array_agg(coalesce(f.uri, s.uri)),
      array_agg((f.owner IS NOT NULL)::integer - (s.owner IS NOT NULL)::integer),
      array_agg(CASE WHEN f.owner IS NULL
        THEN jsonb_build_object('uri', s.uri, 'removed', true)
        ELSE rollcall.contact_detail(f.uri, f.display_name, f.group_name) END)
    INTO owners, uris, changes, details
    FROM fresh f FULL JOIN stale s ON f.owner = s.owner
      AND rollcall.canonical_uri(f.uri) = rollcall.canonical_uri(s.uri)
    WHERE (f.owner, f.uri, f.display_name, f.group_name, f.position, f.added_at)
      IS DISTINCT FROM
      (s.owner, s.uri, s.display_name, s.group_name, s.position, s.added_at);
  IF owners IS NOT NULL THEN
    PERFORM rollcall.count_contacts(owners, uris, changes),
      rollcall.note_rows('contacts', 'update', owners, details);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.contacts_updated() IS
  'Trigger: counts moved contacts, keeps the limit, notes changed ones';
CREATE TRIGGER updated AFTER UPDATE ON rollcall.contacts
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.contacts_updated();

CREATE FUNCTION rollcall.contacts_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM stale) THEN
    PERFORM rollcall.count_contacts(array_agg(s.owner), array_agg(s.uri),
        array_agg(-1)),
      rollcall.note_rows('contacts', 'delete', array_agg(s.owner),
        array_agg(rollcall.contact_detail(s.uri, s.display_name,
          s.group_name))) FROM stale s;
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.contacts_deleted() IS
  'Trigger: counts removed contacts and notes them';
CREATE TRIGGER deleted AFTER DELETE ON rollcall.contacts
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.contacts_deleted();

CREATE FUNCTION rollcall.contacts_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  UPDATE rollcall.users SET contact_count = 0,
      contacts_revision = contacts_revision + 1
    WHERE contact_count > 0;
  INSERT INTO rollcall.audit (table_name, action)
    VALUES ('contacts', 'truncate');
  PERFORM rollcall.note_changes('contacts', NULL);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.contacts_truncated() IS
  'Trigger: notes a TRUNCATE of contacts, and counts none';
CREATE TRIGGER truncated AFTER TRUNCATE ON rollcall.contacts
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.contacts_truncated();

CREATE FUNCTION rollcall.judge_contacts(owner text, uris text[])
RETURNS TABLE (n bigint, uri text, result text)
LANGUAGE sql STABLE
AS $$
  WITH item AS (
    SELECT i.n, i.uri, rollcall.canonical_uri(i.uri) AS canonical,
        rollcall.uri_aor(i.uri) AS target
      FROM unnest(uris) WITH ORDINALITY AS i (uri, n)
  ), first AS (
    SELECT DISTINCT ON (canonical) * FROM item
      WHERE canonical IS NOT NULL ORDER BY canonical, n
  ), judged AS (
    SELECT f.n, f.canonical, CASE
        WHEN EXISTS (SELECT FROM rollcall.contacts c
                      WHERE c.owner = judge_contacts.owner
                        AND rollcall.canonical_uri(c.uri) = f.canonical)
          THEN 'exists'
        WHEN u.aor IS NULL
            AND rollcall.is_own_domain(split_part(f.target, '@', 2))
          THEN 'no_such_user'
        WHEN u.contact_count >= rollcall.contact_limit()
            AND u.aor <> judge_contacts.owner
          THEN 'target_full'
        ELSE 'added' END AS result
      FROM first f LEFT JOIN rollcall.users u
        ON lower(u.aor COLLATE "C") = f.target COLLATE "C"
  ), numbered AS (
    SELECT j.n, j.canonical, j.result, count(*) FILTER (WHERE j.result = 'added')
        OVER (ORDER BY j.n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        >= rollcall.contact_limit() - o.contact_count AS is_over
      FROM judged j, rollcall.users o WHERE o.aor = judge_contacts.owner
  ), decided AS (
    SELECT d.n, d.canonical, CASE WHEN d.is_over
          AND d.result IN ('added', 'target_full') THEN 'limit'
        ELSE d.result END AS result FROM numbered d
  )
  SELECT i.n, i.uri, CASE WHEN d.n IS NULL THEN 'invalid'
      WHEN d.n < i.n AND d.result = 'added' THEN 'exists'
      ELSE d.result END
    FROM item i LEFT JOIN decided d ON d.canonical = i.canonical
    ORDER BY i.n
$$;
COMMENT ON FUNCTION rollcall.judge_contacts(text, text[]) IS
  'What add_contacts would answer, in order, with the owner spelled as in users';

CREATE FUNCTION rollcall.add_contacts(owner text, uris text[],
  display_names text[] DEFAULT NULL, group_names text[] DEFAULT NULL)
RETURNS TABLE (uri text, result text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  name text;
  results text[];
BEGIN
  SELECT u.aor INTO name FROM rollcall.users u
    WHERE lower(u.aor COLLATE "C") = lower(add_contacts.owner COLLATE "C")
    FOR NO KEY UPDATE;
  IF name IS NULL THEN
    RAISE EXCEPTION 'no such user: %', add_contacts.owner
      USING ERRCODE = 'RC003';
  END IF;
  FOR attempt IN 1..10 LOOP
    BEGIN
      SELECT array_agg(j.result ORDER BY j.n) INTO results
        FROM rollcall.judge_contacts(name, uris) AS j;
      INSERT INTO rollcall.contacts (owner, uri, display_name, group_name,
          position)
        SELECT name, i.uri, i.display_name,
            coalesce(nullif(i.group_name, ''), 'contacts'),
            i.n + (SELECT coalesce(max(c.position), 0) FROM rollcall.contacts c
                    WHERE c.owner = name)
          FROM unnest(uris, results, display_names, group_names)
            WITH ORDINALITY AS i (uri, result, display_name, group_name, n)
          WHERE i.result = 'added' ORDER BY i.n
        ON CONFLICT DO NOTHING;
      EXIT;
    EXCEPTION WHEN SQLSTATE 'RC001' OR SQLSTATE 'RC002' OR SQLSTATE 'RC003' THEN
      -- Somebody changed what was judged by: once more.
      IF attempt = 10 THEN
        RAISE;
      END IF;
    END;
  END LOOP;
  RETURN QUERY SELECT i.uri, i.result
    FROM unnest(uris, results) WITH ORDINALITY AS i (uri, result, n)
    WHERE i.n <= coalesce(cardinality(uris), 0) ORDER BY i.n;
END $$;
COMMENT ON FUNCTION rollcall.add_contacts(text, text[], text[], text[]) IS
  'Adds contacts, each by itself and in order, and says for each: added, exists,
limit (the owner has as many as allowed), target_full (that user has),
no_such_user or invalid';

-- --- Watchers ---

UPDATE rollcall.watchers SET watcher = left(watcher, strpos(watcher, '@') - 1)
    || lower(substr(watcher, strpos(watcher, '@')))
  WHERE watcher <> left(watcher, strpos(watcher, '@') - 1)
    || lower(substr(watcher, strpos(watcher, '@')));
DELETE FROM rollcall.watchers w USING rollcall.watchers v
  WHERE w.presentity = v.presentity AND w.watcher > v.watcher
    AND lower(w.watcher COLLATE "C") = lower(v.watcher COLLATE "C");
CREATE UNIQUE INDEX watchers_without_case
  ON rollcall.watchers (presentity, lower(watcher COLLATE "C"));

CREATE FUNCTION rollcall.check_watcher() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  plain text := regexp_replace(NEW.watcher, '^@', 'any@');
  name text;
BEGIN
  SELECT u.aor INTO name FROM rollcall.users u
    WHERE lower(u.aor COLLATE "C") = lower(NEW.presentity COLLATE "C");
  IF name IS NULL THEN
    RAISE EXCEPTION 'no such user: %', NEW.presentity USING ERRCODE = 'RC003';
  ELSIF rollcall.canonical_uri('sip:' || plain) IS NULL
      OR plain !~ '@(?:\[[^]]*\]|[^]:;?[]+)$' THEN
    RAISE EXCEPTION 'not a valid watcher: %', left(NEW.watcher, 200)
      USING ERRCODE = 'RC004', HINT =
        'user@domain, or @domain for everybody of a domain.';
  ELSIF NEW.decision = 'pending' AND NOT rollcall.is_daemon()
      AND (TG_OP = 'INSERT' OR OLD.decision <> 'pending') THEN
    RAISE EXCEPTION 'only the server writes requests that are pending'
      USING ERRCODE = 'RC004', HINT =
        'allow, block or polite_block; DELETE the row to leave it open.';
  END IF;
  NEW.presentity := name;
  NEW.watcher := coalesce(
    (SELECT w.watcher FROM rollcall.watchers w WHERE w.presentity = name
       AND lower(w.watcher COLLATE "C") = lower(NEW.watcher COLLATE "C")
       AND TG_OP = 'INSERT'),
    (SELECT u.aor FROM rollcall.users u
       WHERE lower(u.aor COLLATE "C") = lower(NEW.watcher COLLATE "C")),
    left(NEW.watcher, strpos(NEW.watcher, '@') - 1)
      || lower(substr(NEW.watcher, strpos(NEW.watcher, '@'))));
  IF NOT rollcall.is_daemon() AND TG_OP = 'INSERT' THEN
    NEW.decided_by := coalesce(NEW.decided_by, session_user);
  ELSIF NOT rollcall.is_daemon() AND OLD.decision <> NEW.decision THEN
    NEW.since := CASE WHEN NEW.since = OLD.since THEN now() ELSE NEW.since END;
    NEW.decided_by := CASE WHEN NEW.decided_by IS DISTINCT FROM OLD.decided_by
      THEN NEW.decided_by ELSE session_user END;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.check_watcher() IS
  'Trigger: refuses a decision for a user who is not there (RC003) or about no
valid watcher (RC004); writes who decided, and when';
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON rollcall.watchers
  FOR EACH ROW EXECUTE FUNCTION rollcall.check_watcher();

CREATE FUNCTION rollcall.watcher_detail(w rollcall.watchers) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
  SELECT jsonb_build_object('watcher', w.watcher, 'decision', w.decision)
$$;
COMMENT ON FUNCTION rollcall.watcher_detail(rollcall.watchers) IS
  'The columns of a decision that the audit trail keeps';

CREATE FUNCTION rollcall.watchers_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM rollcall.note_rows('watchers', 'insert', array_agg(f.presentity),
      array_agg(rollcall.watcher_detail(f))) FROM fresh f
    HAVING count(*) > 0;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.watchers_inserted() IS
  'Trigger: notes new decisions in changes and audit';
CREATE TRIGGER inserted AFTER INSERT ON rollcall.watchers
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.watchers_inserted();

CREATE FUNCTION rollcall.watchers_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- A row that moved is noted for the user it left, too.
  PERFORM rollcall.note_rows('watchers', 'update', array_agg(r.presentity),
      array_agg(r.detail))
    FROM (SELECT f.presentity, rollcall.watcher_detail(f) AS detail FROM fresh f
           WHERE NOT EXISTS (SELECT FROM stale s WHERE s = f)
          UNION ALL
          SELECT s.presentity, '{"removed": true}' || rollcall.watcher_detail(s)
            FROM stale s WHERE NOT EXISTS (SELECT FROM fresh f
             WHERE (f.presentity, f.watcher) = (s.presentity, s.watcher))) r
    HAVING count(*) > 0;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.watchers_updated() IS
  'Trigger: notes changed decisions in changes and audit';
CREATE TRIGGER updated AFTER UPDATE ON rollcall.watchers
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.watchers_updated();

CREATE FUNCTION rollcall.watchers_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM rollcall.note_rows('watchers', 'delete', array_agg(s.presentity),
      array_agg(rollcall.watcher_detail(s))) FROM stale s
    HAVING count(*) > 0;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.watchers_deleted() IS
  'Trigger: notes withdrawn decisions in changes and audit';
CREATE TRIGGER deleted AFTER DELETE ON rollcall.watchers
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.watchers_deleted();

CREATE FUNCTION rollcall.watchers_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO rollcall.audit (table_name, action)
    VALUES ('watchers', 'truncate');
  PERFORM rollcall.note_changes('watchers', NULL);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.watchers_truncated() IS
  'Trigger: notes a TRUNCATE of watchers in changes and audit';
CREATE TRIGGER truncated AFTER TRUNCATE ON rollcall.watchers
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.watchers_truncated();

-- --- Who has how many ---

CREATE VIEW rollcall.contact_usage AS
  SELECT u.aor, u.contact_count AS contacts, s.max_contacts AS max,
      coalesce(u.contact_count >= s.max_contacts, false) AS is_full
    FROM rollcall.users u, rollcall.settings s;
COMMENT ON VIEW rollcall.contact_usage IS
  'How many contacts each user has';
COMMENT ON COLUMN rollcall.contact_usage.aor IS 'The user';
COMMENT ON COLUMN rollcall.contact_usage.contacts IS 'Contacts of that user';
COMMENT ON COLUMN rollcall.contact_usage.max IS 'Contacts allowed; NULL: no limit';
COMMENT ON COLUMN rollcall.contact_usage.is_full IS
  'true: the user can add nobody, and nobody can add the user';

CREATE VIEW rollcall.watcher_usage AS
  SELECT u.aor AS presentity, coalesce(w.watchers, 0) AS watchers,
      s.max_watchers AS max,
      coalesce(coalesce(w.watchers, 0) >= s.max_watchers, false) AS is_full
    FROM rollcall.users u
    CROSS JOIN rollcall.settings s
    LEFT JOIN (
      SELECT lower(l.presentity COLLATE "C") AS presentity,
          count(DISTINCT lower(l.watcher COLLATE "C")) AS watchers
        FROM rollcall.subscriptions l
        WHERE l.package = 'presence' AND l.state IN ('pending', 'active')
          AND l.expires_at > now()
          AND lower(l.watcher COLLATE "C") <> lower(l.presentity COLLATE "C")
        GROUP BY 1) w ON w.presentity = lower(u.aor COLLATE "C");
COMMENT ON VIEW rollcall.watcher_usage IS
  'How many others watch each user now';
COMMENT ON COLUMN rollcall.watcher_usage.presentity IS 'The user watched';
COMMENT ON COLUMN rollcall.watcher_usage.watchers IS
  'Distinct addresses with a live presence subscription, active or pending, not
counting the user''s own';
COMMENT ON COLUMN rollcall.watcher_usage.max IS
  'Watchers allowed; NULL: no limit';
COMMENT ON COLUMN rollcall.watcher_usage.is_full IS
  'true: nobody else can watch the user';

-- --- What is wrong ---

CREATE FUNCTION rollcall.name_some(names text[]) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
  SELECT array_to_string(names[1:5], ', ')
    || CASE WHEN cardinality(names) > 5
         THEN format(' and %s more', cardinality(names) - 5) ELSE '' END
$$;
COMMENT ON FUNCTION rollcall.name_some(text[]) IS
  'The first five of some names, and how many more there are';

CREATE FUNCTION rollcall.server_is_there() RETURNS boolean
LANGUAGE sql STABLE
AS $$
  -- The advisory lock that a running daemon holds: "ROLA", 1.
  SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l
    WHERE l.locktype = 'advisory' AND l.granted
      AND l.classid = 1380928833 AND l.objid = 1
      AND l.database = (SELECT oid FROM pg_catalog.pg_database
                         WHERE datname = current_database()))
$$;
COMMENT ON FUNCTION rollcall.server_is_there() IS
  'Is a daemon connected to this database now?';

CREATE VIEW rollcall.troubleshooter AS
  WITH full_list AS (
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
      FROM rollcall.contacts c WHERE rollcall.canonical_uri(c.uri) IS NULL
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
        CASE WHEN NOT rollcall.server_is_there() THEN
          'no rollcalld is connected to this database: nobody can sign in, see '
          'others or write' END AS problem,
        'Start rollcalld; its log says why it stopped.' AS solution
    UNION ALL SELECT 2, 'contact limit', 'failed', CASE WHEN names <> '{}' THEN
        format('%s: as many contacts as are allowed (%s), or more: they can add '
          'nobody, and nobody can add them', rollcall.name_some(names), most) END,
        'Raise settings.max_contacts, or remove contacts of theirs.'
      FROM full_list
    UNION ALL SELECT 3, 'watcher limit', 'failed', CASE WHEN names <> '{}' THEN
        format('%s: as many watchers as are allowed (%s), or more: nobody else '
          'can watch them', rollcall.name_some(names), most) END,
        'Raise settings.max_watchers.'
      FROM watched
    UNION ALL SELECT 4, 'invalid addresses', 'failed',
        'not valid: ' || rollcall.name_some(names),
        'Remove these contacts, and add them as user@domain with a scheme.'
      FROM bad
    UNION ALL SELECT 5, 'contacts who are gone', 'failed',
        'no such user: ' || rollcall.name_some(names),
        'Remove these contacts, or add the users again.' FROM gone
    UNION ALL SELECT 6, 'duplicate addresses', 'warning',
        'more than once in one list: ' || rollcall.name_some(names),
        'Remove all but one of these contacts.' FROM twice
    UNION ALL SELECT 7, 'undelivered messages', 'failed',
        CASE WHEN names <> '{}' THEN format('%s: as many stored messages as are '
          'allowed (%s): more are refused', rollcall.name_some(names),
          (SELECT s.offline_max_per_user FROM rollcall.settings s)) END,
        'Let these users sign in, or raise settings.offline_max_per_user.'
      FROM waiting
    UNION ALL SELECT 8, 'disabled users', 'warning',
        'disabled, and still signed in or watched: '
          || rollcall.name_some(names),
        'If this lasts, restart rollcalld.' FROM left_over
  )
  SELECT t.test, CASE WHEN t.problem IS NULL THEN 'ok' ELSE t.bad END AS outcome,
      t.problem, CASE WHEN t.problem IS NOT NULL THEN t.solution END AS solution
    FROM (
      SELECT place, test, bad, problem, solution FROM test
      UNION ALL
      SELECT 9, h.test, CASE WHEN h.outcome = 'ok' THEN 'failed'
          ELSE h.outcome END, CASE
            WHEN h.at < now() - interval '2 minutes' AND rollcall.server_is_there()
            THEN format('not looked at since %s%s',
              to_char(h.at, 'YYYY-MM-DD HH24:MI:SS'), ': ' || h.problem)
            WHEN h.outcome <> 'ok' THEN coalesce(h.problem, 'not said') END,
          coalesce(h.solution, 'See the log of rollcalld.')
        FROM rollcall.health h) t
    ORDER BY t.place, t.test;
COMMENT ON VIEW rollcall.troubleshooter IS
  'What is wrong, as far as the database can tell, and what the running server
found itself (health)';
COMMENT ON COLUMN rollcall.troubleshooter.test IS 'What was looked at';
COMMENT ON COLUMN rollcall.troubleshooter.outcome IS 'ok, warning or failed';
COMMENT ON COLUMN rollcall.troubleshooter.problem IS
  'What is wrong, and what users lose by it';
COMMENT ON COLUMN rollcall.troubleshooter.solution IS 'What to do about it';

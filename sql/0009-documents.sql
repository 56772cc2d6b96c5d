-- SPDX-License-Identifier: ISC
--
-- XCAP documents as the server writes them: compare and swap, the contacts in a
-- resource list, addresses of services that are nobody else's.  Each function
-- does one request in one statement, never waits for another session's lock
-- (it says "busy"), and answers a repeated attempt as the first one, so that the
-- server can find out what became of a request whose answer was lost.

-- --- Revisions ---

ALTER TABLE rollcall.users ALTER contacts_revision SET DEFAULT
  (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
COMMENT ON COLUMN rollcall.users.contacts_revision IS
  'Grows with each change of the user''s contacts, and is a part of the entity tag
of the user''s resource list; begins with the time, so that it never comes again
when the user was removed and added; kept by the server';

ALTER TABLE rollcall.users ADD COLUMN settings_revision bigint NOT NULL
  DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
COMMENT ON COLUMN rollcall.users.settings_revision IS
  'Grows when share_availability or allow_without_approval changes: the entity tag
of the user''s settings document; kept by the server';

CREATE FUNCTION rollcall.revise_settings() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.settings_revision := OLD.settings_revision + 1;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.revise_settings() IS
  'Trigger: a user''s own settings changed';
CREATE TRIGGER revise_settings
  BEFORE UPDATE OF share_availability, allow_without_approval, settings_revision
  ON rollcall.users
  FOR EACH ROW WHEN (
    (OLD.share_availability, OLD.allow_without_approval, OLD.settings_revision)
    IS DISTINCT FROM
    (NEW.share_availability, NEW.allow_without_approval, NEW.settings_revision))
  EXECUTE FUNCTION rollcall.revise_settings();

-- --- Documents ---

ALTER TABLE rollcall.xcap_documents ADD COLUMN contacts_revision bigint;
COMMENT ON COLUMN rollcall.xcap_documents.contacts_revision IS
  'Of a resource list: users.contacts_revision when it said the same as contacts;
where that has grown, or it is NULL, the two are brought together when it is read';
COMMENT ON TABLE rollcall.xcap_documents IS
  'Documents of XCAP (RFC 4825) as clients stored them; resource-lists/index is
the frame around the rows of contacts';
COMMENT ON COLUMN rollcall.xcap_documents.etag IS
  'Its entity tag; of resource-lists/index the first part of it';

CREATE TABLE rollcall.service_uris (
  uri text PRIMARY KEY,
  owner text NOT NULL,
  filename text NOT NULL
);
CREATE INDEX service_uris_document ON rollcall.service_uris (owner, filename);
COMMENT ON TABLE rollcall.service_uris IS
  'Addresses of the services in rls-services documents, each once on the server
(RFC 4826 4.4.5)';
COMMENT ON COLUMN rollcall.service_uris.uri IS 'The address as it is compared';
COMMENT ON COLUMN rollcall.service_uris.owner IS 'Whose document defines it';
COMMENT ON COLUMN rollcall.service_uris.filename IS 'Name of that document';
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.service_uris
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION rollcall.guard_daemon_table();
DROP TRIGGER guard ON rollcall.xcap_documents;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.xcap_documents
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION rollcall.guard_daemon_table();

CREATE FUNCTION rollcall.drop_documents() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM rollcall.service_uris;
    DELETE FROM rollcall.xcap_documents WHERE owner <> '';
  ELSE
    DELETE FROM rollcall.service_uris
      WHERE owner IN (SELECT s.aor FROM stale s);
    DELETE FROM rollcall.xcap_documents
      WHERE owner IN (SELECT s.aor FROM stale s);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.drop_documents() IS
  'Trigger: the documents of removed users go with them';
CREATE INDEX xcap_documents_owner ON rollcall.xcap_documents (owner);
CREATE TRIGGER drop_documents AFTER DELETE ON rollcall.users
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.drop_documents();
CREATE TRIGGER drop_documents_truncated AFTER TRUNCATE ON rollcall.users
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.drop_documents();

-- --- Contacts of a list ---

-- A request locks its user and counts for itself: the triggers that do that for
-- administrators cost as much as all the rest of it.
CREATE FUNCTION rollcall.counts_itself() RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
  RETURN coalesce(current_setting('rollcall.counts_itself', true), '') = 'on'
    AND has_table_privilege(session_user, 'rollcall.xcap_documents', 'INSERT');
END $$;
COMMENT ON FUNCTION rollcall.counts_itself() IS
  'Does this statement of the server''s keep counters and limits by itself?';

DROP TRIGGER checked ON rollcall.contacts;
CREATE TRIGGER checked BEFORE INSERT OR UPDATE ON rollcall.contacts
  FOR EACH ROW WHEN (NOT rollcall.counts_itself())
  EXECUTE FUNCTION rollcall.check_contact();
DROP TRIGGER inserted ON rollcall.contacts;
CREATE TRIGGER inserted AFTER INSERT ON rollcall.contacts
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (NOT rollcall.counts_itself())
  EXECUTE FUNCTION rollcall.contacts_inserted();
DROP TRIGGER updated ON rollcall.contacts;
CREATE TRIGGER updated AFTER UPDATE ON rollcall.contacts
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (NOT rollcall.counts_itself())
  EXECUTE FUNCTION rollcall.contacts_updated();
DROP TRIGGER deleted ON rollcall.contacts;
CREATE TRIGGER deleted AFTER DELETE ON rollcall.contacts
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT WHEN (NOT rollcall.counts_itself())
  EXECUTE FUNCTION rollcall.contacts_deleted();
DROP TRIGGER keep_counters_updated ON rollcall.users;
CREATE TRIGGER keep_counters_updated
  BEFORE UPDATE OF contact_count, contacts_revision ON rollcall.users
  FOR EACH ROW WHEN (pg_trigger_depth() = 0
    AND (OLD.contact_count, OLD.contacts_revision)
      IS DISTINCT FROM (NEW.contact_count, NEW.contacts_revision)
    AND NOT rollcall.counts_itself())
  EXECUTE FUNCTION rollcall.keep_counters();
DROP TRIGGER updated ON rollcall.users;
CREATE TRIGGER updated AFTER UPDATE ON rollcall.users
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (NOT rollcall.counts_itself())
  EXECUTE FUNCTION rollcall.users_updated();

CREATE FUNCTION rollcall.lists_etag(frame text, revision bigint, contacts integer)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
  SELECT CASE WHEN frame IS NOT NULL OR contacts > 0
    THEN coalesce(frame, 'contacts') || '.' || revision END
$$;
COMMENT ON FUNCTION rollcall.lists_etag(text, bigint, integer) IS
  'The entity tag of a user''s resource list: of the document that was stored
(NULL: none) and of the contacts; NULL: there is neither';

-- As before, but at once for what most addresses are, and with its real cost, so
-- that contacts are found by their index.
CREATE OR REPLACE FUNCTION rollcall.canonical_uri(uri text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10000
AS $$
DECLARE
  scheme text;
  body text;
  rest text;
  host text;
  port text;
  params text;
  name text;
BEGIN
  -- What nearly all are, and too short for a label of a domain to be too long.
  IF octet_length(uri) < 64 AND uri COLLATE "C" ~
      '^(?:sips?|pres|im|xmpp):[a-z0-9_.-]+@(?:[a-z0-9]+\.)+[a-z]+$' THEN
    RETURN uri;
  ELSIF octet_length(uri) > 1024 THEN
    RETURN NULL;
  END IF;
  scheme := lower(split_part(uri, ':', 1) COLLATE "C");
  body := substr(uri, strpos(uri, ':') + 1);
  rest := substr(body, strpos(body, '@') + 1);
  host := substring(rest from '^(?:\[[^]]*\]|[^]:;?[]*)');
  port := substring(substr(rest, length(host) + 1) from '^:[1-9][0-9]{0,4}');
  params := substr(rest, length(host) + coalesce(length(port), 0) + 1);
  IF scheme = 'tel' THEN
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
-- As before, but it reads each address once.
CREATE OR REPLACE FUNCTION rollcall.judge_contacts(owner text, uris text[])
RETURNS TABLE (n bigint, uri text, result text)
LANGUAGE sql STABLE
AS $$
  WITH item AS (
    SELECT i.n, i.uri, rollcall.canonical_uri(i.uri) AS canonical
      FROM unnest(uris) WITH ORDINALITY AS i (uri, n)
  ), first AS (
    SELECT DISTINCT ON (canonical) i.n, i.canonical, substring(i.canonical
        from '^(?:sips?|pres|im|xmpp):([^@]+@(?:\[[^]]+\]|[^:;]+))') AS target
      FROM item i WHERE i.canonical IS NOT NULL ORDER BY i.canonical, i.n
  ), judged AS (
    SELECT f.n, f.canonical, CASE
        WHEN (SELECT true FROM rollcall.contacts c
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

CREATE FUNCTION rollcall.compare_contacts(owner text, uris text[],
  display_names text[], group_names text[], OUT fresh text[], OUT gone text[],
  OUT is_renamed boolean, OUT is_ordered boolean)
LANGUAGE sql STABLE
AS $$
  SELECT array_agg(p.uri ORDER BY p.n) FILTER (WHERE p.old_uri IS NULL),
      array_agg(p.old_uri) FILTER (WHERE p.n IS NULL),
      coalesce(bool_or(p.is_renamed), false),
      coalesce(bool_and(p.old_position > p.before)
        FILTER (WHERE p.n IS NOT NULL AND p.old_uri IS NOT NULL), true)
    FROM (
      SELECT i.n, i.uri, c.uri AS old_uri, c.position AS old_position,
          -- Nothing that was there comes behind what is new.
          max(coalesce(c.position, 2147483647)) OVER (
            PARTITION BY i.group_name ORDER BY i.n
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before,
          i.n IS NOT NULL AND c.uri IS NOT NULL
            AND (i.display_name, i.group_name)
              IS DISTINCT FROM (c.display_name, c.group_name) AS is_renamed
        FROM unnest(uris, display_names, group_names) WITH ORDINALITY
          AS i (uri, display_name, group_name, n)
        FULL JOIN (SELECT * FROM rollcall.contacts k
                    WHERE k.owner = compare_contacts.owner) c
          ON c.uri = i.uri) p
$$;
COMMENT ON FUNCTION rollcall.compare_contacts(text, text[], text[], text[]) IS
  'What would have to be added and removed so that these are the contacts of a
user, by their spelling; do names or groups differ, and can positions stay?';

CREATE FUNCTION rollcall.judge_contact(owner text, uri text, most integer)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
  canonical text := rollcall.canonical_uri(uri);
  target text := substring(canonical
    from '^(?:sips?|pres|im|xmpp):([^@]+@(?:\[[^]]+\]|[^:;]+))');
  u record;
BEGIN
  IF canonical IS NULL THEN
    RETURN 'invalid';
  END IF;
  SELECT x.aor, x.contact_count INTO u FROM rollcall.users x
    WHERE lower(x.aor COLLATE "C") = target COLLATE "C";
  RETURN CASE
    WHEN u.aor IS NULL AND EXISTS (SELECT FROM rollcall.users x
        WHERE split_part(x.aor, '@', 2) = split_part(target, '@', 2))
      THEN 'no_such_user'
    WHEN u.contact_count >= most AND u.aor <> owner THEN 'target_full'
    ELSE 'added' END;
END $$;
COMMENT ON FUNCTION rollcall.judge_contact(text, text, integer) IS
  'What add_contacts would answer for one that is not a contact of the owner''s
(spelled as in users) yet, but for the owner''s own limit';

CREATE FUNCTION rollcall.replace_contacts(u rollcall.users, is_whole boolean,
  gone text[], uris text[], display_names text[], group_names text[],
  OUT left_out text[], OUT reason text, OUT is_changed boolean)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  fresh text[];
  let_in text[] := '{}';
  is_renamed boolean;
  is_ordered boolean := true;
  most integer := (SELECT s.max_contacts FROM rollcall.settings s);
  room integer;
  n integer := 0;
  result text;
  one text;
BEGIN
  IF is_whole THEN
    SELECT c.fresh, c.gone, c.is_renamed, c.is_ordered
      INTO fresh, gone, is_renamed, is_ordered
      FROM rollcall.compare_contacts(u.aor, uris, display_names, group_names) c;
    IF fresh <> '{}' AND gone <> '{}' THEN
      -- The same addresses in another spelling.
      UPDATE rollcall.contacts c SET uri = f.uri FROM unnest(fresh) AS f (uri)
        WHERE c.owner = u.aor AND c.uri = ANY (gone)
          AND rollcall.canonical_uri(c.uri) = rollcall.canonical_uri(f.uri);
      IF FOUND THEN
        is_changed := true;
        SELECT c.fresh, c.gone, c.is_renamed, c.is_ordered
          INTO fresh, gone, is_renamed, is_ordered
          FROM rollcall.compare_contacts(u.aor, uris, display_names,
            group_names) c;
      END IF;
    END IF;
  ELSE
    SELECT array_agg(i.uri ORDER BY i.n) INTO fresh
      FROM unnest(uris) WITH ORDINALITY AS i (uri, n)
      WHERE NOT EXISTS (SELECT FROM rollcall.contacts c
        WHERE c.owner = u.aor AND c.uri = i.uri);
    is_renamed := cardinality(uris) > coalesce(cardinality(fresh), 0);
  END IF;
  IF gone <> '{}' THEN
    DELETE FROM rollcall.contacts c
      WHERE c.owner = u.aor AND c.uri = ANY (gone);
    GET DIAGNOSTICS n = ROW_COUNT;
  END IF;
  IF is_renamed OR NOT is_ordered THEN
    UPDATE rollcall.contacts c
      SET display_name = i.display_name, group_name = i.group_name,
        position = CASE WHEN is_ordered THEN c.position ELSE i.n END
      FROM unnest(uris, display_names, group_names) WITH ORDINALITY
        AS i (uri, display_name, group_name, n)
      WHERE c.owner = u.aor AND c.uri = i.uri
        AND (c.display_name, c.group_name, c.position) IS DISTINCT FROM
          (i.display_name, i.group_name,
           CASE WHEN is_ordered THEN c.position ELSE i.n END);
    is_changed := is_changed OR FOUND;
  END IF;
  room := most - (u.contact_count - n);
  FOREACH one IN ARRAY coalesce(fresh, '{}') LOOP
    result := rollcall.judge_contact(u.aor, one, most);
    IF room <= 0 AND result IN ('added', 'target_full') THEN
      result := 'limit';
    END IF;
    IF result = 'added' THEN
      let_in := let_in || one;
      room := room - 1;
    ELSE
      left_out := left_out || one;
      reason := coalesce(reason, result);
    END IF;
  END LOOP;
  IF let_in <> '{}' THEN
    INSERT INTO rollcall.contacts (owner, uri, display_name, group_name, position)
      SELECT u.aor, i.uri, i.display_name, i.group_name,
          CASE WHEN NOT is_ordered THEN i.n
            ELSE i.n + (SELECT coalesce(max(c.position), 0)
                          FROM rollcall.contacts c WHERE c.owner = u.aor) END
        FROM unnest(uris, display_names, group_names) WITH ORDINALITY
          AS i (uri, display_name, group_name, n)
        WHERE i.uri = ANY (let_in) ORDER BY i.n;
  END IF;
  is_changed := coalesce(is_changed, false) OR n > 0 OR let_in <> '{}';
  IF is_changed THEN
    UPDATE rollcall.users x
      SET contact_count = x.contact_count - n + cardinality(let_in),
        contacts_revision = x.contacts_revision + 1
      WHERE x.aor = u.aor;
  END IF;
END $$;
COMMENT ON FUNCTION rollcall.replace_contacts(rollcall.users, boolean, text[],
    text[], text[], text[]) IS
  'Makes these, in their order, the contacts of a user whose row is locked, and
says which of the new ones were left out, and why the first: limit, target_full,
no_such_user or invalid.  is_whole false: these are only the ones that are new or
have another name or group, and gone those that go';

-- --- What the server calls ---

CREATE FUNCTION rollcall.lock_user(owner text) RETURNS rollcall.users
LANGUAGE plpgsql
AS $$
DECLARE
  u rollcall.users;
BEGIN
  SELECT * INTO u FROM rollcall.users x
    WHERE lower(x.aor COLLATE "C") = lower(lock_user.owner COLLATE "C")
    FOR NO KEY UPDATE SKIP LOCKED;
  RETURN u;
END $$;
COMMENT ON FUNCTION rollcall.lock_user(text) IS
  'A user''s row, locked; of NULLs when there is none, or somebody else locked it';

CREATE FUNCTION rollcall.why_not_locked(owner text) RETURNS text
LANGUAGE sql VOLATILE
AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM rollcall.users x
      WHERE lower(x.aor COLLATE "C") = lower(why_not_locked.owner COLLATE "C"))
    THEN 'busy' ELSE 'no_owner' END
$$;
COMMENT ON FUNCTION rollcall.why_not_locked(text) IS
  'Why lock_user gave nothing: busy, or no_owner';

CREATE FUNCTION rollcall.put_lists(owner text, old_etag text, new_etag text,
  body bytea, is_whole boolean, gone text[], uris text[], display_names text[],
  group_names text[], may_shorten boolean, attempt text,
  OUT outcome text, OUT etag text, OUT left_out text[], OUT reason text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  u rollcall.users;
  frame text;
  is_changed boolean;
  revision bigint;
BEGIN
  u := rollcall.lock_user(owner);
  IF u.aor IS NULL THEN
    outcome := rollcall.why_not_locked(owner);
    RETURN;
  END IF;
  SELECT d.etag INTO frame FROM rollcall.xcap_documents d
    WHERE d.auid = 'resource-lists' AND d.owner = u.aor AND d.filename = 'index';
  IF frame = new_etag THEN
    outcome := 'done';
    SELECT array_agg(i.uri ORDER BY i.n) INTO left_out
      FROM unnest(uris) WITH ORDINALITY AS i (uri, n)
      WHERE NOT EXISTS (SELECT FROM rollcall.contacts c
        WHERE c.owner = u.aor AND c.uri = i.uri);
    etag := new_etag || '.'
      || CASE WHEN left_out IS NULL THEN u.contacts_revision::text ELSE 's' END;
    RETURN;
  ELSIF attempt = 'resolve' THEN
    outcome := 'away';
    RETURN;
  ELSIF rollcall.lists_etag(frame, u.contacts_revision, u.contact_count)
      IS DISTINCT FROM old_etag THEN
    outcome := 'changed';
    RETURN;
  END IF;
  BEGIN
    PERFORM set_config('rollcall.counts_itself', 'on', true);
    SELECT r.left_out, r.reason, r.is_changed INTO left_out, reason, is_changed
      FROM rollcall.replace_contacts(u, is_whole, gone, uris, display_names,
        group_names) r;
    PERFORM set_config('rollcall.counts_itself', '', true);
    IF left_out IS NOT NULL AND NOT may_shorten THEN
      outcome := 'refused';
      RAISE EXCEPTION USING ERRCODE = 'RC000', MESSAGE = reason;
    END IF;
    revision := u.contacts_revision + is_changed::integer;
    INSERT INTO rollcall.xcap_documents AS d
        (auid, owner, filename, etag, body, contacts_revision)
      VALUES ('resource-lists', u.aor, 'index', new_etag, body,
        CASE WHEN left_out IS NULL THEN revision END)
      ON CONFLICT (auid, owner, filename) DO UPDATE
        SET etag = excluded.etag, body = excluded.body, updated_at = now(),
          contacts_revision = excluded.contacts_revision;
    outcome := 'done';
    etag := new_etag || '.'
      || CASE WHEN left_out IS NULL THEN revision::text ELSE 's' END;
  EXCEPTION
    WHEN SQLSTATE 'RC000' THEN
      NULL;
    WHEN lock_not_available OR deadlock_detected OR unique_violation THEN
      -- An administrator is about to change the same contacts.
      outcome := 'busy';
  END;
END $$;
COMMENT ON FUNCTION rollcall.put_lists(text, text, text, bytea, boolean, text[],
    text[], text[], text[], boolean, text) IS
  'Stores a user''s resource list and makes its entries the user''s contacts, if its
entity tag is still old_etag (NULL: there is none).  outcome: done, changed,
refused, busy, no_owner, away.  What could not be added is left out when may_shorten
is true: then etag is that of the document as sent, and not in force.  attempt:
first; again, when the answer of one was lost; resolve: that, and nothing is written';

CREATE FUNCTION rollcall.remove_lists(owner text, old_etag text, attempt text,
  OUT outcome text, OUT etag text, OUT left_out text[], OUT reason text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  u rollcall.users;
  frame text;
  current text;
BEGIN
  u := rollcall.lock_user(owner);
  IF u.aor IS NULL THEN
    outcome := rollcall.why_not_locked(owner);
    RETURN;
  END IF;
  SELECT d.etag INTO frame FROM rollcall.xcap_documents d
    WHERE d.auid = 'resource-lists' AND d.owner = u.aor AND d.filename = 'index';
  current := rollcall.lists_etag(frame, u.contacts_revision, u.contact_count);
  outcome := CASE
    WHEN attempt <> 'first' AND (current IS NULL
        OR frame IS NULL AND old_etag NOT LIKE 'contacts.%') THEN 'done'
    WHEN attempt = 'resolve' THEN 'away'
    WHEN current IS NULL THEN 'none'
    WHEN current IS DISTINCT FROM old_etag THEN 'changed' END;
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;
  BEGIN
    PERFORM set_config('rollcall.counts_itself', 'on', true);
    DELETE FROM rollcall.contacts c WHERE c.owner = u.aor;
    UPDATE rollcall.users x
      SET contact_count = 0, contacts_revision = x.contacts_revision + 1
      WHERE x.aor = u.aor;
    PERFORM set_config('rollcall.counts_itself', '', true);
    DELETE FROM rollcall.xcap_documents d
      WHERE d.auid = 'resource-lists' AND d.owner = u.aor
        AND d.filename = 'index';
    outcome := 'done';
  EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
    outcome := 'busy';
  END;
END $$;
COMMENT ON FUNCTION rollcall.remove_lists(text, text, text) IS
  'Removes a user''s resource list and all contacts, if its entity tag is old_etag;
outcome also none; else as put_lists';

CREATE FUNCTION rollcall.service_key(uri text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
  SELECT coalesce(rollcall.canonical_uri(uri), lower(uri COLLATE "C"))
$$;
COMMENT ON FUNCTION rollcall.service_key(text) IS
  'The address of a service as it is compared';

CREATE FUNCTION rollcall.taken_uris(owner text, filename text, uris text[])
RETURNS text[]
LANGUAGE sql STABLE
AS $$
  SELECT array_agg(i.uri ORDER BY i.n)
    FROM unnest(uris) WITH ORDINALITY AS i (uri, n)
    CROSS JOIN LATERAL rollcall.service_key(i.uri) AS key
    WHERE EXISTS (SELECT FROM rollcall.service_uris s WHERE s.uri = key
        AND (s.owner, s.filename) <> (taken_uris.owner, taken_uris.filename))
      OR EXISTS (SELECT FROM rollcall.users x
        WHERE lower(x.aor COLLATE "C") = rollcall.uri_aor(i.uri) COLLATE "C"
          AND key = split_part(key, ':', 1) || ':' || rollcall.uri_aor(i.uri))
$$;
COMMENT ON FUNCTION rollcall.taken_uris(text, text, text[]) IS
  'Which of these addresses of a document''s services another document has, or a
user; NULL: none';

CREATE FUNCTION rollcall.put_document(auid text, owner text, filename text,
  old_etag text, new_etag text, body bytea, uris text[], attempt text,
  OUT outcome text, OUT etag text, OUT left_out text[], OUT reason text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  u rollcall.users;
  name text := '';
  current text;
BEGIN
  IF owner <> '' THEN
    u := rollcall.lock_user(owner);
    name := u.aor;
    outcome := CASE WHEN name IS NULL THEN rollcall.why_not_locked(owner) END;
  END IF;
  SELECT d.etag INTO current FROM rollcall.xcap_documents d
    WHERE d.auid = put_document.auid AND d.owner = name
      AND d.filename = put_document.filename;
  IF outcome IS NULL AND coalesce(current, old_etag) IS NULL AND attempt <> 'resolve'
      AND (SELECT count(*) FROM rollcall.xcap_documents d
            WHERE d.auid = put_document.auid AND d.owner = name) >= 100 THEN
    outcome := 'refused';
    reason := 'documents';
  END IF;
  outcome := coalesce(outcome, CASE
    WHEN current = new_etag THEN 'done'
    WHEN attempt = 'resolve' THEN 'away'
    WHEN current IS DISTINCT FROM old_etag THEN 'changed'
    -- Held to the end of the transaction: one document at a time.
    WHEN cardinality(uris) > 0 AND NOT pg_try_advisory_xact_lock(1380928833, 4)
      THEN 'busy' END);
  etag := new_etag;
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;
  left_out := rollcall.taken_uris(name, filename, uris);
  IF left_out IS NOT NULL THEN
    outcome := 'not_unique';
    RETURN;
  END IF;
  IF auid = 'rls-services' THEN
    DELETE FROM rollcall.service_uris s
      WHERE s.owner = name AND s.filename = put_document.filename;
    INSERT INTO rollcall.service_uris (uri, owner, filename)
      SELECT DISTINCT rollcall.service_key(i.uri), name, put_document.filename
        FROM unnest(uris) AS i (uri);
  END IF;
  INSERT INTO rollcall.xcap_documents AS d (auid, owner, filename, etag, body)
    VALUES (put_document.auid, name, put_document.filename, new_etag, body)
    ON CONFLICT (auid, owner, filename) DO UPDATE
      SET etag = excluded.etag, body = excluded.body, updated_at = now();
  outcome := 'done';
END $$;
COMMENT ON FUNCTION rollcall.put_document(text, text, text, text, text, bytea,
    text[], text) IS
  'Stores a document (owner empty: a global one) whose services have these
addresses, if its entity tag is still old_etag; outcome also not_unique, with those
that are taken; else as put_lists';

CREATE FUNCTION rollcall.remove_document(auid text, owner text, filename text,
  old_etag text, attempt text,
  OUT outcome text, OUT etag text, OUT left_out text[], OUT reason text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  u rollcall.users;
  name text := '';
  current text;
BEGIN
  IF owner <> '' THEN
    u := rollcall.lock_user(owner);
    name := u.aor;
    outcome := CASE WHEN name IS NULL THEN rollcall.why_not_locked(owner) END;
  END IF;
  SELECT d.etag INTO current FROM rollcall.xcap_documents d
    WHERE d.auid = remove_document.auid AND d.owner = name
      AND d.filename = remove_document.filename;
  outcome := coalesce(outcome, CASE
    WHEN current IS NULL
      THEN CASE WHEN attempt = 'first' THEN 'none' ELSE 'done' END
    WHEN attempt = 'resolve' THEN 'away'
    WHEN current IS DISTINCT FROM old_etag THEN 'changed' END);
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;
  DELETE FROM rollcall.service_uris s
    WHERE remove_document.auid = 'rls-services' AND s.owner = name
      AND s.filename = remove_document.filename;
  DELETE FROM rollcall.xcap_documents d
    WHERE d.auid = remove_document.auid AND d.owner = name
      AND d.filename = remove_document.filename;
  outcome := 'done';
END $$;
COMMENT ON FUNCTION rollcall.remove_document(text, text, text, text, text) IS
  'Removes a document if its entity tag is old_etag; outcome also none; else as
put_document';

CREATE FUNCTION rollcall.put_settings(owner text, old_etag text, share boolean,
  allow boolean, attempt text,
  OUT outcome text, OUT etag text, OUT left_out text[], OUT reason text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
  u rollcall.users;
  is_same boolean;
BEGIN
  u := rollcall.lock_user(owner);
  outcome := CASE WHEN u.aor IS NULL THEN rollcall.why_not_locked(owner) END;
  is_same := (u.share_availability, u.allow_without_approval)
    IS NOT DISTINCT FROM (share, allow);
  etag := u.settings_revision;
  outcome := coalesce(outcome, CASE
    WHEN attempt <> 'first' AND is_same THEN 'done'
    WHEN attempt = 'resolve' THEN 'away'
    WHEN etag IS DISTINCT FROM old_etag THEN 'changed' END);
  IF outcome IS NOT NULL THEN
    RETURN;
  END IF;
  UPDATE rollcall.users x
    SET share_availability = share, allow_without_approval = allow,
      settings_revision = x.settings_revision + 1
    WHERE x.aor = u.aor
    RETURNING x.settings_revision INTO etag;
  -- The server reads it in its turn, among what administrators change.
  INSERT INTO rollcall.changes (table_name, key) VALUES ('users', u.aor);
  outcome := 'done';
END $$;
COMMENT ON FUNCTION rollcall.put_settings(text, text, boolean, boolean, text) IS
  'Writes what a user overrides of the settings, if the entity tag of the settings
document is still old_etag; as put_lists';

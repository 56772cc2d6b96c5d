-- SPDX-License-Identifier: ISC
--
-- Users and the settings row: what administrators write.

CREATE TABLE rollcall.users (
  aor text PRIMARY KEY
    CONSTRAINT users_aor_is_user_at_domain CHECK (
      octet_length(aor) <= 320
      AND aor ~ '^[^@:[:space:][:cntrl:]<>"]+@([^@[:space:][:cntrl:]<>":;?/]+|\[[0-9A-Fa-f:.]+\])$')
    CONSTRAINT users_domain_is_lower_case CHECK (
      substr(aor, strpos(aor, '@')) = lower(substr(aor, strpos(aor, '@')))),
  display_name text,
  ha1_md5 text
    CONSTRAINT users_ha1_md5_is_hex CHECK (ha1_md5 ~ '^[0-9a-f]{32}$'),
  ha1_sha256 text
    CONSTRAINT users_ha1_sha256_is_hex CHECK (ha1_sha256 ~ '^[0-9a-f]{64}$'),
  enabled boolean NOT NULL DEFAULT true,
  share_availability boolean,
  allow_without_approval boolean,
  contact_count integer NOT NULL DEFAULT 0 CHECK (contact_count >= 0),
  contacts_revision bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_aor_without_case
  ON rollcall.users (lower(aor COLLATE "C"));
COMMENT ON TABLE rollcall.users IS
  'The users of the server''s own domains; a change is in force at once';
COMMENT ON COLUMN rollcall.users.aor IS
  'Address of record: user@domain, no scheme, domain in lower case; unique
without regard to case; never changed';
COMMENT ON COLUMN rollcall.users.display_name IS 'Name for people';
COMMENT ON COLUMN rollcall.users.ha1_md5 IS
  'MD5 of user:domain:password in hex; written by set_password; NULL: the user
cannot sign in with MD5';
COMMENT ON COLUMN rollcall.users.ha1_sha256 IS
  'SHA-256 of user:domain:password in hex; written by set_password; NULL: the
user cannot sign in with SHA-256';
COMMENT ON COLUMN rollcall.users.enabled IS
  'false: the user cannot sign in, is signed out, and gets no messages';
COMMENT ON COLUMN rollcall.users.share_availability IS
  'Do others see this user''s availability? NULL: as in settings';
COMMENT ON COLUMN rollcall.users.allow_without_approval IS
  'May others watch without the user''s approval? NULL: as in settings';
COMMENT ON COLUMN rollcall.users.contact_count IS
  'Number of rows in contacts; kept by the server';
COMMENT ON COLUMN rollcall.users.contacts_revision IS
  'Grows with each change of the user''s contacts; kept by the server';
COMMENT ON COLUMN rollcall.users.created_at IS 'When the user was added';

CREATE FUNCTION rollcall.refuse_aor_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'users.aor is never changed (% to %)', OLD.aor, NEW.aor
    USING ERRCODE = 'feature_not_supported',
      HINT = 'Remove the user and add another.';
END $$;
COMMENT ON FUNCTION rollcall.refuse_aor_change() IS
  'Trigger: an address of record is for life';
CREATE TRIGGER refuse_aor_change BEFORE UPDATE OF aor ON rollcall.users
  FOR EACH ROW WHEN (OLD.aor IS DISTINCT FROM NEW.aor)
  EXECUTE FUNCTION rollcall.refuse_aor_change();

-- What an administrator may read of a user in the audit trail.
CREATE FUNCTION rollcall.user_detail(u rollcall.users) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
  SELECT jsonb_build_object('display_name', u.display_name,
    'enabled', u.enabled, 'share_availability', u.share_availability,
    'allow_without_approval', u.allow_without_approval)
$$;
COMMENT ON FUNCTION rollcall.user_detail(rollcall.users) IS
  'The columns of a user that the audit trail keeps';

CREATE FUNCTION rollcall.users_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO rollcall.audit (table_name, action, key, detail)
    SELECT 'users', 'insert', n.aor, rollcall.user_detail(n) FROM fresh n;
  PERFORM rollcall.note_changes('users',
    (SELECT coalesce(array_agg(aor), '{}') FROM fresh));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.users_inserted() IS
  'Trigger: notes added users in changes and audit';
CREATE TRIGGER inserted AFTER INSERT ON rollcall.users
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.users_inserted();

CREATE FUNCTION rollcall.users_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  keys text[];
BEGIN
  WITH pair AS (
    SELECT n.aor, rollcall.user_detail(o) AS was, rollcall.user_detail(n) AS now,
        (o.ha1_md5, o.ha1_sha256) IS DISTINCT FROM (n.ha1_md5, n.ha1_sha256)
          AS is_password
      FROM stale o JOIN fresh n ON n.aor = o.aor
  ), logged AS (
    INSERT INTO rollcall.audit (table_name, action, key, detail)
      SELECT 'users', 'update', aor,
          coalesce((SELECT jsonb_object_agg(e.key, e.value)
                      FROM jsonb_each(now) AS e
                     WHERE e.value IS DISTINCT FROM was -> e.key), '{}')
          || CASE WHEN is_password THEN '{"password": "changed"}' ELSE '{}' END
          ::jsonb
        FROM pair WHERE was <> now OR is_password
      RETURNING key
  )
  SELECT coalesce(array_agg(key), '{}') INTO keys FROM logged;
  PERFORM rollcall.note_changes('users', keys);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.users_updated() IS
  'Trigger: notes changed users in changes and audit';
CREATE TRIGGER updated AFTER UPDATE ON rollcall.users
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.users_updated();

CREATE FUNCTION rollcall.users_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO rollcall.audit (table_name, action, key, detail)
    SELECT 'users', 'delete', o.aor, rollcall.user_detail(o) FROM stale o;
  PERFORM rollcall.note_changes('users',
    (SELECT coalesce(array_agg(aor), '{}') FROM stale));
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.users_deleted() IS
  'Trigger: notes removed users in changes and audit';
CREATE TRIGGER deleted AFTER DELETE ON rollcall.users
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.users_deleted();

CREATE FUNCTION rollcall.users_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO rollcall.audit (table_name, action) VALUES ('users', 'truncate');
  PERFORM rollcall.note_changes('users', NULL);
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.users_truncated() IS
  'Trigger: notes a TRUNCATE of users in changes and audit';
CREATE TRIGGER truncated AFTER TRUNCATE ON rollcall.users
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.users_truncated();

CREATE FUNCTION rollcall.set_password(aor text, password text) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  name text;
  secret bytea;
BEGIN
  SELECT u.aor INTO name FROM rollcall.users u
    WHERE lower(u.aor COLLATE "C") = lower(set_password.aor COLLATE "C");
  IF name IS NULL THEN
    RAISE EXCEPTION 'no such user: %', aor USING ERRCODE = 'RC003';
  ELSIF coalesce(password, '') = '' THEN
    RAISE EXCEPTION 'a password has at least one character'
      USING ERRCODE = 'RC004';
  END IF;
  secret := convert_to(left(name, strpos(name, '@') - 1) || ':'
    || substr(name, strpos(name, '@') + 1) || ':' || password, 'UTF8');
  UPDATE rollcall.users u
    SET ha1_md5 = md5(secret), ha1_sha256 = encode(sha256(secret), 'hex')
    WHERE u.aor = name;
END $$;
COMMENT ON FUNCTION rollcall.set_password(text, text) IS
  'Gives a user a new password: stores its MD5 and SHA-256 digests (realm = the
domain, username = the user part), never the password itself';

CREATE TABLE rollcall.settings (
  id boolean PRIMARY KEY DEFAULT true
    CONSTRAINT settings_is_one_row CHECK (id),
  share_availability boolean NOT NULL DEFAULT true,
  allow_without_approval boolean NOT NULL DEFAULT true,
  max_contacts integer DEFAULT 200
    CONSTRAINT settings_max_contacts_range CHECK (max_contacts BETWEEN 0 AND 1000000),
  max_watchers integer DEFAULT 200
    CONSTRAINT settings_max_watchers_range CHECK (max_watchers BETWEEN 0 AND 1000000),
  adhoc_enabled boolean NOT NULL DEFAULT false,
  adhoc_max integer
    CONSTRAINT settings_adhoc_max_range CHECK (adhoc_max BETWEEN 0 AND 1000000),
  adhoc_ttl integer DEFAULT 1800
    CONSTRAINT settings_adhoc_ttl_range CHECK (adhoc_ttl BETWEEN 1 AND 31536000),
  im_enabled boolean NOT NULL DEFAULT true,
  suppress_offline_im boolean NOT NULL DEFAULT false,
  offline_max_per_user integer NOT NULL DEFAULT 1000
    CONSTRAINT settings_offline_max_per_user_range
      CHECK (offline_max_per_user BETWEEN 0 AND 1000000),
  offline_ttl integer NOT NULL DEFAULT 604800
    CONSTRAINT settings_offline_ttl_range CHECK (offline_ttl BETWEEN 60 AND 31536000),
  allow_history boolean NOT NULL DEFAULT true,
  allow_cut_paste boolean NOT NULL DEFAULT true,
  updated_at timestamptz NOT NULL DEFAULT now(),
  updated_by text NOT NULL DEFAULT session_user
);
INSERT INTO rollcall.settings DEFAULT VALUES;
COMMENT ON TABLE rollcall.settings IS
  'Policy of the whole server: one row that is updated, never removed';
COMMENT ON COLUMN rollcall.settings.id IS 'Always true: there is one row';
COMMENT ON COLUMN rollcall.settings.share_availability IS
  'false: users see their own availability, everybody else''s is unknown';
COMMENT ON COLUMN rollcall.settings.allow_without_approval IS
  'false: a watcher stays pending until the owner or a rule decides';
COMMENT ON COLUMN rollcall.settings.max_contacts IS
  'Contacts per user; NULL: no limit';
COMMENT ON COLUMN rollcall.settings.max_watchers IS
  'Distinct watchers per user; NULL: no limit';
COMMENT ON COLUMN rollcall.settings.adhoc_enabled IS
  'May a user watch someone who is not among the contacts?';
COMMENT ON COLUMN rollcall.settings.adhoc_max IS
  'Ad hoc subscriptions per user at one time; NULL: no limit';
COMMENT ON COLUMN rollcall.settings.adhoc_ttl IS
  'Seconds that an ad hoc subscription lives, refreshes included; NULL: no limit';
COMMENT ON COLUMN rollcall.settings.im_enabled IS
  'false: messages are refused, presence goes on';
COMMENT ON COLUMN rollcall.settings.suppress_offline_im IS
  'true: a message for somebody who is not signed in is refused, not stored';
COMMENT ON COLUMN rollcall.settings.offline_max_per_user IS
  'Stored messages per user';
COMMENT ON COLUMN rollcall.settings.offline_ttl IS
  'Seconds that a stored message is kept';
COMMENT ON COLUMN rollcall.settings.allow_history IS
  'Client policy: may clients keep a history of messages?';
COMMENT ON COLUMN rollcall.settings.allow_cut_paste IS
  'Client policy: may text of messages be copied?';
COMMENT ON COLUMN rollcall.settings.updated_at IS 'Time of the last change';
COMMENT ON COLUMN rollcall.settings.updated_by IS
  'Database role that made the last change';

CREATE FUNCTION rollcall.settings_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  diff jsonb;
BEGIN
  NEW.updated_at := now();
  NEW.updated_by := session_user;
  SELECT jsonb_object_agg(e.key, e.value) INTO diff
    FROM jsonb_each(to_jsonb(NEW)) AS e
    WHERE e.key NOT LIKE 'updated\_%'
      AND e.value IS DISTINCT FROM to_jsonb(OLD) -> e.key;
  IF diff IS NOT NULL THEN
    INSERT INTO rollcall.audit (table_name, action, detail)
      VALUES ('settings', 'update', diff);
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.settings_updated() IS
  'Trigger: notes who changed the settings, and what';
CREATE TRIGGER updated BEFORE UPDATE ON rollcall.settings
  FOR EACH ROW EXECUTE FUNCTION rollcall.settings_updated();

CREATE FUNCTION rollcall.keep_settings() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the row of settings is never removed'
    USING ERRCODE = 'feature_not_supported', HINT = 'Use UPDATE.';
END $$;
COMMENT ON FUNCTION rollcall.keep_settings() IS
  'Trigger: refuses to remove the one row of settings';
CREATE TRIGGER keep_settings BEFORE DELETE OR TRUNCATE ON rollcall.settings
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.keep_settings();

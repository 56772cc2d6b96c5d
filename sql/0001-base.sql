-- SPDX-License-Identifier: ISC
--
-- The schema, its version, and what all tables share: the list of changes that
-- the daemon follows, the audit trail, and the guard of the daemon's tables.
-- Applied by "rollcallctl db init|upgrade", which records it below.

CREATE SCHEMA rollcall;
COMMENT ON SCHEMA rollcall IS
  'Rollcall, SIP presence and messaging; rollcall-sql(7) is its manual';

CREATE TABLE rollcall.schema_version (
  version integer PRIMARY KEY CHECK (version > 0),
  file text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now(),
  applied_by text NOT NULL DEFAULT session_user
);
COMMENT ON TABLE rollcall.schema_version IS
  'The migrations that have been applied; the highest version is the schema''s';
COMMENT ON COLUMN rollcall.schema_version.version IS 'Number of the migration';
COMMENT ON COLUMN rollcall.schema_version.file IS 'Name of its file';
COMMENT ON COLUMN rollcall.schema_version.applied_at IS 'When it was applied';
COMMENT ON COLUMN rollcall.schema_version.applied_by IS
  'Database role that applied it';

CREATE TABLE rollcall.changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  table_name text NOT NULL,
  key text,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX changes_xid ON rollcall.changes (xid);
COMMENT ON TABLE rollcall.changes IS
  'What administrators changed and the running server has yet to hear, or heard
lately; written by triggers, read and pruned by the daemon';
COMMENT ON COLUMN rollcall.changes.id IS 'Order of the changes';
COMMENT ON COLUMN rollcall.changes.xid IS 'The transaction that made the change';
COMMENT ON COLUMN rollcall.changes.table_name IS 'The table that changed';
COMMENT ON COLUMN rollcall.changes.key IS
  'Key of the changed row; NULL: reload the whole table';
COMMENT ON COLUMN rollcall.changes.at IS 'When the transaction began';

CREATE TABLE rollcall.audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL DEFAULT session_user,
  program text DEFAULT current_setting('application_name', true),
  table_name text NOT NULL,
  action text NOT NULL
    CHECK (action IN ('insert', 'update', 'delete', 'truncate')),
  key text,
  detail jsonb
);
CREATE INDEX audit_at ON rollcall.audit (at);
COMMENT ON TABLE rollcall.audit IS
  'Who changed what and when; never holds a password or its hash';
COMMENT ON COLUMN rollcall.audit.id IS 'Order of the entries';
COMMENT ON COLUMN rollcall.audit.at IS 'When the transaction began';
COMMENT ON COLUMN rollcall.audit.actor IS 'Database role that did it';
COMMENT ON COLUMN rollcall.audit.program IS
  'application_name of its session: psql, rollcallctl';
COMMENT ON COLUMN rollcall.audit.table_name IS 'The table that changed';
COMMENT ON COLUMN rollcall.audit.action IS 'insert, update, delete or truncate';
COMMENT ON COLUMN rollcall.audit.key IS 'Key of the row; NULL for truncate';
COMMENT ON COLUMN rollcall.audit.detail IS
  'The columns'' new values (delete: the old ones); a changed password is
"password": "changed"';

CREATE FUNCTION rollcall.is_daemon() RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT coalesce(current_setting('rollcall.origin', true), '') = 'daemon' $$;
COMMENT ON FUNCTION rollcall.is_daemon() IS
  'Is this session the daemon''s (rollcall.origin is set to ''daemon'')?';

CREATE FUNCTION rollcall.guard_daemon_table() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  IF NOT rollcall.is_daemon() THEN
    RAISE EXCEPTION 'table %.% belongs to the running server and is read-only',
        TG_TABLE_SCHEMA, TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege',
        HINT = 'Administrators write users, contacts, watchers and settings.';
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.guard_daemon_table() IS
  'Trigger: refuses a statement that would write to a table of the daemon''s';

CREATE FUNCTION rollcall.note_changes(table_name text, keys text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF keys = '{}' OR rollcall.is_daemon() THEN
    RETURN;
  ELSIF keys IS NULL OR cardinality(keys) > 1000 THEN
    INSERT INTO rollcall.changes (table_name, key)
      VALUES (note_changes.table_name, NULL);
  ELSE
    INSERT INTO rollcall.changes (table_name, key)
      SELECT note_changes.table_name, k FROM unnest(keys) AS k;
  END IF;
  -- PostgreSQL sends equal notifications of one transaction once.
  PERFORM pg_notify('rollcall_changes', '');
END $$;
COMMENT ON FUNCTION rollcall.note_changes(text, text[]) IS
  'Tells the daemon which rows of a table changed; NULL or more than 1,000 keys:
the whole table';
REVOKE ALL ON FUNCTION rollcall.note_changes(text, text[]) FROM PUBLIC;

-- SPDX-License-Identifier: ISC
--
-- Permanent presence (RFC 4827) is seen by watchers, so what happens to those
-- documents is told to the running server: they are removed with their user, and
-- administrators may write them.  All others stay the server's: what hangs
-- together with them (contacts, addresses of services) is kept by its functions.

DROP TRIGGER guard ON rollcall.xcap_documents;
CREATE TRIGGER guard BEFORE TRUNCATE ON rollcall.xcap_documents
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION rollcall.guard_daemon_table();

CREATE FUNCTION rollcall.guard_document() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
  name text;
BEGIN
  IF TG_OP <> 'INSERT' AND OLD.auid <> 'pidf-manipulation'
      OR TG_OP <> 'DELETE' AND NEW.auid <> 'pidf-manipulation' THEN
    RAISE EXCEPTION 'table %.% belongs to the running server and is read-only',
        TG_TABLE_SCHEMA, TG_TABLE_NAME
      USING ERRCODE = 'insufficient_privilege',
        HINT = 'Of the documents administrators write pidf-manipulation alone.';
  ELSIF TG_OP = 'DELETE' THEN
    RETURN OLD;
  ELSIF NEW.filename IS DISTINCT FROM 'index' THEN
    RAISE EXCEPTION 'a user has one document of pidf-manipulation, "index"'
      USING ERRCODE = 'check_violation';
  END IF;
  SELECT u.aor INTO name FROM rollcall.users u
    WHERE lower(u.aor COLLATE "C") = lower(NEW.owner COLLATE "C")
    FOR KEY SHARE;
  IF name IS NULL THEN
    RAISE EXCEPTION 'no such user: %', NEW.owner USING ERRCODE = 'RC003';
  END IF;
  NEW.owner := name;
  NEW.etag := replace(gen_random_uuid()::text, '-', '');
  NEW.updated_at := now();
  RETURN NEW;
END $$;
COMMENT ON FUNCTION rollcall.guard_document() IS
  'Trigger: refuses to write any document of the server''s but permanent presence,
which gets a new entity tag';
CREATE TRIGGER guard_row BEFORE INSERT OR UPDATE OR DELETE
  ON rollcall.xcap_documents
  FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND NOT rollcall.is_daemon())
  EXECUTE FUNCTION rollcall.guard_document();

-- Of the rows of one statement those that are permanent presence.
CREATE FUNCTION rollcall.note_permanent(action text, owners text[], etags text[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF cardinality(owners) > 0 THEN
    PERFORM rollcall.note_rows('xcap_documents', action, owners,
      (SELECT array_agg(jsonb_build_object('auid', 'pidf-manipulation',
          'etag', i.etag) ORDER BY i.n)
        FROM unnest(etags) WITH ORDINALITY AS i (etag, n)));
  END IF;
END $$;
COMMENT ON FUNCTION rollcall.note_permanent(text, text[], text[]) IS
  'Notes documents of pidf-manipulation with these entity tags in changes and
audit';
REVOKE ALL ON FUNCTION rollcall.note_permanent(text, text[], text[])
  FROM PUBLIC;

CREATE FUNCTION rollcall.documents_inserted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM rollcall.note_permanent('insert', array_agg(f.owner),
      array_agg(f.etag))
    FROM fresh f WHERE f.auid = 'pidf-manipulation';
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.documents_inserted() IS
  'Trigger: notes added documents of pidf-manipulation';
CREATE TRIGGER inserted AFTER INSERT ON rollcall.xcap_documents
  REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (NOT rollcall.is_daemon())
  EXECUTE FUNCTION rollcall.documents_inserted();

CREATE FUNCTION rollcall.documents_updated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM rollcall.note_permanent('update', array_agg(r.owner),
      array_agg(r.etag))
    FROM (SELECT f.owner, f.etag FROM fresh f
            WHERE f.auid = 'pidf-manipulation'
          UNION ALL SELECT s.owner, NULL FROM stale s
            WHERE s.auid = 'pidf-manipulation'
              AND NOT EXISTS (SELECT FROM fresh f WHERE f.auid = s.auid
                AND f.owner = s.owner)) r;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.documents_updated() IS
  'Trigger: notes changed documents of pidf-manipulation';
CREATE TRIGGER updated AFTER UPDATE ON rollcall.xcap_documents
  REFERENCING OLD TABLE AS stale NEW TABLE AS fresh
  FOR EACH STATEMENT WHEN (NOT rollcall.is_daemon())
  EXECUTE FUNCTION rollcall.documents_updated();

CREATE FUNCTION rollcall.documents_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM rollcall.note_permanent('delete', array_agg(s.owner),
      array_agg(s.etag))
    FROM stale s WHERE s.auid = 'pidf-manipulation';
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.documents_deleted() IS
  'Trigger: notes removed documents of pidf-manipulation';
CREATE TRIGGER deleted AFTER DELETE ON rollcall.xcap_documents
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT WHEN (NOT rollcall.is_daemon())
  EXECUTE FUNCTION rollcall.documents_deleted();

COMMENT ON TABLE rollcall.xcap_documents IS
  'Documents of XCAP (RFC 4825) as clients stored them; resource-lists/index is
the frame around the rows of contacts; pidf-manipulation/index is the presence of
a user that is there without any device, which administrators may write, too';

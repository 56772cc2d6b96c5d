-- SPDX-License-Identifier: ISC
--
-- Messages that wait, and the ledger of what became of all: written by the
-- server in batches, so with as few indexes as its questions need.  Nothing has
-- ever been written to these tables before.

DROP TRIGGER guard ON rollcall.messages;
DROP TRIGGER guard ON rollcall.deliveries;
ALTER TABLE rollcall.deliveries DROP CONSTRAINT deliveries_message_id_fkey;
TRUNCATE rollcall.messages, rollcall.deliveries;
DROP INDEX rollcall.messages_recipient;
ALTER TABLE rollcall.messages
  DROP CONSTRAINT messages_call_id_from_tag_cseq_key,
  ALTER COLUMN id TYPE bigint USING 0,
  ALTER COLUMN call_id TYPE text COLLATE "C",
  ALTER COLUMN from_tag TYPE text COLLATE "C",
  ALTER COLUMN imdn_id TYPE text COLLATE "C";
ALTER TABLE rollcall.deliveries ADD COLUMN is_final boolean NOT NULL DEFAULT false;
ALTER TABLE rollcall.deliveries
  ALTER COLUMN message_id TYPE bigint USING 0,
  ALTER COLUMN device TYPE text COLLATE "C";
-- A delivery's row is written two or three times and stays on its page (HOT); a
-- message's second version, without its body, needs new entries in the indexes
-- all the same, since one of them asks for the body.
ALTER TABLE rollcall.deliveries SET (fillfactor = 80);

CREATE UNIQUE INDEX messages_request ON rollcall.messages
  (call_id, from_tag, cseq, recipient COLLATE "C");
-- What has expired is found by a walk through this one, which costs less than an
-- index of its own for each message.
CREATE INDEX messages_waiting ON rollcall.messages
  (lower(recipient COLLATE "C"), id) INCLUDE (expires_at) WHERE body IS NOT NULL;
CREATE INDEX messages_imdn ON rollcall.messages (imdn_id)
  WHERE imdn_id IS NOT NULL;

COMMENT ON TABLE rollcall.messages IS
  'The ledger of messages, one row per recipient; headers and body are there
only while it waits for delivery';
COMMENT ON COLUMN rollcall.messages.id IS
  'Chosen by the server: grows from message to message, not below the
microseconds since 1970';
COMMENT ON COLUMN rollcall.messages.call_id IS
  'Call-ID of the MESSAGE; all copies of a broadcast have it';
COMMENT ON COLUMN rollcall.messages.from_tag IS
  'From tag of the MESSAGE; empty: it had none';
COMMENT ON COLUMN rollcall.messages.sender IS
  'Who wrote it: user@domain, without scheme';
COMMENT ON COLUMN rollcall.messages.recipient IS
  'For whom it is: user@domain, without scheme';
COMMENT ON COLUMN rollcall.messages.headers IS
  'Headers that are delivered with it; NULL once it does not wait';
COMMENT ON COLUMN rollcall.messages.body IS
  'What was written; NULL once it was delivered or expired, and for messages that
never had to wait';
COMMENT ON COLUMN rollcall.messages.created_at IS 'When it arrived';
COMMENT ON TABLE rollcall.deliveries IS
  'What became of each message, per device; they go with their message';
COMMENT ON COLUMN rollcall.deliveries.message_id IS 'The message: messages.id';
COMMENT ON COLUMN rollcall.deliveries.device IS
  'The device: its +sip.instance, else its Contact; empty: none (expired)';
COMMENT ON COLUMN rollcall.deliveries.state IS
  'sent (not answered yet), delivered, failed, expired or displayed; queued is
for message_log alone';
COMMENT ON COLUMN rollcall.deliveries.status IS
  'SIP status of its answer; NULL: none';
COMMENT ON COLUMN rollcall.deliveries.is_final IS
  'true: of a message that waited, and settled: this device took it, will never
take it (failed), or nobody did (expired); false: only told';

-- --- What administrators may do: remove messages ---

CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON rollcall.messages
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.deliveries
  FOR EACH STATEMENT WHEN (pg_trigger_depth() = 0)
  EXECUTE FUNCTION rollcall.guard_daemon_table();

CREATE FUNCTION rollcall.messages_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM rollcall.deliveries;
    PERFORM rollcall.note_changes('messages', NULL);
    RETURN NULL;
  END IF;
  DELETE FROM rollcall.deliveries d
    WHERE d.message_id = ANY (ARRAY(SELECT s.id FROM stale s));
  IF NOT rollcall.is_daemon() THEN
    PERFORM rollcall.note_changes('messages', (
      SELECT coalesce(array_agg(DISTINCT s.recipient), '{}')
        FROM stale s WHERE s.body IS NOT NULL));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.messages_deleted() IS
  'Trigger: deliveries go with their message, and the server hears whose waiting
messages were removed';
CREATE TRIGGER deleted AFTER DELETE ON rollcall.messages
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.messages_deleted();
CREATE TRIGGER truncated AFTER TRUNCATE ON rollcall.messages
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.messages_deleted();

CREATE FUNCTION rollcall.drop_messages() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    DELETE FROM rollcall.messages WHERE body IS NOT NULL;
  ELSE
    DELETE FROM rollcall.messages m
      WHERE m.body IS NOT NULL AND lower(m.recipient COLLATE "C") IN
        (SELECT lower(s.aor COLLATE "C") FROM stale s);
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION rollcall.drop_messages() IS
  'Trigger: the waiting messages of removed users go with them';
CREATE TRIGGER drop_messages AFTER DELETE ON rollcall.users
  REFERENCING OLD TABLE AS stale
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.drop_messages();
CREATE TRIGGER drop_messages_truncated AFTER TRUNCATE ON rollcall.users
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.drop_messages();

-- The guard of deliveries lets the server pass, and this.
CREATE FUNCTION rollcall.drop_failures(id bigint) RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET rollcall.origin = 'daemon'
AS $$
  WITH gone AS (
    DELETE FROM rollcall.deliveries d
      WHERE d.message_id = drop_failures.id AND d.state = 'failed'
      RETURNING 1
  ) SELECT count(*) FROM gone
$$;
COMMENT ON FUNCTION rollcall.drop_failures(bigint) IS
  'Removes the failed deliveries of a message, for retry_message';
REVOKE ALL ON FUNCTION rollcall.drop_failures(bigint) FROM PUBLIC;

CREATE FUNCTION rollcall.retry_message(id bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  target text;
BEGIN
  IF NOT has_table_privilege(session_user, 'rollcall.messages', 'DELETE') THEN
    RAISE EXCEPTION 'only who may remove messages may have them tried again'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT m.recipient INTO target FROM rollcall.messages m
    WHERE m.id = retry_message.id AND m.body IS NOT NULL;
  IF target IS NULL THEN
    RETURN false;
  END IF;
  PERFORM rollcall.drop_failures(id);
  PERFORM rollcall.note_changes('messages', ARRAY[target]);
  RETURN true;
END $$;
COMMENT ON FUNCTION rollcall.retry_message(bigint) IS
  'Has a waiting message tried again, also on devices that refused it; false: no
such message waits';

CREATE VIEW rollcall.message_log AS
  SELECT m.id, m.created_at, m.sender, m.recipient, m.call_id, m.imdn_id,
      d.device, CASE WHEN d.state IS NOT NULL THEN d.state
        WHEN m.body IS NOT NULL THEN 'queued' END AS state, d.status,
      CASE WHEN d.state IS NOT NULL THEN d.at
        WHEN m.body IS NOT NULL THEN m.created_at END AS at
    FROM rollcall.messages m
    LEFT JOIN rollcall.deliveries d ON d.message_id = m.id;
COMMENT ON VIEW rollcall.message_log IS
  'Where each message is: one row per message and device';
COMMENT ON COLUMN rollcall.message_log.id IS 'The message: messages.id';
COMMENT ON COLUMN rollcall.message_log.created_at IS 'When it arrived';
COMMENT ON COLUMN rollcall.message_log.sender IS 'Who wrote it';
COMMENT ON COLUMN rollcall.message_log.recipient IS 'For whom it is';
COMMENT ON COLUMN rollcall.message_log.call_id IS 'Call-ID of the MESSAGE';
COMMENT ON COLUMN rollcall.message_log.imdn_id IS
  'Its Message-ID (RFC 5438); NULL: none';
COMMENT ON COLUMN rollcall.message_log.device IS
  'The device; empty: none took it in time; NULL: no device had it yet';
COMMENT ON COLUMN rollcall.message_log.state IS
  'queued (it waits, no device had it yet), sent, delivered, failed, expired or
displayed; NULL: it went to no device, and does not wait';
COMMENT ON COLUMN rollcall.message_log.status IS
  'SIP status of the device''s answer; NULL: none';
COMMENT ON COLUMN rollcall.message_log.at IS 'When this became so';

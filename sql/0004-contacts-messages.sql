-- SPDX-License-Identifier: ISC
--
-- Contacts and decisions about watchers; messages and what became of them;
-- documents, rooms and health.

CREATE TABLE rollcall.contacts (
  owner text NOT NULL REFERENCES rollcall.users (aor) ON DELETE CASCADE,
  uri text NOT NULL CHECK (uri <> ''),
  display_name text,
  group_name text NOT NULL DEFAULT 'contacts' CHECK (group_name <> ''),
  position integer NOT NULL DEFAULT 0,
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (owner, uri)
);
COMMENT ON TABLE rollcall.contacts IS 'The contact lists of users';
COMMENT ON COLUMN rollcall.contacts.owner IS 'Whose contact it is';
COMMENT ON COLUMN rollcall.contacts.uri IS 'The contact, with scheme';
COMMENT ON COLUMN rollcall.contacts.display_name IS 'The owner''s name for it';
COMMENT ON COLUMN rollcall.contacts.group_name IS 'The list that it is in';
COMMENT ON COLUMN rollcall.contacts.position IS 'Its place in the list';
COMMENT ON COLUMN rollcall.contacts.added_at IS 'When it was added';

CREATE TABLE rollcall.watchers (
  presentity text NOT NULL REFERENCES rollcall.users (aor) ON DELETE CASCADE,
  watcher text NOT NULL CHECK (watcher ~ '@'),
  decision text NOT NULL
    CHECK (decision IN ('pending', 'allow', 'block', 'polite_block')),
  since timestamptz NOT NULL DEFAULT now(),
  decided_by text,
  PRIMARY KEY (presentity, watcher)
);
COMMENT ON TABLE rollcall.watchers IS
  'Decisions about watchers, and requests that wait for one';
COMMENT ON COLUMN rollcall.watchers.presentity IS 'The user watched';
COMMENT ON COLUMN rollcall.watchers.watcher IS
  'Who watches: user@domain, or @domain for all of a domain';
COMMENT ON COLUMN rollcall.watchers.decision IS
  'pending, allow, block or polite_block';
COMMENT ON COLUMN rollcall.watchers.since IS 'When it was asked or decided';
COMMENT ON COLUMN rollcall.watchers.decided_by IS 'Who decided';

CREATE TABLE rollcall.messages (
  id uuid PRIMARY KEY,
  call_id text NOT NULL,
  from_tag text NOT NULL,
  cseq bigint NOT NULL,
  sender text NOT NULL,
  recipient text NOT NULL,
  imdn_id text,
  content_type text,
  headers text,
  body bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  UNIQUE (call_id, from_tag, cseq)
);
CREATE INDEX messages_recipient ON rollcall.messages (recipient, created_at);
COMMENT ON TABLE rollcall.messages IS
  'The ledger of messages; the body is there only while it waits for delivery';
COMMENT ON COLUMN rollcall.messages.id IS 'Chosen by the server';
COMMENT ON COLUMN rollcall.messages.call_id IS 'Call-ID of the MESSAGE';
COMMENT ON COLUMN rollcall.messages.from_tag IS 'From tag of the MESSAGE';
COMMENT ON COLUMN rollcall.messages.cseq IS 'CSeq of the MESSAGE';
COMMENT ON COLUMN rollcall.messages.sender IS 'Who wrote it';
COMMENT ON COLUMN rollcall.messages.recipient IS 'For whom it is';
COMMENT ON COLUMN rollcall.messages.imdn_id IS 'Its Message-ID (RFC 5438)';
COMMENT ON COLUMN rollcall.messages.content_type IS 'Content-Type of the body';
COMMENT ON COLUMN rollcall.messages.headers IS
  'Headers that are delivered with it';
COMMENT ON COLUMN rollcall.messages.body IS
  'What was written; NULL once delivered';
COMMENT ON COLUMN rollcall.messages.created_at IS 'When it was accepted';
COMMENT ON COLUMN rollcall.messages.expires_at IS
  'Until when its delivery is tried';

CREATE TABLE rollcall.deliveries (
  message_id uuid NOT NULL REFERENCES rollcall.messages (id) ON DELETE CASCADE,
  device text NOT NULL,
  state text NOT NULL CHECK (state IN
    ('queued', 'sent', 'delivered', 'failed', 'expired', 'displayed')),
  status integer,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (message_id, device)
);
COMMENT ON TABLE rollcall.deliveries IS 'Where each message is, per device';
COMMENT ON COLUMN rollcall.deliveries.message_id IS 'The message';
COMMENT ON COLUMN rollcall.deliveries.device IS
  'The device: its +sip.instance, else its Contact';
COMMENT ON COLUMN rollcall.deliveries.state IS
  'queued, sent, delivered, failed, expired or displayed';
COMMENT ON COLUMN rollcall.deliveries.status IS 'SIP status of its answer';
COMMENT ON COLUMN rollcall.deliveries.at IS 'When this became so';

CREATE TABLE rollcall.xcap_documents (
  auid text NOT NULL,
  owner text NOT NULL,
  filename text NOT NULL,
  etag text NOT NULL,
  body bytea NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (auid, owner, filename)
);
COMMENT ON TABLE rollcall.xcap_documents IS 'Documents of XCAP (RFC 4825)';
COMMENT ON COLUMN rollcall.xcap_documents.auid IS 'Application usage';
COMMENT ON COLUMN rollcall.xcap_documents.owner IS
  'The user; empty for a global document';
COMMENT ON COLUMN rollcall.xcap_documents.filename IS 'Name of the document';
COMMENT ON COLUMN rollcall.xcap_documents.etag IS 'Its entity tag';
COMMENT ON COLUMN rollcall.xcap_documents.body IS 'The document';
COMMENT ON COLUMN rollcall.xcap_documents.updated_at IS
  'Time of the last change';

CREATE TABLE rollcall.room_members (
  room text NOT NULL,
  member text NOT NULL,
  nick text NOT NULL,
  joined_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (room, member)
);
COMMENT ON TABLE rollcall.room_members IS
  'SIP users who are in text conferences';
COMMENT ON COLUMN rollcall.room_members.room IS 'Address of the room';
COMMENT ON COLUMN rollcall.room_members.member IS 'The user';
COMMENT ON COLUMN rollcall.room_members.nick IS 'The name used in the room';
COMMENT ON COLUMN rollcall.room_members.joined_at IS 'When the user joined';

CREATE TABLE rollcall.health (
  test text PRIMARY KEY,
  outcome text NOT NULL CHECK (outcome IN ('ok', 'warning', 'failed')),
  problem text,
  solution text,
  at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE rollcall.health IS
  'What the running server found when it last looked at itself';
COMMENT ON COLUMN rollcall.health.test IS 'What was looked at';
COMMENT ON COLUMN rollcall.health.outcome IS 'ok, warning or failed';
COMMENT ON COLUMN rollcall.health.problem IS 'What is wrong';
COMMENT ON COLUMN rollcall.health.solution IS 'What to do about it';
COMMENT ON COLUMN rollcall.health.at IS 'When it was looked at';

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.messages
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.deliveries
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.xcap_documents
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.room_members
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.health
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();

-- SPDX-License-Identifier: ISC
--
-- The daemon's soft state: bindings, publications, subscriptions.  It is the
-- daemon's alone to write.  No index but the primary keys, and room in the
-- pages, so that refreshes stay on their page (HOT).

CREATE TABLE rollcall.bindings (
  aor text NOT NULL,
  key text NOT NULL,
  contact text NOT NULL,
  params text,
  instance text,
  reg_id bigint NOT NULL DEFAULT 0,
  path text,
  q integer NOT NULL DEFAULT 1000,
  call_id text NOT NULL,
  cseq bigint NOT NULL,
  received text,
  user_agent text,
  expires_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (aor, key)
) WITH (fillfactor = 70);
COMMENT ON TABLE rollcall.bindings IS
  'Where users are signed in: one row per registered contact (RFC 3261 10)';
COMMENT ON COLUMN rollcall.bindings.aor IS 'The user, as in users';
COMMENT ON COLUMN rollcall.bindings.key IS
  'Canonical form of the contact, by which contacts are compared';
COMMENT ON COLUMN rollcall.bindings.contact IS 'Contact URI as the device gave it';
COMMENT ON COLUMN rollcall.bindings.params IS
  'Its other Contact parameters as given';
COMMENT ON COLUMN rollcall.bindings.instance IS
  'The device: its +sip.instance (RFC 5626), without brackets';
COMMENT ON COLUMN rollcall.bindings.reg_id IS 'reg-id (RFC 5626); 0: none';
COMMENT ON COLUMN rollcall.bindings.path IS
  'Path (RFC 3327), topmost first, separated by commas';
COMMENT ON COLUMN rollcall.bindings.q IS 'Preference in thousandths';
COMMENT ON COLUMN rollcall.bindings.call_id IS 'Call-ID of the last REGISTER';
COMMENT ON COLUMN rollcall.bindings.cseq IS 'CSeq of the last REGISTER';
COMMENT ON COLUMN rollcall.bindings.received IS
  'Where the last REGISTER came from: transport:address:port';
COMMENT ON COLUMN rollcall.bindings.user_agent IS 'User-Agent of the device';
COMMENT ON COLUMN rollcall.bindings.expires_at IS
  'When the binding ends; one that has ended and names an instance is kept for
30 days, so that its GRUU is known to be away';
COMMENT ON COLUMN rollcall.bindings.updated_at IS 'Time of the last REGISTER';

CREATE TABLE rollcall.publications (
  aor text NOT NULL,
  key text NOT NULL,
  event text NOT NULL,
  etag text NOT NULL,
  device text,
  instance text GENERATED ALWAYS AS
    (CASE WHEN device LIKE 'urn:%' THEN device END) STORED,
  body bytea,
  call_id text,
  from_tag text,
  cseq bigint NOT NULL,
  granted bigint NOT NULL,
  is_removed boolean NOT NULL DEFAULT false,
  published_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (aor, key)
) WITH (fillfactor = 70);
COMMENT ON TABLE rollcall.publications IS
  'What devices published about users (RFC 3903)';
COMMENT ON COLUMN rollcall.publications.aor IS 'The user, as in users';
COMMENT ON COLUMN rollcall.publications.key IS
  'Names the publication through all its entity tags';
COMMENT ON COLUMN rollcall.publications.event IS 'Event package';
COMMENT ON COLUMN rollcall.publications.etag IS 'Its current entity tag';
COMMENT ON COLUMN rollcall.publications.device IS
  'The device that published; NULL: the publication counts as one';
COMMENT ON COLUMN rollcall.publications.instance IS
  '+sip.instance of the device, when it gave one';
COMMENT ON COLUMN rollcall.publications.body IS
  'The document as sent; NULL when it was removed';
COMMENT ON COLUMN rollcall.publications.call_id IS 'Call-ID of the last PUBLISH';
COMMENT ON COLUMN rollcall.publications.from_tag IS
  'From tag of the last PUBLISH';
COMMENT ON COLUMN rollcall.publications.cseq IS 'CSeq of the last PUBLISH';
COMMENT ON COLUMN rollcall.publications.granted IS
  'Seconds that its answer granted';
COMMENT ON COLUMN rollcall.publications.is_removed IS
  'Removed; the row stays a minute so that a repeated request is answered alike';
COMMENT ON COLUMN rollcall.publications.published_at IS
  'When its document was last published';
COMMENT ON COLUMN rollcall.publications.expires_at IS
  'When the publication, or the trace of a removed one, ends';

CREATE TABLE rollcall.subscriptions (
  local_tag text PRIMARY KEY,
  presentity text NOT NULL,
  watcher text NOT NULL,
  package text NOT NULL,
  event text NOT NULL,
  call_id text NOT NULL,
  remote_tag text,
  local_uri text,
  remote_uri text,
  remote_target text,
  instance text,
  route_set text,
  accept text,
  source text,
  local_contact text,
  is_trusted boolean NOT NULL DEFAULT false,
  local_cseq_reserved bigint NOT NULL,
  remote_cseq bigint NOT NULL,
  version_reserved bigint NOT NULL,
  state text NOT NULL
    CHECK (state IN ('pending', 'active', 'terminated')),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE rollcall.subscriptions IS
  'Who watches whom now: one row per subscription dialog (RFC 6665)';
COMMENT ON COLUMN rollcall.subscriptions.local_tag IS
  'The server''s tag; names the dialog';
COMMENT ON COLUMN rollcall.subscriptions.presentity IS 'The user watched';
COMMENT ON COLUMN rollcall.subscriptions.watcher IS 'Who watches';
COMMENT ON COLUMN rollcall.subscriptions.package IS 'Event package';
COMMENT ON COLUMN rollcall.subscriptions.event IS
  'The Event header as the watcher wrote it';
COMMENT ON COLUMN rollcall.subscriptions.call_id IS 'Call-ID of the dialog';
COMMENT ON COLUMN rollcall.subscriptions.remote_tag IS 'The watcher''s tag';
COMMENT ON COLUMN rollcall.subscriptions.local_uri IS
  'To of the SUBSCRIBE, From of the NOTIFYs';
COMMENT ON COLUMN rollcall.subscriptions.remote_uri IS
  'From of the SUBSCRIBE, To of the NOTIFYs';
COMMENT ON COLUMN rollcall.subscriptions.remote_target IS
  'Contact of the watcher''s device';
COMMENT ON COLUMN rollcall.subscriptions.instance IS
  '+sip.instance of that Contact';
COMMENT ON COLUMN rollcall.subscriptions.route_set IS
  'Route set of the dialog, separated by commas';
COMMENT ON COLUMN rollcall.subscriptions.accept IS
  'Accept of the SUBSCRIBE; NULL: none';
COMMENT ON COLUMN rollcall.subscriptions.source IS
  'Where the last SUBSCRIBE came from: transport:address:port';
COMMENT ON COLUMN rollcall.subscriptions.local_contact IS
  'The server''s Contact in this dialog';
COMMENT ON COLUMN rollcall.subscriptions.is_trusted IS
  'It came from a trusted peer';
COMMENT ON COLUMN rollcall.subscriptions.local_cseq_reserved IS
  'The server''s CSeq stays at or below this; after a restart it goes on above';
COMMENT ON COLUMN rollcall.subscriptions.remote_cseq IS
  'CSeq of the last SUBSCRIBE';
COMMENT ON COLUMN rollcall.subscriptions.version_reserved IS
  'Document versions stay at or below this; after a restart they go on above';
COMMENT ON COLUMN rollcall.subscriptions.state IS
  'pending, active or terminated';
COMMENT ON COLUMN rollcall.subscriptions.created_at IS 'When it began';
COMMENT ON COLUMN rollcall.subscriptions.expires_at IS
  'When it ends unless refreshed';

CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.bindings
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.publications
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE
  ON rollcall.subscriptions
  FOR EACH STATEMENT EXECUTE FUNCTION rollcall.guard_daemon_table();

CREATE VIEW rollcall.online AS
  SELECT u.aor, u.display_name, b.contact, b.instance, b.user_agent, b.received,
      b.updated_at AS registered_at, b.expires_at
    FROM rollcall.users u JOIN rollcall.bindings b ON b.aor = u.aor
    WHERE b.expires_at > now() AND u.enabled;
COMMENT ON VIEW rollcall.online IS
  'Who is signed in, and with which devices: one row per device';
COMMENT ON COLUMN rollcall.online.aor IS 'The user';
COMMENT ON COLUMN rollcall.online.display_name IS 'Name for people';
COMMENT ON COLUMN rollcall.online.contact IS 'Contact URI of the device';
COMMENT ON COLUMN rollcall.online.instance IS 'The device''s +sip.instance';
COMMENT ON COLUMN rollcall.online.user_agent IS 'The device''s User-Agent';
COMMENT ON COLUMN rollcall.online.received IS
  'Where it registered from: transport:address:port';
COMMENT ON COLUMN rollcall.online.registered_at IS
  'When it last registered';
COMMENT ON COLUMN rollcall.online.expires_at IS
  'When it must have registered again';

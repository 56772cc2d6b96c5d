-- SPDX-License-Identifier: ISC
--
-- What the daemon must know again after a restart and nobody else at all.

CREATE TABLE rollcall.secrets (
  name text PRIMARY KEY,
  value bytea NOT NULL CHECK (octet_length(value) = 32)
);
COMMENT ON TABLE rollcall.secrets IS
  'Keys of the server that outlive its process; to change one, delete the row
while the server is stopped and insert it again';
COMMENT ON COLUMN rollcall.secrets.name IS
  'server: the key that the nonces of digest authentication are made with';
COMMENT ON COLUMN rollcall.secrets.value IS '32 random bytes';
REVOKE ALL ON rollcall.secrets FROM PUBLIC;

INSERT INTO rollcall.secrets (name, value)
  SELECT 'server',
    sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

-- SPDX-License-Identifier: ISC
--
-- What a SUBSCRIBE said by its body outlives a restart: the documents of an
-- xcap-diff subscription.

ALTER TABLE rollcall.subscriptions ADD COLUMN body_type text;
ALTER TABLE rollcall.subscriptions ADD COLUMN body bytea;
COMMENT ON COLUMN rollcall.subscriptions.body_type IS
  'Type of body; NULL: none';
COMMENT ON COLUMN rollcall.subscriptions.body IS
  'Body of the last SUBSCRIBE that had one, as it came: what is subscribed to';

-- SPDX-License-Identifier: ISC
--
-- Who is in a text conference goes in again by himself after a restart, also where
-- the room asks for a password.

ALTER TABLE rollcall.room_members ADD COLUMN password text;
COMMENT ON COLUMN rollcall.room_members.password IS
  'What the user gave to be let in; NULL: the room asked for none';
COMMENT ON TABLE rollcall.room_members IS
  'SIP users who are in text conferences, and go in again after a restart';
COMMENT ON COLUMN rollcall.subscriptions.presentity IS
  'The user watched; of a subscription to a list its address: user@domain with
;pres-list=NAME (a group of contacts) or ;service, or a domain (the list in
body); of one to a text conference (package conference) that of the room';

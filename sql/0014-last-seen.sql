-- SPDX-License-Identifier: ISC
--
-- Since when somebody is offline is kept among the publications.

COMMENT ON COLUMN rollcall.publications.event IS
  'Event package; last-seen: no publication, but since when (published_at) the
user is offline, kept for 30 days';

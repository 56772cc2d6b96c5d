-- SPDX-License-Identifier: ISC
--
-- Ad hoc watching: who is not among the contacts is watched for a while.

ALTER TABLE rollcall.subscriptions ADD COLUMN adhoc_until timestamptz;
COMMENT ON COLUMN rollcall.subscriptions.adhoc_until IS
  'When an ad hoc subscription ends however it is refreshed (a century away: no
end); NULL: the presentity is among the watcher''s contacts, or is not of that
rule''s concern';

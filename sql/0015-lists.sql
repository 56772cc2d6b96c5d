-- SPDX-License-Identifier: ISC
--
-- Subscriptions to lists (RFC 4662) are rows of subscriptions, too.

COMMENT ON COLUMN rollcall.subscriptions.presentity IS
  'The user watched; of a subscription to a list its address: user@domain with
;pres-list=NAME (a group of contacts) or ;service, or a domain (the list in body)';
COMMENT ON COLUMN rollcall.watcher_usage.watchers IS
  'Distinct addresses with a live presence subscription, active or pending, not
counting the user''s own; those who watch through a list alone are counted by the
running server only';

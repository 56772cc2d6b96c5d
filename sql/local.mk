# SPDX-License-Identifier: ISC
#
# Numbered, forward-only migrations: never change one that was released.
dist_sql_DATA = sql/0001-base.sql sql/0002-users.sql sql/0003-state.sql \
  sql/0004-contacts-messages.sql \
  sql/0005-secrets.sql \
  sql/0006-adhoc.sql \
  sql/0007-contacts.sql \
  sql/0008-subscribe-body.sql \
  sql/0009-documents.sql \
  sql/0010-troubleshooter.sql \
  sql/0011-messages.sql \
  sql/0012-permanent.sql \
  sql/0013-messages-admin.sql \
  sql/0014-last-seen.sql \
  sql/0015-lists.sql \
  sql/0016-rooms.sql

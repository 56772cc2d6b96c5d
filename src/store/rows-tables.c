/* SPDX-License-Identifier: ISC
 *
 * Which column of which table is which field of which struct. */
#include "store/rows.h"

/* A row of aor lives as long as its user may sign in. */
#define OF_ENABLED_USER(column)                                                \
  "EXISTS (SELECT FROM rollcall.users u WHERE u.enabled"                       \
  " AND lower(u.aor COLLATE \"C\") = lower(t." column " COLLATE \"C\"))"

#define B(name, type)                                                          \
  {                                                                            \
#name, type, offsetof(RegBinding, name)                                    \
  }

static const Column binding_columns[] = {
  B (aor, COLUMN_TEXT),        B (key, COLUMN_TEXT),
  B (contact, COLUMN_TEXT),    B (params, COLUMN_TEXT),
  B (instance, COLUMN_TEXT),   B (reg_id, COLUMN_UINT32),
  B (path, COLUMN_TEXT),       B (q, COLUMN_UINT16),
  B (call_id, COLUMN_TEXT),    B (cseq, COLUMN_UINT32),
  B (received, COLUMN_TEXT),   B (user_agent, COLUMN_TEXT),
  B (expires_at, COLUMN_TIME), B (updated_at, COLUMN_TIME),
};

const Table bindings_table = {
  .name = "bindings",
  .put = STORE_PUT_BINDING,
  .drop = STORE_DROP_BINDING,
  .size = sizeof (RegBinding),
  .n_keys = 2,
  .n_columns = G_N_ELEMENTS (binding_columns),
  .columns = binding_columns,
  .keep = OF_ENABLED_USER ("aor"),
  .linger = "(t.instance IS NOT NULL"
            " AND t.expires_at > now() - interval '30 days')",
};

#define P(name, type)                                                          \
  {                                                                            \
#name, type, offsetof(PresenceRow, name)                                   \
  }

static const Column publication_columns[] = {
  P (aor, COLUMN_TEXT),        P (key, COLUMN_TEXT),
  P (event, COLUMN_TEXT),      P (etag, COLUMN_TEXT),
  P (device, COLUMN_TEXT),     P (body, COLUMN_BYTES),
  P (call_id, COLUMN_TEXT),    P (from_tag, COLUMN_TEXT),
  P (cseq, COLUMN_UINT32),     P (granted, COLUMN_UINT32),
  P (is_removed, COLUMN_BOOL), P (published_at, COLUMN_TIME),
  P (expires_at, COLUMN_TIME),
};

const Table publications_table = {
  .name = "publications",
  .put = STORE_PUT_PUBLICATION,
  .drop = STORE_DROP_PUBLICATION,
  .size = sizeof (PresenceRow),
  .n_keys = 2,
  .n_columns = G_N_ELEMENTS (publication_columns),
  .columns = publication_columns,
  .keep = OF_ENABLED_USER ("aor"),
};

#define S(name, type)                                                          \
  {                                                                            \
#name, type, offsetof(SubsStored, name)                                    \
  }
#define D(name, field, type)                                                   \
  {                                                                            \
    name, type, offsetof (SubsStored, dialog.field)                            \
  }

static const Column subscription_columns[] = {
  D ("local_tag", local_tag, COLUMN_TEXT),
  D ("presentity", presentity, COLUMN_TEXT),
  D ("watcher", watcher, COLUMN_TEXT),
  D ("package", package, COLUMN_INTERNED),
  D ("event", event, COLUMN_TEXT),
  D ("call_id", call_id, COLUMN_TEXT),
  D ("remote_tag", remote_tag, COLUMN_TEXT),
  D ("local_uri", local_uri, COLUMN_TEXT),
  D ("remote_uri", remote_uri, COLUMN_TEXT),
  D ("remote_target", target, COLUMN_TEXT),
  D ("instance", instance, COLUMN_TEXT),
  D ("route_set", route_set, COLUMN_TEXT),
  D ("accept", accept, COLUMN_TEXT),
  D ("source", source, COLUMN_TEXT),
  D ("local_contact", local_contact, COLUMN_TEXT),
  D ("is_trusted", is_trusted, COLUMN_FLAG),
  S (body_type, COLUMN_TEXT),
  S (body, COLUMN_BYTES),
  { "local_cseq_reserved", COLUMN_UINT32,
    offsetof (SubsStored, cseq_reserved) },
  D ("adhoc_until", limit_at, COLUMN_SECONDS),
  S (remote_cseq, COLUMN_UINT32),
  S (version_reserved, COLUMN_UINT32),
  S (state, COLUMN_STATE),
  S (created_at, COLUMN_TIME),
  S (expires_at, COLUMN_TIME),
};

/* Lists (service/lists.h) are no users' presence, and it is seen later whether
 * they are still there.  Nor are those of a domain where nobody is a user: of
 * XMPP, as long as there is a link, and of rooms.
 * A watcher may be of another domain, so only one who is known not to be
 * allowed any more counts: a disabled user, or one removed while the daemon was
 * away (rows of `changes` that it has not seen). */
const Table subscriptions_table = {
  .name = "subscriptions",
  .put = STORE_PUT_SUBSCRIPTION,
  .drop = STORE_DROP_SUBSCRIPTION,
  .size = sizeof (SubsStored),
  .n_keys = 1,
  .n_columns = G_N_ELEMENTS (subscription_columns),
  .columns = subscription_columns,
  .keep = "(t.presentity ~ '(^[^@]*|;[^@]*)$' OR " OF_ENABLED_USER (
      "presentity") " OR lower(split_part(t.presentity, '@', 2)) NOT IN ("
                    "SELECT lower(split_part(u.aor, '@', 2))"
                    " FROM rollcall.users u)) AND lower(t.watcher COLLATE "
                    "\"C\") NOT IN ("
                    "SELECT lower(u.aor COLLATE \"C\") FROM rollcall.users u"
                    " WHERE NOT u.enabled"
                    " UNION ALL SELECT lower(c.key COLLATE \"C\") FROM "
                    "rollcall.changes c"
                    " WHERE c.table_name = 'users' AND c.key IS NOT NULL AND "
                    "NOT EXISTS ("
                    "SELECT FROM rollcall.users u WHERE u.aor = c.key))",
};

#define M(name)                                                                \
  {                                                                            \
#name, COLUMN_TEXT, offsetof(StoreMember, name)                            \
  }

static const Column member_columns[] = {
  M (room),
  M (member),
  M (nick),
  M (password),
};

const Table members_table = {
  .name = "room_members",
  .put = STORE_PUT_MEMBER,
  .drop = STORE_DROP_MEMBER,
  .size = sizeof (StoreMember),
  .n_keys = 2,
  .n_columns = G_N_ELEMENTS (member_columns),
  .columns = member_columns,
  .is_lasting = TRUE,
  .keep = OF_ENABLED_USER ("member"),
};

#define R(name)                                                                \
  {                                                                            \
#name, COLUMN_TEXT, offsetof(StoreRequest, name)                           \
  }

static const Column request_columns[] = {
  R (presentity),
  R (watcher),
  R (decision),
};

/* Of `watchers` the server writes requests only. */
const Table requests_table = {
  .name = "watchers",
  .put = STORE_ADD_REQUEST,
  .drop = STORE_DROP_REQUEST,
  .drop_if = "t.decision = 'pending'",
  .size = sizeof (StoreRequest),
  .n_keys = 2,
  .n_columns = G_N_ELEMENTS (request_columns),
  .columns = request_columns,
  .is_added = TRUE,
};

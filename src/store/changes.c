/* SPDX-License-Identifier: ISC
 *
 * Reading `changes` so that nothing is missed and nothing waits for strangers.
 *
 * Rows become visible when their transaction commits, not in the order of their
 * ids.  So each read takes every visible row of the transactions at or above
 * the horizon, and moves the horizon to the oldest transaction that was still
 * running then: what that one and later ones commit is seen by the next read.
 * Rows at or above the horizon are seen again by it; their ids are remembered
 * till then.  The current row of the user comes with the change, from the same
 * snapshot.
 *
 * The horizon holds for one life of PostgreSQL.  One that crashed has lost what
 * was not yet on its disk and gives those transaction ids out once more; so has
 * a standby that took over, or a backup that was restored.  Rows below the
 * horizon may be new then, and what was in force may never have been: all the
 * tables are read again. */
#define G_LOG_DOMAIN "store"
#include "store/changes.h"

#include <string.h>

#include "codec/xcap-settings.h"
#include "store/settings.h"
#include "store/users.h"

/* What is noted of xcap_documents is about this usage alone. */
#define PERMANENT "pidf-manipulation"
#define PRUNE_EVERY ((gint64)60 * G_USEC_PER_SEC)

typedef struct {
  StoreDoneFn done;
  gpointer data;
  gint64 at;
} Wait;

struct Changes {
  ChangesConfig config;
  guint64 horizon, next_horizon;
  char *life;       /* what the horizon belongs to */
  GHashTable *seen; /* id -> xid, both gint64 * */
  gboolean is_started, is_reading, is_wanted;
  gboolean wants_users, wants_settings, wants_permanents; /* as a whole */
  GQueue next, now; /* Wait: for the next read, for the one in flight */
  gint64 pruned_at;
};

enum { XMIN, LIFE, ID, XID, TABLE, KEY, USER };

static void
settle (GQueue *waits, StoreOutcome outcome, gint64 before)
{
  GQueue due = G_QUEUE_INIT;
  Wait *wait;

  while ((wait = g_queue_peek_head (waits)) != NULL && wait->at < before)
    g_queue_push_tail (&due, g_queue_pop_head (waits));
  while ((wait = g_queue_pop_head (&due)) != NULL) {
    wait->done (outcome, wait->data);
    g_free (wait);
  }
}

static guint64
number (const PGresult *result, int i, int column)
{
  return g_ascii_strtoull (PQgetvalue (result, i, column), NULL, 10);
}

/* --- One read --- */

/* Has this row not been seen before? */
static gboolean
is_news (Changes *self, guint64 id, guint64 xid)
{
  gint64 key = (gint64)id;
  gint64 value = (gint64)xid;

  if (g_hash_table_contains (self->seen, &key))
    return FALSE;
  g_hash_table_insert (self->seen, g_memdup2 (&key, sizeof key),
                       g_memdup2 (&value, sizeof value));
  return TRUE;
}

static gboolean
is_below_cb (gpointer key, gpointer value, gpointer data)
{
  return (guint64) * (gint64 *)value < *(guint64 *)data;
}

static void
prune (Changes *self)
{
  gint64 now = clock_now (self->config.clock);
  g_autofree char *horizon
      = g_strdup_printf ("%" G_GUINT64_FORMAT, self->horizon);

  if (now - self->pruned_at < PRUNE_EVERY)
    return;
  self->pruned_at = now;
  control_ask (self->config.control,
               &(ControlQuery){
                   .sql = "DELETE FROM rollcall.changes WHERE xid < $1::xid8",
                   .param = horizon });
}

static void
finish_read (Changes *self)
{
  self->is_reading = FALSE;
  self->horizon = self->next_horizon;
  g_hash_table_foreach_remove (self->seen, is_below_cb, &self->horizon);
  settle (&self->now, STORE_COMMITTED, G_MAXINT64);
  if (self->is_wanted)
    changes_read (self);
  else
    prune (self);
}

static void read_on (Changes *self);

static void
users_cb (const PGresult *result, gpointer data)
{
  Changes *self = data;

  self->config.users_begin (self->config.data);
  for (int i = 0; i < PQntuples (result); i++) {
    StoreUser *user = user_decode (result, i, 0);
    g_autofree char *aor = g_strdup (user->aor);

    self->config.user_changed (aor, user, self->config.data);
  }
  self->config.users_end (self->config.data);
  read_on (self);
}

static void
settings_cb (const PGresult *result, gpointer data)
{
  Changes *self = data;
  PolicySettings settings;

  settings_decode (result, &settings);
  self->config.settings_changed (&settings, self->config.data);
  read_on (self);
}

/* Who has one now; who has none any more is named by "of anybody". */
static void
permanents_cb (const PGresult *result, gpointer data)
{
  Changes *self = data;

  for (int i = 0; i < PQntuples (result); i++)
    self->config.documents_changed (PERMANENT, PQgetvalue (result, i, 0),
                                    "index", self->config.data);
  read_on (self);
}

static void
ask (Changes *self, const char *sql, ControlAnswerFn answer)
{
  control_ask (self->config.control,
               &(ControlQuery){ .sql = sql, .answer = answer, .data = self });
}

/* What has to be read besides, one after the other. */
static void
read_on (Changes *self)
{
  if (self->wants_settings) {
    self->wants_settings = FALSE;
    ask (self, settings_sql (), settings_cb);
  } else if (self->wants_users) {
    self->wants_users = FALSE;
    ask (self, "SELECT " USER_COLUMNS " FROM rollcall.users u", users_cb);
  } else if (self->wants_permanents) {
    self->wants_permanents = FALSE;
    ask (self,
         "SELECT owner FROM rollcall.xcap_documents"
         " WHERE auid = '" PERMANENT "' AND owner <> ''",
         permanents_cb);
  } else {
    finish_read (self);
  }
}

/* NULL: the whole table. */
static const char *
key_of (const PGresult *result, int i)
{
  return PQgetisnull (result, i, KEY) ? NULL : PQgetvalue (result, i, KEY);
}

/* Of one owner, or of any. */
static void
tell_documents (Changes *self, const char *auid, const char *owner,
                const char *name)
{
  self->config.documents_changed (auid, owner, owner != NULL ? name : NULL,
                                  self->config.data);
}

/* The settings of a user; all documents of one who is gone. */
static void
tell_user_documents (Changes *self, const PGresult *result, int i)
{
  gboolean is_gone
      = !PQgetisnull (result, i, KEY) && PQgetisnull (result, i, USER);

  tell_documents (self, is_gone ? NULL : XCAP_SETTINGS_AUID, key_of (result, i),
                  is_gone ? NULL : XCAP_SETTINGS_NAME);
}

static void
tell_user (Changes *self, const PGresult *result, int i)
{
  if (PQgetisnull (result, i, KEY))
    self->wants_users = TRUE;
  else
    self->config.user_changed (PQgetvalue (result, i, KEY),
                               user_decode (result, i, USER),
                               self->config.data);
}

static void
tell_settings (Changes *self, const PGresult *result, int i)
{
  self->wants_settings = TRUE;
}

static void
tell_policy_document (Changes *self, const PGresult *result, int i)
{
  self->config.documents_changed (XCAP_SETTINGS_AUID, NULL, XCAP_POLICY_NAME,
                                  self->config.data);
}

static void
tell_policy (Changes *self, const PGresult *result, int i)
{
  self->config.policy_changed (key_of (result, i), self->config.data);
}

static void
tell_lists (Changes *self, const PGresult *result, int i)
{
  tell_documents (self, "resource-lists", key_of (result, i), "index");
}

static void
tell_messages (Changes *self, const PGresult *result, int i)
{
  self->config.messages_changed (key_of (result, i), self->config.data);
}

static void
tell_permanent (Changes *self, const PGresult *result, int i)
{
  if (PQgetisnull (result, i, KEY))
    self->wants_permanents = TRUE;
  tell_documents (self, PERMANENT, key_of (result, i), "index");
}

static const struct {
  const char *table;
  void (*tell) (Changes *self, const PGresult *result, int i);
  /* What it says of documents; or NULL. */
  void (*tell_documents) (Changes *self, const PGresult *result, int i);
} followed[] = {
  { "users", tell_user, tell_user_documents },
  { "settings", tell_settings, tell_policy_document },
  { "contacts", tell_policy, tell_lists },
  { "watchers", tell_policy, NULL },
  { "messages", tell_messages, NULL },
  { "xcap_documents", tell_permanent, NULL },
};

static void
tell (Changes *self, const PGresult *result, int i)
{
  const char *table = PQgetvalue (result, i, TABLE);

  for (guint n = 0; n < G_N_ELEMENTS (followed); n++)
    if (strcmp (followed[n].table, table) == 0) {
      followed[n].tell (self, result, i);
      if (followed[n].tell_documents != NULL)
        followed[n].tell_documents (self, result, i);
    }
}

static void read_rows (Changes *self, gboolean is_all);

/* What several rows name is told once. */
static void
rows_cb (const PGresult *result, gpointer data)
{
  Changes *self = data;
  g_autoptr (GHashTable) told
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  self->next_horizon = number (result, 0, XMIN);
  for (int i = 0; i < PQntuples (result); i++)
    if (!PQgetisnull (result, i, ID)
        && is_news (self, number (result, i, ID), number (result, i, XID))
        && g_hash_table_add (told,
                             g_strconcat (PQgetvalue (result, i, TABLE), " ",
                                          PQgetisnull (result, i, KEY)
                                              ? ""
                                              : PQgetvalue (result, i, KEY),
                                          NULL)))
      tell (self, result, i);
  read_on (self);
}

static void
changes_cb (const PGresult *result, gpointer data)
{
  Changes *self = data;
  const char *life = PQgetvalue (result, 0, LIFE);

  if (strcmp (life, self->life) == 0) {
    rows_cb (result, self);
    return;
  }
  g_message ("PostgreSQL was started again: all that is followed is read");
  g_free (self->life);
  self->life = g_strdup (life);
  g_hash_table_remove_all (self->seen);
  read_rows (self, TRUE);
}

/* As rows of `changes` that name each table as a whole. */
static char *
all_tables (void)
{
  GString *sql
      = g_string_new ("(SELECT -row_number() OVER () AS id, '0'::xid8 AS xid,"
                      " name AS table_name, NULL AS key FROM unnest('{");

  for (guint n = 0; n < G_N_ELEMENTS (followed); n++)
    g_string_append_printf (sql, "%s%s", n > 0 ? "," : "", followed[n].table);
  g_string_append (sql, "}'::text[]) AS name)");
  return g_string_free (sql, FALSE);
}

/* What is at or above the horizon, or all the tables. */
static void
read_rows (Changes *self, gboolean is_all)
{
  g_autofree char *horizon
      = g_strdup_printf ("%" G_GUINT64_FORMAT, is_all ? 0 : self->horizon);
  g_autofree char *rows
      = is_all ? all_tables () : g_strdup ("rollcall.changes");
  g_autofree char *sql = g_strdup_printf (
      "SELECT s.xmin, s.life, c.id, c.xid, c.table_name, c.key, " USER_COLUMNS
      " FROM (SELECT pg_snapshot_xmin(pg_current_snapshot()) AS xmin,"
      "   " CHANGES_LIFE " AS life) s"
      " LEFT JOIN %s c ON c.xid >= $1::xid8"
      " LEFT JOIN rollcall.users u"
      "   ON c.table_name = 'users' AND u.aor = c.key"
      " ORDER BY c.id",
      rows);

  control_ask (self->config.control,
               &(ControlQuery){ .sql = sql,
                                .param = horizon,
                                .answer = is_all ? rows_cb : changes_cb,
                                .data = self });
}

void
changes_read (Changes *self)
{
  self->is_wanted = TRUE;
  if (self->is_reading || !self->is_started
      || !control_is_ready (self->config.control))
    return;
  self->is_wanted = FALSE;
  self->is_reading = TRUE;
  for (Wait *wait; (wait = g_queue_pop_head (&self->next)) != NULL;)
    g_queue_push_tail (&self->now, wait);
  read_rows (self, FALSE);
}

void
changes_lost (Changes *self)
{
  Wait *wait;

  if (self->is_reading)
    g_hash_table_remove_all (self->seen); /* told again: no harm */
  self->is_reading = FALSE;
  while ((wait = g_queue_pop_tail (&self->now)) != NULL)
    g_queue_push_head (&self->next, wait);
}

void
changes_start (Changes *self, guint64 horizon, const char *life)
{
  self->horizon = horizon;
  self->life = g_strdup (life);
  self->is_started = TRUE;
  self->pruned_at = clock_now (self->config.clock);
  changes_read (self);
}

/* --- Syncs --- */

void
changes_sync (Changes *self, StoreDoneFn done, gpointer data)
{
  Wait *wait = g_new0 (Wait, 1);

  wait->done = done;
  wait->data = data;
  wait->at = clock_now (self->config.clock);
  g_queue_push_tail (&self->next, wait);
  changes_read (self);
}

void
changes_give_up (Changes *self, gint64 before)
{
  settle (&self->now, STORE_AWAY, before);
  settle (&self->next, STORE_AWAY, before);
}

gboolean
changes_is_waiting (const Changes *self)
{
  return self->now.length > 0 || self->next.length > 0;
}

/* --- Life --- */

Changes *
changes_new (const ChangesConfig *config)
{
  Changes *self = g_new0 (Changes, 1);

  self->config = *config;
  self->seen
      = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  return self;
}

void
changes_free (Changes *self)
{
  if (self == NULL)
    return;
  g_queue_clear_full (&self->now, g_free);
  g_queue_clear_full (&self->next, g_free);
  g_hash_table_unref (self->seen);
  g_free (self->life);
  g_free (self);
}

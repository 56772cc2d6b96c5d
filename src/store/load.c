/* SPDX-License-Identifier: ISC
 *
 * The first load.  What is read is collected before any of it is told, so that
 * a session lost in the middle can begin again. */
#define G_LOG_DOMAIN "store"
#include "store/load.h"

#include <string.h>

#include "base/ids.h"
#include "store/changes.h"
#include "store/messages-load.h"
#include "store/rows.h"
#include "store/settings.h"
#include "store/users.h"

#define PORTION 1000 /* rows told in one turn */

struct Load {
  LoadConfig config;
  guint64 horizon;
  char *life;
  gint64 base;      /* the monotonic time of the snapshot */
  GPtrArray *users; /* StoreUser */
  GPtrArray *rows[ROW_TABLES];
  MessagesLoad *messages;
  GPtrArray *permanents; /* Permanent */
  guint8 secret[STORE_SECRET_LEN];
  PolicySettings settings;
  guint told; /* of all of them */
  gboolean is_read;
  LoopTimer *timer;
};

typedef struct {
  char *owner;
  GBytes *body;
} Permanent;

static void
permanent_free (gpointer data)
{
  Permanent *self = data;

  g_free (self->owner);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

static void
clear (Load *self)
{
  g_ptr_array_set_size (self->permanents, 0);
  g_ptr_array_set_size (self->users, 0);
  for (guint t = 0; t < ROW_TABLES; t++) {
    for (guint i = 0; i < self->rows[t]->len; i++)
      row_free (row_table_at (t), g_ptr_array_index (self->rows[t], i));
    g_ptr_array_set_size (self->rows[t], 0);
  }
}

/* --- Telling --- */

static void
tell_row (Load *self, guint t, gpointer row)
{
  switch (row_table_at (t)->put) {
  case STORE_PUT_BINDING:
    self->config.fns.binding (row, self->config.fns_data);
    break;
  case STORE_PUT_PUBLICATION:
    self->config.fns.publication (row, self->config.fns_data);
    break;
  case STORE_PUT_MEMBER:
    if (self->config.fns.member != NULL)
      self->config.fns.member (row, self->config.fns_data);
    else
      store_member_free (row);
    break;
  default:
    self->config.fns.subscription (row, self->config.fns_data);
  }
}

static void
tell_permanent (Load *self, Permanent *permanent)
{
  if (self->config.fns.permanent != NULL)
    self->config.fns.permanent (permanent->owner,
                                g_steal_pointer (&permanent->body),
                                self->config.fns_data);
}

/* Tells the next one; FALSE when there is none. */
static gboolean
tell_next (Load *self)
{
  guint i = self->told++;

  if (i < self->users->len) {
    self->config.fns.user (g_steal_pointer (&self->users->pdata[i]),
                           self->config.fns_data);
    return TRUE;
  }
  i -= self->users->len;
  for (guint t = 0; t < ROW_TABLES; i -= self->rows[t]->len, t++)
    if (i < self->rows[t]->len) {
      tell_row (self, t, g_steal_pointer (&self->rows[t]->pdata[i]));
      return TRUE;
    }
  if (i < self->permanents->len) {
    tell_permanent (self, self->permanents->pdata[i]);
    return TRUE;
  }
  return messages_load_tell (self->messages);
}

static void
tell_cb (gpointer data)
{
  Load *self = data;

  self->timer = NULL;
  for (guint i = 0; i < PORTION; i++)
    if (!tell_next (self)) {
      clear (self);
      self->config.done (self->horizon, self->life, self->config.data);
      return;
    }
  self->timer
      = self->config.loop->after (self->config.loop->self, 0, tell_cb, self);
}

/* --- Reading --- */

static void
secret_cb (const PGresult *result, gpointer data)
{
  Load *self = data;

  if (PQntuples (result) == 1 && PQgetlength (result, 0, 0) == STORE_SECRET_LEN)
    memcpy (self->secret, PQgetvalue (result, 0, 0), STORE_SECRET_LEN);
  else
    g_warning ("rollcall.secrets has no key \"server\": one is made for this "
               "process alone");
}

static void
settings_cb (const PGresult *result, gpointer data)
{
  settings_decode (result, &((Load *)data)->settings);
}

static void
user_cb (const PGresult *result, gpointer data)
{
  Load *self = data;

  for (int i = 0; i < PQntuples (result); i++)
    g_ptr_array_add (self->users, user_decode (result, i, 0));
}

static void
take_rows (Load *self, guint t, const PGresult *result)
{
  for (int i = 0; i < PQntuples (result); i++)
    g_ptr_array_add (self->rows[t],
                     row_decode (row_table_at (t), result, i, self->base));
}

static void
binding_cb (const PGresult *result, gpointer data)
{
  take_rows (data, 0, result);
}

static void
publication_cb (const PGresult *result, gpointer data)
{
  take_rows (data, 1, result);
}

static void
subscription_cb (const PGresult *result, gpointer data)
{
  take_rows (data, 2, result);
}

static void
member_cb (const PGresult *result, gpointer data)
{
  take_rows (data, 3, result);
}

static void
permanent_cb (const PGresult *result, gpointer data)
{
  Load *self = data;

  for (int i = 0; i < PQntuples (result); i++) {
    Permanent *permanent = g_new (Permanent, 1);

    permanent->owner = g_strdup (PQgetvalue (result, i, 0));
    permanent->body = g_bytes_new (PQgetvalue (result, i, 1),
                                   (gsize)PQgetlength (result, i, 1));
    g_ptr_array_add (self->permanents, permanent);
  }
}

static void
horizon_cb (const PGresult *result, gpointer data)
{
  Load *self = data;

  self->horizon = g_ascii_strtoull (PQgetvalue (result, 0, 0), NULL, 10);
  g_free (self->life);
  self->life = g_strdup (PQgetvalue (result, 0, 1));
}

static void
committed_cb (const PGresult *result, gpointer data)
{
  Load *self = data;

  g_debug ("loaded %u users, %u bindings, %u publications, %u subscriptions",
           self->users->len, self->rows[0]->len, self->rows[1]->len,
           self->rows[2]->len);
  self->is_read = TRUE;
  if (self->config.fns.secret != NULL)
    self->config.fns.secret (self->secret, self->config.fns_data);
  if (self->config.fns.settings != NULL)
    self->config.fns.settings (&self->settings, self->config.fns_data);
  self->timer
      = self->config.loop->after (self->config.loop->self, 0, tell_cb, self);
}

static void
ask (Load *self, const char *sql, ControlAnswerFn answer)
{
  control_ask (self->config.control,
               &(ControlQuery){ .sql = sql, .answer = answer, .data = self });
}

/* Who left while nobody was here to see it: the newest of what has expired, as
 * far as that is not known.  Before it is swept. */
static const char left_sql[]
    = "INSERT INTO rollcall.publications AS old (aor, key, event, etag, cseq,"
      " granted, is_removed, published_at, expires_at)"
      " SELECT x.aor, 'last-seen', 'last-seen', '', 0, 0, true, max(x.at),"
      " max(x.at) + interval '30 days' FROM ("
      "SELECT b.aor, b.expires_at AS at FROM rollcall.bindings b"
      " UNION ALL SELECT p.aor, p.expires_at FROM rollcall.publications p"
      " WHERE p.event = 'presence' AND NOT p.is_removed) x"
      " WHERE x.at <= now() AND x.at > now() - interval '30 days'"
      " AND NOT EXISTS (SELECT FROM rollcall.publications s"
      " WHERE s.aor = x.aor AND s.key = 'last-seen' AND s.published_at >= x.at)"
      " GROUP BY x.aor ON CONFLICT (aor, key) DO UPDATE SET"
      " published_at = excluded.published_at, expires_at = excluded.expires_at";

static void
ask_rows (Load *self, guint t)
{
  static const ControlAnswerFn answers[ROW_TABLES]
      = { binding_cb, publication_cb, subscription_cb, member_cb };
  g_autofree char *sql = row_sql_load (row_table_at (t));

  control_ask (self->config.control, &(ControlQuery){ .sql = sql,
                                                      .is_binary = TRUE,
                                                      .is_by_row = TRUE,
                                                      .answer = answers[t],
                                                      .data = self });
}

void
load_start (Load *self)
{
  if (self->is_read)
    return;
  clear (self);
  self->base = clock_now (self->config.clock);
  ask (self, "BEGIN ISOLATION LEVEL REPEATABLE READ", NULL);
  ask (self, "SELECT pg_snapshot_xmin(pg_current_snapshot()), " CHANGES_LIFE,
       horizon_cb);
  rc_random_bytes (self->secret, sizeof self->secret);
  control_ask (self->config.control,
               &(ControlQuery){ .sql = "SELECT value FROM rollcall.secrets"
                                       " WHERE name = 'server'",
                                .is_binary = TRUE,
                                .answer = secret_cb,
                                .data = self });
  ask (self, settings_sql (), settings_cb);
  ask (self, left_sql, NULL);
  for (guint t = 0; t < ROW_TABLES; t++) {
    g_autofree char *sweep = row_sql_sweep (row_table_at (t));

    ask (self, sweep, NULL);
  }
  ask (self,
       "DELETE FROM rollcall.watchers WHERE decision = 'pending'"
       " AND since < now() - interval '30 days'",
       NULL);
  control_ask (
      self->config.control,
      &(ControlQuery){ .sql = "SELECT " USER_COLUMNS " FROM rollcall.users u",
                       .is_by_row = TRUE,
                       .answer = user_cb,
                       .data = self });
  for (guint t = 0; t < ROW_TABLES; t++)
    ask_rows (self, t);
  messages_load_ask (self->messages, self->config.control);
  control_ask (self->config.control,
               &(ControlQuery){ .sql = "SELECT owner, body"
                                       " FROM rollcall.xcap_documents"
                                       " WHERE auid = 'pidf-manipulation'"
                                       " AND owner <> ''"
                                       " AND filename = 'index'",
                                .is_binary = TRUE,
                                .is_by_row = TRUE,
                                .answer = permanent_cb,
                                .data = self });
  ask (self,
       "DELETE FROM rollcall.changes"
       " WHERE xid < pg_snapshot_xmin(pg_current_snapshot())",
       NULL);
  ask (self, "COMMIT", committed_cb);
}

/* --- Life --- */

Load *
load_new (const LoadConfig *config)
{
  Load *self = g_new0 (Load, 1);

  self->config = *config;
  self->users
      = g_ptr_array_new_with_free_func ((GDestroyNotify)store_user_free);
  for (guint t = 0; t < ROW_TABLES; t++)
    self->rows[t] = g_ptr_array_new ();
  self->messages = messages_load_new (&self->config.fns, config->fns_data);
  self->permanents = g_ptr_array_new_with_free_func (permanent_free);
  return self;
}

void
load_free (Load *self)
{
  if (self == NULL)
    return;
  if (self->timer != NULL)
    self->config.loop->remove_timer (self->config.loop->self, self->timer);
  clear (self);
  g_ptr_array_unref (self->users);
  for (guint t = 0; t < ROW_TABLES; t++)
    g_ptr_array_unref (self->rows[t]);
  messages_load_free (self->messages);
  g_ptr_array_unref (self->permanents);
  g_free (self->life);
  g_free (self);
}

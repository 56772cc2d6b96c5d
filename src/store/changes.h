/* SPDX-License-Identifier: ISC
 *
 * Follows the table `changes`: what administrators write comes into force. */
#pragma once
#include "port/store.h"
#include "store/control.h"

typedef struct Changes Changes;

typedef struct {
  Control *control;
  const Clock *clock;
  /* As in StoreEvents. */
  void (*user_changed) (const char *aor, StoreUser *user, gpointer data);
  void (*users_begin) (gpointer data);
  void (*users_end) (gpointer data);
  void (*settings_changed) (const PolicySettings *settings, gpointer data);
  void (*policy_changed) (const char *aor, gpointer data);
  void (*documents_changed) (const char *auid, const char *owner,
                             const char *name, gpointer data);
  void (*messages_changed) (const char *recipient, gpointer data);
  gpointer data;
} ChangesConfig;

Changes *changes_new (const ChangesConfig *config);
/* Waiting syncs are not called. */
void changes_free (Changes *self);

/* SQL: a text that is another one once PostgreSQL has crashed or was started
 * again, or another server took its place.  The statistics of the writer are
 * begun anew when the server recovers from a crash without a restart. */
#define CHANGES_LIFE                                                           \
  "(SELECT concat_ws(' ', pg_postmaster_start_time(), stats_reset)"            \
  " FROM pg_stat_bgwriter)"

/* Everything of transactions below horizon is known, in that life (the value of
 * CHANGES_LIFE, copied) of PostgreSQL; begins to follow. */
void changes_start (Changes *self, guint64 horizon, const char *life);
/* Reads as soon as it can: notified, or connected again. */
void changes_read (Changes *self);
/* The control session is lost: what was being read is read again; when
 * PostgreSQL comes back in another life, everything. */
void changes_lost (Changes *self);

/* Reads; done once all that was committed before this call is in force. */
void changes_sync (Changes *self, StoreDoneFn done, gpointer data);
/* Tells all syncs that began before a time (us) that PostgreSQL is away. */
void changes_give_up (Changes *self, gint64 before);
/* Somebody waits in changes_sync. */
gboolean changes_is_waiting (const Changes *self);

/* SPDX-License-Identifier: ISC
 *
 * For the tests of watch/: a notifier that the test plays, and a clock that the
 * test moves. */
#pragma once
#include "watch/watch-priv.h"

typedef struct {
  Watches *all;
  gint64 now;
  GArray *actions;
  GString *story; /* what was to be done since the last look */
  Watch *watch;   /* the last taken; a reference */
  guint32 cseq;   /* of the last SUBSCRIBE */
  guint32 heard;  /* of the last NOTIFY */
  char *call_id, *tag;
} World;

/* Four dialogs at most, two for each user; bodies of up to 20 bytes. */
extern const WatchLimits WORLD_LIMITS;
/* A fixture. */
void world_set_up (World *w, gconstpointer data);
void world_tear_down (World *w, gconstpointer data);
/* "active", "terminated:rejected"; static. */
const char *world_known (Watch *watch);
/* What was to be done since the last time is this: "new 3600; ask 0; active;
 * free; ". */
void world_expect (World *w, const char *story);
Watch *world_take_for (World *w, const char *user, const char *target,
                       gboolean *is_bounded);
/* Alice watches Eve. */
void world_take (World *w);
void world_drop (World *w);
void world_answer_with (World *w, guint32 cseq, const WatchAnswer *answer);
/* expires: -1 not given. */
void world_answer (World *w, guint status, gint64 expires);
/* Takes a NOTIFY. */
WatchVerdict world_hear (World *w, const WatchNotify *notify);
/* One of the dialog of the last SUBSCRIBE, in order. */
WatchNotify world_a_notify (World *w, const char *state);
void world_notify (World *w, const char *state);
void world_notify_body (World *w, const char *text);
/* retry_after -1, reason NULL: not given. */
void world_end (World *w, const char *reason, gint64 retry_after);
void world_pass (World *w, guint seconds);
/* Moves on until something is to be done, which is this; the seconds that took.
 */
guint world_pass_until (World *w, const char *story);
/* Alice has a dialog, and nothing is out. */
void world_come_up (World *w);

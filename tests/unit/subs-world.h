/* SPDX-License-Identifier: ISC
 *
 * A notifier on a fake clock for the tests of subs/: alice is watched by bob,
 * and what each call wants done becomes one line of text, such as
 * "STORE, NOTIFY 1 active 3600 body". */
#pragma once
#include "subs/subs.h"

#define SEC ((gint64) G_USEC_PER_SEC)
#define EXPECT(call, text) g_assert_cmpstr (call, ==, text)

typedef struct {
  Subs *subs;
  gint64 now;
  GArray *actions;  /* of the last call */
  GString *trace;   /* the same as text */
  GArray *tickets;  /* guint64: STOREs not answered, oldest first */
  guint64 reserve;  /* the RESERVE not answered, or 0 */
  guint32 cseq;     /* of the last NOTIFY */
  gboolean is_gone; /* a FREE was seen */
  Sub *sub;         /* with a reference of the test's */
  guint granted;
  SubsBody *body; /* of the next SUBSCRIBEs; the test's */
  const char *event; /* of the next SUBSCRIBEs; NULL: the usual one */
  gboolean is_quiet; /* the next refreshes want no NOTIFY */
} World;

World *world_new (void);
void world_free (World *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* Bob's dialog, over UDP. */
SubsDialog world_dialog (void);

/* Each runs one call at the world's time and returns what it wants done. */
const char *world_subscribe (World *self, gint64 expires, SubsState state);
const char *world_subscribe_as (World *self, const SubsDialog *dialog,
                                gint64 expires, SubsState state);
/* A SUBSCRIBE in the dialog; its verdict goes before the actions: "OK: ". */
const char *world_refresh (World *self, guint32 cseq, gint64 expires);
const char *world_commit (World *self); /* the oldest STORE */
const char *world_abort (World *self);
const char *world_commit_fetch (World *self);
const char *world_reserved (World *self);
const char *world_changed (World *self);
const char *world_decide (World *self, SubsState state, SubsReason reason);
const char *world_answer (World *self, SubsNotifyResult result,
                          guint retry_after);          /* to the last NOTIFY */
const char *world_skip (World *self); /* the last NOTIFY was not sent */
const char *world_wait (World *self, gdouble seconds); /* and advance */
const char *world_flow_closed (World *self, guint64 flow);
const char *world_resume (World *self, const SubsDevice *device);
const char *world_wake (World *self);

/* Subscribed, committed, first NOTIFY answered. */
World *world_active (void);
World *world_pending (void);

/* Forgets subs and everything in it and puts back what a store would have. */
void world_crash (World *self);

/* SPDX-License-Identifier: ISC
 *
 * Messages to Bob on a fake clock: events as calls, and the actions that follow
 * as text.  His devices are desk, mobile and tablet. */
#pragma once
#include "im/im.h"

#define SEC ((gint64)G_USEC_PER_SEC)
#define ALICE "alice@example.com"
#define BOB "bob@example.com"

typedef struct {
  Im *im;
  GArray *actions;
  ImLimits limits;
  gint64 now;
  guint64 id; /* of the last message */
  const char *const *here;
  guint n_here;
} World;

/* n_here: how many of Bob's devices can be reached. */
World world_new (guint n_here);
void world_clear (World *w);

/* The actions since the last call, in order, as "KINDid:device=status" with ids
 * of messages ("count" has the count instead). */
void expect (World *w, const char *what);

/* The next message to Bob; the short form is one of Alice's that is stored when
 * nobody takes it. */
void message_from (World *w, const char *sender, ImKeep keep,
                   ImContent content);
void message (World *w);
void answered (World *w, guint64 id, const char *device, guint status);
void stored (World *w, guint64 id);
void taken (World *w, guint64 id);
void here (World *w, const char *device);
/* n rows from first on. */
void loaded (World *w, ImLoaded outcome, guint64 first, guint n);
/* Another number than before is told by this call. */
void counted (World *w, guint n);
/* A tick of the wheel more, so that what is due has happened. */
void wait_for (World *w, gdouble seconds);
/* Bob replied to Alice from this device. */
void lock_on (World *w, const char *device);

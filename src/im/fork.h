/* SPDX-License-Identifier: ISC
 *
 * One MESSAGE on its way to several devices, and the one final answer that goes
 * upstream (RFC 3428 5, RFC 3261 16.7): the first 2xx at once, else the best
 * failure when all have answered.  Decides only; knows no SIP type. */
#pragma once
#include <glib.h>

#define IM_FORK_MAX 32

typedef struct ImFork ImFork;

/* n branches, 1..IM_FORK_MAX, all pending. */
ImFork *im_fork_new (guint n);
void im_fork_free (ImFork *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImFork, im_fork_free)

typedef enum {
  IM_WAIT,   /* nothing to say upstream now */
  IM_ANSWER, /* answer upstream with *branch_out's response, exactly once */
} ImStep;

/* Branch (0..n-1) ended with a final SIP status, 408 and 503 standing for its
 * timeout and transport failure.  A second answer of a branch is ignored. Best
 * of 16.7 step 6: any 2xx; else a 6xx; else the lowest class, within 4xx those
 * that tell the client how to mend it first (401 407 415 420 484), a 503 only
 * when nothing else came. */
ImStep im_fork_answer (ImFork *self, guint branch, guint status,
                       guint *branch_out);

/* Time is up: answer with what there is, *branch_out, or -1 when no branch has
 * answered.  IM_WAIT when upstream has been answered already. */
ImStep im_fork_timeout (ImFork *self, gint *branch_out);

/* Has every branch ended (so that it can be freed)? */
gboolean im_fork_is_done (const ImFork *self);

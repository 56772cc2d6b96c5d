/* SPDX-License-Identifier: ISC
 *
 * The response context of one MESSAGE (RFC 3261 16.7). */
#include "im/fork.h"

#include "im/im-priv.h"

struct ImFork {
  guint n, n_ended;
  gint best;            /* branch of the best answer so far, or -1 */
  guint best_rank;      /* the lower the better */
  gboolean is_answered; /* upstream */
  gboolean is_ended[IM_FORK_MAX];
};

ImFork *
im_fork_new (guint n)
{
  ImFork *self;

  g_assert (n >= 1 && n <= IM_FORK_MAX);
  self = g_new0 (ImFork, 1);
  self->n = n;
  self->best = -1;
  return self;
}

void
im_fork_free (ImFork *self)
{
  g_free (self);
}

static ImStep
answer (ImFork *self)
{
  if (self->is_answered)
    return IM_WAIT;
  self->is_answered = TRUE;
  return IM_ANSWER;
}

ImStep
im_fork_answer (ImFork *self, guint branch, guint status, guint *branch_out)
{
  guint rank = im_rank (status);

  g_return_val_if_fail (branch < self->n, IM_WAIT);
  if (status < 200 || self->is_ended[branch])
    return IM_WAIT;
  self->is_ended[branch] = TRUE;
  self->n_ended++;
  if (self->best < 0 || rank < self->best_rank) {
    self->best = (gint)branch;
    self->best_rank = rank;
  }
  *branch_out = (guint)self->best;
  if (status >= 300 && self->n_ended < self->n)
    return IM_WAIT;
  return answer (self);
}

ImStep
im_fork_timeout (ImFork *self, gint *branch_out)
{
  *branch_out = self->best;
  return answer (self);
}

gboolean
im_fork_is_done (const ImFork *self)
{
  return self->n_ended == self->n;
}

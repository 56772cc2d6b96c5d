/* SPDX-License-Identifier: ISC
 *
 * Copies of a message to many: stored at once, given to im/ at a rate. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#define SECOND ((gint64)1000000)

void
mail_pace (Mail *self, Letter *letter)
{
  MessageAnswerFn answer = letter->answer;
  const MessageAnswer out = { .verdict = SERVICE_ACCEPTED };

  letter->answer = NULL;
  g_array_append_val (self->paced, letter->id);
  if (answer == NULL)
    return;
  answer (&out, letter->data);
  service_leave (self->service);
}

/* The rate, for a tick of any length; at least one. */
static guint
turns (Mail *self)
{
  gint64 now = service_now (self->service);
  gint64 passed = MIN (now - self->paced_at, SECOND);

  self->paced_at = now;
  return MAX (1, passed * self->service->limits.broadcast_rate / SECOND);
}

void
mail_pace_on (Mail *self)
{
  guint left = self->paced->len - self->n_paced;
  guint n = turns (self);

  n = MIN (n, left);
  for (guint i = 0; i < n; i++)
    mail_stored (self, g_array_index (self->paced, guint64, self->n_paced++),
                 TRUE);
  if (self->n_paced == self->paced->len) {
    g_array_set_size (self->paced, 0);
    self->n_paced = 0;
  }
}

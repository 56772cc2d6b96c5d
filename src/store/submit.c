/* SPDX-License-Identifier: ISC
 *
 * One submission. */
#include "store/submit.h"

Submit *
submit_new (const StoreWrite *writes, gsize n, gboolean is_durable,
            StoreDoneFn done, gpointer data, gint64 at)
{
  Submit *self = g_new0 (Submit, 1);

  self->writes = g_memdup2 (writes, n * sizeof *writes);
  self->n = n;
  self->is_durable = is_durable;
  self->done = done;
  self->data = data;
  self->at = at;
  return self;
}

Submit *
submit_new_call (Call *call, gint64 at)
{
  Submit *self = g_new0 (Submit, 1);

  self->call = call;
  self->is_durable = call->is_write && !call->is_soft;
  self->at = call->since = at;
  return self;
}

void
submit_free (Submit *self)
{
  if (self == NULL)
    return;
  for (gsize i = 0; i < self->n; i++)
    store_write_clear (&self->writes[i]);
  call_free (self->call);
  g_free (self->writes);
  g_free (self);
}

void
submit_settle (Submit *self, StoreOutcome outcome)
{
  StoreDoneFn done = self->done;

  self->done = NULL;
  if (self->call != NULL)
    call_settle (self->call, outcome);
  if (done != NULL)
    done (outcome, self->data);
}

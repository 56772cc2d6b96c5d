/* SPDX-License-Identifier: ISC
 *
 * Parameters of a call, and its end: see the header. */
#include "store/call.h"

#include <string.h>

#include "store/array.h"

static void
add (Call *self, GBytes *param, gboolean is_binary)
{
  g_assert (self->n_params < CALL_PARAMS_MAX);
  self->params[self->n_params] = param;
  self->is_binary[self->n_params++] = is_binary;
}

void
call_add_text (Call *self, const char *text)
{
  add (self, text != NULL ? g_bytes_new (text, strlen (text) + 1) : NULL,
       FALSE);
}

void
call_add_bytes (Call *self, GBytes *bytes)
{
  add (self, g_bytes_ref (bytes), TRUE);
}

void
call_add_texts (Call *self, const char *const *texts, guint n)
{
  g_autoptr (GString) out = g_string_new ("{");

  for (guint i = 0; i < n; i++)
    array_add (out, texts[i]);
  g_string_append_c (out, '}');
  call_add_text (self, out->str);
}

void
call_clear_params (Call *self)
{
  for (guint i = 0; i < self->n_params; i++)
    g_clear_pointer (&self->params[i], g_bytes_unref);
  self->n_params = 0;
}

static void
choose_attempt (Call *self)
{
  gboolean is_doubtful = self->is_sent || self->late != NULL;

  self->attempt = self->is_late && is_doubtful ? CALL_RESOLVE
                  : self->is_sent              ? CALL_AGAIN
                                               : CALL_FIRST;
  if (self->prepare != NULL)
    self->prepare (self, self->attempt);
}

gboolean
call_send (Call *self, PGconn *pg)
{
  static const char *const attempts[] = { "first", "again", "resolve" };
  const char *values[CALL_PARAMS_MAX];
  int lengths[CALL_PARAMS_MAX], formats[CALL_PARAMS_MAX];

  choose_attempt (self);
  for (guint i = 0; i < self->n_params; i++) {
    GBytes *param = self->params[i];

    values[i] = param != NULL ? g_bytes_get_data (param, NULL) : NULL;
    lengths[i] = param != NULL ? (int)g_bytes_get_size (param) : 0;
    formats[i] = self->is_binary[i];
    if (param != NULL && values[i] == NULL)
      values[i] = ""; /* no bytes are not NULL */
  }
  if (self->is_write && self->prepare == NULL)
    values[self->n_params - 1] = attempts[self->attempt];
  return PQsendQueryPrepared (pg, self->statement, (int)self->n_params, values,
                              lengths, formats, 1);
}

void
call_come_late (Call *self)
{
  self->is_late = TRUE;
  if (self->late != NULL && !self->is_settled)
    self->late (self);
}

gboolean
call_is_to_undo (const Call *self)
{
  return self->late != NULL && self->is_late && self->attempt != CALL_RESOLVE;
}

void
call_settle (Call *self, StoreOutcome outcome)
{
  if (self->is_settled)
    return;
  self->is_settled = TRUE;
  self->settle (self, outcome);
}

void
call_free (Call *self)
{
  if (self == NULL)
    return;
  call_clear_params (self);
  self->free (self);
}

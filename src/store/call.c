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

static const char *
attempt_of (const Call *self)
{
  return !self->is_sent ? "first" : self->is_late ? "resolve" : "again";
}

gboolean
call_send (Call *self, PGconn *pg)
{
  const char *values[CALL_PARAMS_MAX];
  int lengths[CALL_PARAMS_MAX], formats[CALL_PARAMS_MAX];

  for (guint i = 0; i < self->n_params; i++) {
    GBytes *param = self->params[i];

    values[i] = param != NULL ? g_bytes_get_data (param, NULL) : NULL;
    lengths[i] = param != NULL ? (int)g_bytes_get_size (param) : 0;
    formats[i] = self->is_binary[i];
    if (param != NULL && values[i] == NULL)
      values[i] = ""; /* no bytes are not NULL */
  }
  if (self->is_write)
    values[self->n_params - 1] = attempt_of (self);
  return PQsendQueryPrepared (pg, self->statement, (int)self->n_params, values,
                              lengths, formats, 1);
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
  for (guint i = 0; i < self->n_params; i++)
    g_clear_pointer (&self->params[i], g_bytes_unref);
  self->free (self);
}

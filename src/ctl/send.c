/* SPDX-License-Identifier: ISC
 *
 * The line of a message: see the header. */
#include "ctl/send.h"

#include "admin/control.h"
#include "base/error.h"

#include <string.h>

static gboolean
check_text (const Sending *self, GError **error)
{
  g_autofree char *bare = NULL;

  if (self->len > CONTROL_TEXT) {
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "the text has %" G_GSIZE_FORMAT " bytes, at most %d are sent",
                 self->len, CONTROL_TEXT);
    return FALSE;
  }
  if (!g_utf8_validate (self->text, (gssize)self->len, NULL)) {
    g_set_error_literal (error, RC_ERROR, RC_ERROR_SYNTAX,
                         "the text is not valid UTF-8");
    return FALSE;
  }
  bare = g_strstrip (g_strndup (self->text, self->len));
  if (*bare == '\0') {
    g_set_error_literal (error, RC_ERROR, RC_ERROR_SYNTAX, "the text is empty");
    return FALSE;
  }
  return TRUE;
}

static void
append_word (GString *line, const char *text)
{
  g_autofree char *word = g_uri_escape_string (text, "@:;=+", FALSE);

  g_string_append_printf (line, " %s", word);
}

char *
send_line (const Sending *self, GError **error)
{
  g_autoptr (GString) line = g_string_new ("message");
  g_autofree char *text = NULL;

  if (!check_text (self, error))
    return NULL;
  text = g_strndup (self->text, self->len);
  append_word (line, self->from);
  append_word (line, text);
  g_string_append (line, self->owner != NULL ? " group"
                         : self->to != NULL  ? " to"
                                             : " all");
  if (self->owner != NULL) {
    append_word (line, self->owner);
    append_word (line, self->group);
  }
  for (guint i = 0; self->to != NULL && self->to[i] != NULL; i++)
    append_word (line, self->to[i]);
  if (line->len < CONTROL_LINE)
    return g_string_free (g_steal_pointer (&line), FALSE);
  g_set_error_literal (error, RC_ERROR, RC_ERROR_BOUND,
                       "too many recipients at once: make it several commands, "
                       "or a group");
  return NULL;
}

/* SPDX-License-Identifier: ISC */
#define G_LOG_DOMAIN "sip"
#include "sip/sofia_log.h"
#include "sip/sofia.h"

#define LINES_A_SECOND 5

static struct {
  GString *line; /* sofia logs in pieces */
  gint64 second;
  guint lines;
  gboolean is_muted;
} state;

static void
put_line (const char *text)
{
  gint64 second = g_get_monotonic_time () / G_USEC_PER_SEC;

  if (state.is_muted)
    return;
  if (second != state.second) {
    if (state.lines > LINES_A_SECOND)
      g_info ("sofia: %u more lines were left out",
              state.lines - LINES_A_SECOND);
    state.second = second;
    state.lines = 0;
  }
  if (state.lines++ < LINES_A_SECOND)
    g_info ("sofia: %s", text);
}

static void log_cb (void *stream, char const *format, va_list args)
    G_GNUC_PRINTF (2, 0);

static void
log_cb (void *stream, char const *format, va_list args)
{
  char *end;

  g_string_append_vprintf (state.line, format, args);
  while ((end = memchr (state.line->str, '\n', state.line->len)) != NULL) {
    *end = '\0';
    put_line (state.line->str);
    g_string_erase (state.line, 0, end - state.line->str + 1);
  }
}

void
sofia_log_start (void)
{
  if (state.line == NULL)
    state.line = g_string_new (NULL);
  su_log_redirect (NULL, log_cb, NULL);
  if (g_getenv ("SOFIA_DEBUG") == NULL)
    su_log_set_level (NULL, 1);
}

void
sofia_log_mute (gboolean is_muted)
{
  state.is_muted = is_muted;
}

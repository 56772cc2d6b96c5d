/* SPDX-License-Identifier: ISC
 *
 * The log writer: level filter, debug rooms, a bound on the rate. */
#define G_LOG_USE_STRUCTURED
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#define MAX_LINES_A_SECOND 200

gboolean log_has_debug = TRUE;

static struct {
  LogTarget target;
  GLogLevelFlags level;
  char *debug;
  gint64 second;
  guint lines, dropped;
} state;

static const struct {
  GLogLevelFlags level;
  const char *name;
  int priority;
} levels[] = {
  { G_LOG_LEVEL_ERROR, "fatal", LOG_CRIT },
  { G_LOG_LEVEL_CRITICAL, "error", LOG_ERR },
  { G_LOG_LEVEL_WARNING, "warning", LOG_WARNING },
  { G_LOG_LEVEL_MESSAGE, "notice", LOG_NOTICE },
  { G_LOG_LEVEL_INFO, "info", LOG_INFO },
  { G_LOG_LEVEL_DEBUG, "debug", LOG_DEBUG },
};

static gboolean
is_debug_room (const char *domain)
{
  g_auto (GStrv) rooms = NULL;

  if (state.debug == NULL)
    return FALSE;
  if (strcmp (state.debug, "all") == 0)
    return TRUE;
  rooms = g_strsplit (state.debug, ",", -1);
  return g_strv_contains ((const char *const *) rooms, domain);
}

static void
put_line (const char *name, int priority, const char *domain, const char *text)
{
  char stamp[32];
  time_t now = time (NULL);
  struct tm tm;

  if (state.target == LOG_TARGET_SYSLOG) {
    syslog (priority, "%s: %s", domain, text);
    return;
  }
  localtime_r (&now, &tm);
  strftime (stamp, sizeof stamp, "%F %T", &tm);
  fprintf (stderr, "%s %-7s %s: %s\n", stamp, name, domain, text);
}

static gboolean
is_over_rate (void)
{
  gint64 second = g_get_monotonic_time () / G_USEC_PER_SEC;

  if (second != state.second) {
    if (state.dropped > 0) {
      g_autofree char *text
          = g_strdup_printf ("%u more lines were left out", state.dropped);
      put_line ("warning", LOG_WARNING, "log", text);
    }
    state.second = second;
    state.lines = state.dropped = 0;
  }
  if (state.lines++ < MAX_LINES_A_SECOND)
    return FALSE;
  state.dropped++;
  return TRUE;
}

static const char *
field (const GLogField *fields, gsize n, const char *key)
{
  for (gsize i = 0; i < n; i++)
    if (strcmp (fields[i].key, key) == 0)
      return fields[i].value;
  return NULL;
}

/* A peer's control bytes must not reach a terminal, nor bytes that are no
 * text. */
static char *
clean (const char *text)
{
  char *out = g_utf8_make_valid (text != NULL ? text : "", -1);

  for (char *p = out; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = '?';
  return out;
}

static GLogWriterOutput
writer (GLogLevelFlags level, const GLogField *fields, gsize n, gpointer data)
{
  const char *domain = field (fields, n, "GLIB_DOMAIN");
  g_autofree char *text = NULL;

  level &= G_LOG_LEVEL_MASK;
  if (domain == NULL)
    domain = "rollcall";
  if (level > state.level
      && !(level == G_LOG_LEVEL_DEBUG && is_debug_room (domain)))
    return G_LOG_WRITER_HANDLED;
  if (level > G_LOG_LEVEL_CRITICAL && !is_debug_room (domain)
      && is_over_rate ())
    return G_LOG_WRITER_HANDLED;
  text = clean (field (fields, n, "MESSAGE"));
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++)
    if (levels[i].level == level)
      put_line (levels[i].name, levels[i].priority, domain, text);
  return G_LOG_WRITER_HANDLED;
}

void
log_set_level (GLogLevelFlags level, const char *debug)
{
  state.level = level;
  g_free (state.debug);
  state.debug = g_strdup (debug);
  log_has_debug = level >= G_LOG_LEVEL_DEBUG || debug != NULL;
}

void
log_setup (LogTarget target, GLogLevelFlags level, const char *debug)
{
  state.target = target;
  log_set_level (level, debug);
  if (target == LOG_TARGET_SYSLOG)
    openlog ("rollcalld", LOG_PID, LOG_DAEMON);
  g_log_set_writer_func (writer, NULL, NULL);
}

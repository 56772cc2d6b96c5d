/* SPDX-License-Identifier: ISC
 *
 * Where log lines go.  Rooms log with GLib (g_debug, g_info, g_message,
 * g_warning; g_critical for what an operator must act on), each file with
 * `#define G_LOG_DOMAIN "ROOM"` before its includes.  Lanes: a peer's fault is
 * info, ours a warning, the operator's critical; no bodies, credentials or
 * presence documents above debug. */
#pragma once
#include <glib.h>

typedef enum { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG } LogTarget;

/* Installs the writer for the process.  level: the least severe level that is
 * written; debug: rooms whose debug lines are written too, separated by
 * commas ("sip,store"), "all", or NULL for none.  What one domain writes above
 * 200 lines a second is counted and summed up in one line instead. */
void log_setup (LogTarget target, GLogLevelFlags level, const char *debug);

/* Is any debug line written?  Without log_setup: TRUE. */
extern gboolean log_has_debug;

/* g_debug for what happens with every message: g_debug by itself formats its
 * line also when nobody reads it. */
#define log_debug(...)                                                         \
  G_STMT_START                                                                 \
  {                                                                            \
    if (G_UNLIKELY (log_has_debug))                                            \
      g_debug (__VA_ARGS__);                                                   \
  }                                                                            \
  G_STMT_END

/* Changes level and debug rooms of what log_setup installed. */
void log_set_level (GLogLevelFlags level, const char *debug);

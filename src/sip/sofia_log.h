/* SPDX-License-Identifier: ISC
 *
 * sofia's own log lines as lines of the room "sip". */
#pragma once
#include <glib.h>

/* From now on they are info lines, at most 5 a second: peers cause them at
 * will.  Errors alone (sofia's level 1), more in its variables SOFIA_DEBUG,
 * TPORT_DEBUG, NTA_DEBUG. */
void sofia_log_start (void);
/* While muted they are dropped: what they say is told by a GError. */
void sofia_log_mute (gboolean is_muted);

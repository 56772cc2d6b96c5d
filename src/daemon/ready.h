/* SPDX-License-Identifier: ISC
 *
 * Reports to systemd (sd_notify(3)), where NOTIFY_SOCKET is set and the program
 * was built with libsystemd; else nothing. */
#pragma once

/* One assignment list: "READY=1", "STATUS=...", "STOPPING=1". */
void ready_notify (const char *state);

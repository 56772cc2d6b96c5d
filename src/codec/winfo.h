/* SPDX-License-Identifier: ISC
 *
 * application/watcherinfo+xml (RFC 3858). */
#pragma once
#include "presence/winfo.h"

GBytes *winfo_write (const WinfoDoc *doc);
/* Reads one again (bounds as pidf_parse): for tests and for what comes from
 * other servers. */
gboolean winfo_parse (const char *bytes, gsize len, WinfoDoc **out,
                      GError **error);

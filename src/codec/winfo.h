/* SPDX-License-Identifier: ISC
 *
 * application/watcherinfo+xml (RFC 3858). */
#pragma once
#include "presence/winfo.h"

/* Writes a document with one watcher-list; never fails. */
GBytes *winfo_write (const WinfoDoc *doc);
/* Reads one again (bytes and depth bounded as in pidf_parse, 1000 watchers): for
 * tests and for what comes from other servers.  More than one watcher-list is
 * RC_ERROR_UNSUPPORTED. */
gboolean winfo_parse (const char *bytes, gsize len, WinfoDoc **out,
                      GError **error);

/* SPDX-License-Identifier: ISC
 *
 * PIDF and RPID (RFC 3863, 4479, 4480) between bytes and PresenceDoc. */
#pragma once
#include "presence/model.h"

/* Reads an application/pidf+xml body.  Bounds: 64 kB, 32 levels, 100 tuples,
 * 200 elements of a kind.  Any DOCTYPE, bad XML, wrong root or namespace is
 * RC_ERROR_SYNTAX; over a bound RC_ERROR_BOUND.  Unknown elements survive as
 * fragments that carry their namespaces. */
gboolean pidf_parse (const char *bytes, gsize len, PresenceDoc **out,
                     GError **error);

/* Writes a document: UTF-8, the PIDF namespace as the default one, prefixes
 * dm: and rpid: as RFC 4479/4480 write them (clients.md: baresip looks for
 * `<rpid:busy/>` as text), elements in schema order.  Never fails for what
 * pidf_parse or presence_compose made. */
GBytes *pidf_write (const PresenceDoc *doc);

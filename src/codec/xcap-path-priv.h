/* SPDX-License-Identifier: ISC
 *
 * The two files that read XCAP paths. */
#pragma once
#include "codec/xcap-path.h"

/* New string: percent-escapes undone; NULL for a bad escape, a control
 * character or what is no UTF-8. */
char *xcap_path_decode (const char *text, gsize len);

/* Parses what follows "~~/", with the bindings of self->query, into the rest of
 * self. */
XcapPathVerdict xcap_path_parse_selector (XcapPath *self, const char *text,
                                          gsize len);

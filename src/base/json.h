/* SPDX-License-Identifier: ISC
 *
 * Writing JSON (RFC 8259). */
#pragma once
#include <glib.h>

/* Appends text (UTF-8) as a string; NULL: null. */
void json_append (GString *out, const char *text);

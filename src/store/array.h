/* SPDX-License-Identifier: ISC
 *
 * Parameters of type text[] in text format (PostgreSQL 8.15.6). */
#pragma once
#include <glib.h>

/* Begun as "{"; then one element after the other, NULL for NULL; then "}". */
void array_add (GString *array, const char *text);

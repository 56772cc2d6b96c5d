/* SPDX-License-Identifier: ISC
 *
 * Parameters that are arrays: text[] in text format (PostgreSQL 8.15.6), and
 * what is written much in binary format (array_send of its sources). */
#pragma once
#include <glib.h>

/* Begun as "{"; then one element after the other, NULL for NULL; then "}". */
void array_add (GString *array, const char *text);

/* Object ids of the elements' types, fixed by PostgreSQL's catalogue. */
typedef enum {
  ARRAY_BOOL = 16,
  ARRAY_BYTES = 17,
  ARRAY_INT64 = 20,
  ARRAY_TEXT = 25,
  ARRAY_TIME = 1184, /* timestamptz */
} ArrayType;

/* Binary: begun for n elements of about 32 bytes, then one after the other. */
GByteArray *array_begin (ArrayType type, guint n);
/* ...of which there are n, in the end. */
void array_set_size (GByteArray *array, guint n);
/* Makes an array of n elements empty if each of them is NULL. */
void array_drop_nulls (GByteArray *array, guint n);
void array_put_bool (GByteArray *array, gboolean value);
void array_put_int64 (GByteArray *array, gint64 value);
/* us since 1970. */
void array_put_time (GByteArray *array, gint64 wall);
/* NULL: NULL. */
void array_put_text (GByteArray *array, const char *text);
void array_put_bytes (GByteArray *array, GBytes *bytes);
void array_put_null (GByteArray *array);
/* Appends the element that begins at *at of another array and moves *at behind
 * it; the first one begins at ARRAY_FIRST. */
#define ARRAY_FIRST 20
void array_put_element (GByteArray *array, const GByteArray *from, gsize *at);

/* What results in binary format have. */
gint64 array_read_int64 (const char *bytes);
gint64 array_read_time (const char *bytes); /* us since 1970 */
/* text[] without NULLs; NULL when it is empty. */
GStrv array_read_texts (const char *bytes, gsize n);

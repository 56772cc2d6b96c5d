/* SPDX-License-Identifier: ISC
 *
 * {"alice@example.com",NULL} */
#include "store/array.h"

#include <string.h>

/* PostgreSQL counts from 2000. */
#define EPOCH ((gint64)946684800 * G_USEC_PER_SEC)
#define SIZE_AT 12 /* where the number of elements is */

void
array_add (GString *array, const char *text)
{
  if (array->len > 1)
    g_string_append_c (array, ',');
  if (text == NULL) {
    g_string_append (array, "NULL");
    return;
  }
  g_string_append_c (array, '"');
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      g_string_append_c (array, '\\');
    g_string_append_c (array, *c);
  }
  g_string_append_c (array, '"');
}

/* --- Binary --- */

static void
put_int32 (GByteArray *array, gint32 value)
{
  guint32 wire = GUINT32_TO_BE ((guint32)value);

  g_byte_array_append (array, (const guint8 *)&wire, sizeof wire);
}

static gint32
read_int32 (gconstpointer bytes)
{
  guint32 wire;

  memcpy (&wire, bytes, sizeof wire);
  return (gint32)GUINT32_FROM_BE (wire);
}

static void
put_value (GByteArray *array, gconstpointer bytes, gsize n)
{
  put_int32 (array, (gint32)n);
  g_byte_array_append (array, bytes, (guint)n);
}

GByteArray *
array_begin (ArrayType type, guint n)
{
  GByteArray *array = g_byte_array_sized_new (32 * n + ARRAY_FIRST);

  put_int32 (array, 1); /* dimensions */
  put_int32 (array, 1); /* may hold NULLs */
  put_int32 (array, type);
  put_int32 (array, (gint32)n);
  put_int32 (array, 1); /* lower bound */
  return array;
}

void
array_set_size (GByteArray *array, guint n)
{
  guint32 wire = GUINT32_TO_BE (n);

  memcpy (array->data + SIZE_AT, &wire, sizeof wire);
}

/* A NULL is a length of -1 and nothing else. */
void
array_drop_nulls (GByteArray *array, guint n)
{
  if (array->len != ARRAY_FIRST + n * sizeof (gint32))
    return;
  for (guint at = ARRAY_FIRST; at < array->len; at += sizeof (gint32))
    if (read_int32 (array->data + at) != -1)
      return;
  array_set_size (array, 0);
  g_byte_array_set_size (array, ARRAY_FIRST);
}

void
array_put_bool (GByteArray *array, gboolean value)
{
  put_value (array, value ? "\1" : "\0", 1);
}

void
array_put_int64 (GByteArray *array, gint64 value)
{
  guint64 wire = GUINT64_TO_BE ((guint64)value);

  put_value (array, &wire, sizeof wire);
}

void
array_put_time (GByteArray *array, gint64 wall)
{
  array_put_int64 (array, wall - EPOCH);
}

void
array_put_null (GByteArray *array)
{
  put_int32 (array, -1);
}

void
array_put_text (GByteArray *array, const char *text)
{
  if (text == NULL)
    array_put_null (array);
  else
    put_value (array, text, strlen (text));
}

void
array_put_bytes (GByteArray *array, GBytes *bytes)
{
  gsize n = 0;
  gconstpointer data = bytes != NULL ? g_bytes_get_data (bytes, &n) : NULL;

  if (bytes == NULL)
    array_put_null (array);
  else
    put_value (array, data, n);
}

void
array_put_element (GByteArray *array, const GByteArray *from, gsize *at)
{
  gint32 n = read_int32 (from->data + *at);
  gsize len = sizeof n + (gsize)MAX (n, 0);

  g_byte_array_append (array, from->data + *at, (guint)len);
  *at += len;
}

/* --- Results --- */

gint64
array_read_int64 (const char *bytes)
{
  guint64 wire;

  memcpy (&wire, bytes, sizeof wire);
  return (gint64)GUINT64_FROM_BE (wire);
}

gint64
array_read_time (const char *bytes)
{
  return array_read_int64 (bytes) + EPOCH;
}

GStrv
array_read_texts (const char *bytes, gsize n)
{
  gsize at = ARRAY_FIRST;
  GPtrArray *texts;

  if (n <= at) /* of no dimension */
    return NULL;
  texts = g_ptr_array_new ();
  while (at + 4 <= n) {
    gsize len = (gsize)MAX (read_int32 (bytes + at), 0);

    at += 4;
    g_ptr_array_add (texts, g_strndup (bytes + at, MIN (len, n - at)));
    at += len;
  }
  g_ptr_array_add (texts, NULL);
  return (GStrv)g_ptr_array_free (texts, FALSE);
}

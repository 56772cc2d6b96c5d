/* SPDX-License-Identifier: ISC
 *
 * Bodies made readable, by zlib; a bomb is stopped at its bound. */
#include "codec/inflate.h"

#include "base/error.h"

#include <zlib.h>

/* windowBits of inflateInit2: with a header of zlib or gzip, or with none. */
#define ANY_HEADER (15 + 32)
#define NO_HEADER (-15)

gboolean
coding_is_identity (const char *coding)
{
  return coding == NULL || *coding == '\0'
         || g_ascii_strcasecmp (coding, "identity") == 0;
}

static gboolean
is_known (const char *coding)
{
  return g_ascii_strcasecmp (coding, "deflate") == 0
         || g_ascii_strcasecmp (coding, "gzip") == 0
         || g_ascii_strcasecmp (coding, "x-gzip") == 0;
}

/* One byte more than max is asked for, to know that there are no more. */
static int
run (z_stream *stream, guint8 *room, gsize max, gsize *len_out)
{
  int status;

  stream->next_out = room;
  stream->avail_out = (uInt)max + 1;
  status = inflate (stream, Z_FINISH);
  *len_out = max + 1 - stream->avail_out;
  return status;
}

/* Z_STREAM_END: whole. */
static int
decode (const char *bytes, gsize len, int window, gsize max, GBytes **out)
{
  z_stream stream = { .next_in = (Bytef *)bytes, .avail_in = (uInt)len };
  g_autofree guint8 *room = NULL;
  gsize n = 0;
  int status = inflateInit2 (&stream, window);

  if (status != Z_OK)
    return status;
  room = g_malloc (max + 1);
  status = run (&stream, room, max, &n);
  inflateEnd (&stream);
  if (n > max)
    return Z_BUF_ERROR;
  if (status == Z_STREAM_END)
    *out = g_bytes_new (room, n);
  else if (status == Z_BUF_ERROR || status == Z_OK)
    return Z_DATA_ERROR; /* it ends too early */
  return status;
}

gboolean
inflate_body (const char *coding, const char *bytes, gsize len, gsize max,
              GBytes **out, GError **error)
{
  int status;

  *out = NULL;
  if (coding_is_identity (coding)) {
    *out = g_bytes_new (bytes, len);
    return TRUE;
  }
  if (!is_known (coding) || max >= G_MAXINT || len >= G_MAXINT) {
    g_set_error (error, RC_ERROR, RC_ERROR_UNSUPPORTED,
                 "the coding \"%s\" is not known", coding);
    return FALSE;
  }
  status = decode (bytes, len, ANY_HEADER, max, out);
  if (status == Z_DATA_ERROR && g_ascii_strcasecmp (coding, "deflate") == 0)
    status = decode (bytes, len, NO_HEADER, max, out);
  if (status == Z_STREAM_END)
    return TRUE;
  if (status == Z_BUF_ERROR)
    g_set_error (error, RC_ERROR, RC_ERROR_BOUND,
                 "more than %" G_GSIZE_FORMAT " bytes when inflated", max);
  else
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX, "not what %s makes", coding);
  return FALSE;
}

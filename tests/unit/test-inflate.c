/* SPDX-License-Identifier: ISC
 *
 * codec/inflate: what others compress, and what only pretends to be so. */
#include "codec/inflate.h"

#include "base/error.h"

#include <string.h>
#include <zlib.h>

#define TEXT "Meet at noon, at noon, at noon, at noon. Meet at noon."
#define LIMIT 1000

/* window: as for deflateInit2. */
static GBytes *
packed (const char *text, gsize len, int window)
{
  z_stream stream = { .next_in = (Bytef *)text, .avail_in = (uInt)len };
  gsize room;
  guint8 *out;

  g_assert_cmpint (
      deflateInit2 (&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), ==,
      Z_OK);
  room = deflateBound (&stream, len);
  out = g_malloc (room);
  stream.next_out = out;
  stream.avail_out = (uInt)room;
  g_assert_cmpint (deflate (&stream, Z_FINISH), ==, Z_STREAM_END);
  room -= stream.avail_out;
  deflateEnd (&stream);
  return g_bytes_new_take (out, room);
}

/* The error's code, or -1 for TEXT. */
static int
outcome (const char *coding, const char *bytes, gsize len, gsize max)
{
  g_autoptr (GBytes) out = NULL;
  g_autoptr (GError) error = NULL;

  if (!inflate_body (coding, bytes, len, max, &out, &error)) {
    g_assert_null (out);
    g_assert_true (error->domain == RC_ERROR && *error->message != '\0');
    return error->code;
  }
  g_assert_cmpmem (g_bytes_get_data (out, NULL), g_bytes_get_size (out), TEXT,
                   strlen (TEXT));
  return -1;
}

static int
outcome_of (const char *coding, GBytes *bytes, gsize max)
{
  gsize len;
  const char *data = g_bytes_get_data (bytes, &len);

  return outcome (coding, data, len, max);
}

static void
test_codings (void)
{
  static const struct {
    const char *coding;
    int window, expected;
  } rows[] = {
    { "deflate", 15, -1 },
    { "Deflate", 15, -1 },
    { "deflate", -15, -1 }, /* no header */
    { "gzip", 31, -1 },
    { "x-gzip", 31, -1 },
    { "gzip", -15, RC_ERROR_SYNTAX },
    { "compress", 15, RC_ERROR_UNSUPPORTED },
    { "br", 15, RC_ERROR_UNSUPPORTED },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GBytes) bytes = packed (TEXT, strlen (TEXT), rows[i].window);

    g_assert_cmpint (outcome_of (rows[i].coding, bytes, LIMIT), ==,
                     rows[i].expected);
  }
  g_assert_cmpint (outcome (NULL, TEXT, strlen (TEXT), 1), ==, -1);
  g_assert_cmpint (outcome ("identity", TEXT, strlen (TEXT), 1), ==, -1);
  g_assert_true (coding_is_identity (NULL) && coding_is_identity (""));
  g_assert_false (coding_is_identity ("deflate"));
}

static void
test_cut_off (void)
{
  static const int windows[] = { 15, -15, 31 };

  for (guint w = 0; w < G_N_ELEMENTS (windows); w++) {
    g_autoptr (GBytes) bytes = packed (TEXT, strlen (TEXT), windows[w]);
    gsize len;
    const char *data = g_bytes_get_data (bytes, &len);

    for (gsize n = 0; n < len; n++) {
      g_autofree char *cut = g_memdup2 (data, n);

      g_assert_cmpint (
          outcome (windows[w] == 31 ? "gzip" : "deflate", cut, n, LIMIT), ==,
          RC_ERROR_SYNTAX);
    }
  }
  g_assert_cmpint (outcome ("deflate", TEXT, strlen (TEXT), LIMIT), ==,
                   RC_ERROR_SYNTAX);
}

/* Ten megabytes in ten kilobytes. */
static void
test_bomb (void)
{
  gsize len = 10 << 20;
  g_autofree char *zeros = g_malloc0 (len);
  g_autoptr (GBytes) bomb = packed (zeros, len, 15);
  g_autoptr (GBytes) text = packed (TEXT, strlen (TEXT), 15);

  g_assert_cmpint (outcome_of ("deflate", bomb, LIMIT), ==, RC_ERROR_BOUND);
  g_assert_cmpint (outcome_of ("deflate", text, strlen (TEXT)), ==, -1);
  g_assert_cmpint (outcome_of ("deflate", text, strlen (TEXT) - 1), ==,
                   RC_ERROR_BOUND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/inflate/rfc2616-3.5/codings", test_codings);
  g_test_add_func ("/inflate/cut-off", test_cut_off);
  g_test_add_func ("/inflate/bomb", test_bomb);
  return g_test_run ();
}

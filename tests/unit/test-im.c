/* SPDX-License-Identifier: ISC
 *
 * im/: which of several answers goes upstream (RFC 3261 16.7 step 6). */
#include "im/im-priv.h"

typedef struct {
  const char *path;
  guint statuses[5]; /* the best first; 0 ends */
} Row;

#define P "/im/rfc3261-16.7/"
static const Row rows[] = {
  { P "2xx-beats-6xx", { 200, 603 } },
  { P "6xx-beats-lower-classes", { 603, 302, 404, 500 } },
  { P "lowest-class", { 302, 486, 500 } },
  { P "what-the-sender-can-mend", { 401, 404, 408 } },
  { P "407-before-415", { 407, 415 } },
  { P "415-before-480", { 415, 480 } },
  { P "420-before-484", { 420, 484, 404 } },
  { P "404-before-timeout", { 404, 408, 500 } },
  { P "timeout-before-500", { 408, 500, 503 } },
  { P "503-after-all", { 500, 504, 503 } },
};
#undef P

static void
test_order (gconstpointer data)
{
  const Row *row = data;

  for (guint i = 0; i + 1 < G_N_ELEMENTS (row->statuses); i++)
    if (row->statuses[i + 1] != 0)
      g_assert_cmpuint (im_rank (row->statuses[i]), <=,
                        im_rank (row->statuses[i + 1]));
}

/* The better of two is not as good as the other way round. */
static void
test_strict (void)
{
  g_assert_cmpuint (im_rank (200), <, im_rank (603));
  g_assert_cmpuint (im_rank (603), <, im_rank (302));
  g_assert_cmpuint (im_rank (302), <, im_rank (404));
  g_assert_cmpuint (im_rank (401), <, im_rank (404));
  g_assert_cmpuint (im_rank (404), <, im_rank (408));
  g_assert_cmpuint (im_rank (408), <, im_rank (500));
  g_assert_cmpuint (im_rank (500), <, im_rank (503));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_test_add_data_func (rows[i].path, &rows[i], test_order);
  g_test_add_func ("/im/rfc3261-16.7/strictly", test_strict);
  return g_test_run ();
}

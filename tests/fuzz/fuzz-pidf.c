/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of codec/pidf: whatever parses must be written, read again and
 * be the same.  As a plain program (make check) it runs every seed and a fixed
 * number of mutations of each; built with -DWITH_LIBFUZZER it is driven by
 * libFuzzer instead. */
#include "codec/pidf.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PresenceDoc) doc = NULL, again = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;

  if (!pidf_parse ((const char *)data, size, &doc, &error)) {
    g_assert_nonnull (error);
    return 0;
  }
  bytes = pidf_write (doc);
  if (!pidf_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                   &again, &error)) {
    /* Prefixes and declarations may take it over the bound of size. */
    g_assert_cmpuint (g_bytes_get_size (bytes), >, 65536);
    return 0;
  }
  g_assert_true (presence_doc_equal (doc, again));
  return 0;
}

#ifndef WITH_LIBFUZZER

#define MUTATIONS 10000
#define STEPS_MAX 4

/* Bits of markup that lead somewhere when they get into the wrong place. */
static const char *const words[] = {
  "<",
  ">",
  "/>",
  "</",
  "<!--",
  "-->",
  "&",
  "&#x0;",
  "&lt;",
  "'",
  "\"",
  "=",
  "<!",
  "<?",
  "?>",
  "]]>",
  "<![CDATA[",
  "xmlns=''",
  "xmlns:",
  "dm:",
  "rpid:",
  "<note>",
  "</tuple>",
  "<tuple id=''>",
  "\xc3",
  "\xef\xbb\xbf",
  "<!DOCTYPE x>",
  "xml:lang='x'",
  "<basic>",
  " ",
};

static void
mutate (GRand *rand, GByteArray *bytes)
{
  guint at = (guint)g_rand_int_range (rand, 0, (gint)bytes->len + 1);
  guint wanted = (guint)g_rand_int_range (rand, 1, 40);
  guint n = MIN (wanted, bytes->len - at);
  const char *word;

  switch (g_rand_int_range (rand, 0, 5)) {
  case 0: /* another byte */
    if (n > 0)
      bytes->data[at] = (guint8)g_rand_int_range (rand, 0, 256);
    break;
  case 1: /* a hole */
    if (n > 0)
      g_byte_array_remove_range (bytes, at, n);
    break;
  case 2: /* the same again at the end */
    if (n > 0) {
      g_autofree guint8 *part = g_memdup2 (bytes->data + at, n);

      g_byte_array_append (bytes, part, n);
    }
    break;
  case 3: /* cut */
    g_byte_array_set_size (bytes, at);
    break;
  default: /* a word in between */
    word = words[g_rand_int_range (rand, 0, G_N_ELEMENTS (words))];
    g_byte_array_append (bytes, (const guint8 *)word, strlen (word));
    if (bytes->len - strlen (word) > at) {
      memmove (bytes->data + at + strlen (word), bytes->data + at,
               bytes->len - strlen (word) - at);
      memcpy (bytes->data + at, word, strlen (word));
    }
  }
}

static void
test_seed (gconstpointer path)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand
      = g_rand_new_with_seed (g_str_hash (strrchr (path, G_DIR_SEPARATOR)));
  gsize len;

  g_file_get_contents (path, &text, &len, &error);
  g_assert_no_error (error);
  LLVMFuzzerTestOneInput ((const guint8 *)text, len);
  for (guint i = 0; i < MUTATIONS; i++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    gint steps = g_rand_int_range (rand, 1, STEPS_MAX + 1);
    g_autofree guint8 *exact = NULL;

    g_byte_array_append (bytes, (const guint8 *)text, (guint)len);
    while (steps-- > 0)
      mutate (rand, bytes);
    /* A copy without room behind it, so that a read past the end shows. */
    exact = g_memdup2 (bytes->data, bytes->len);
    LLVMFuzzerTestOneInput (exact, bytes->len);
  }
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_test_init (&argc, &argv, NULL);
  folder = g_test_build_filename (G_TEST_DIST, "tests", "fuzz", "seeds", NULL);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *test = g_strdup_printf ("/fuzz/pidf/%s", name);

    if (!g_str_has_prefix (name, "pidf-"))
      continue;
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
    g_test_add_data_func (test, paths->pdata[paths->len - 1], test_seed);
  }
  if (paths->len == 0)
    g_error ("no seeds in %s", folder);
  return g_test_run ();
}

#endif

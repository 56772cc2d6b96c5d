/* SPDX-License-Identifier: ISC
 *
 * Seeds and their mutations, the same ones each time. */
#include "seeds.h"

#include <string.h>

#define MUTATIONS 10000
#define STEPS_MAX 4

typedef struct {
  const char *path;
  const char *const *words;
  guint n_words;
} Seed;

static void
mutate (const Seed *self, GRand *rand, GByteArray *bytes)
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
    word = self->words[g_rand_int_range (rand, 0, (gint)self->n_words)];
    g_byte_array_append (bytes, (const guint8 *)word, strlen (word));
    if (bytes->len - strlen (word) > at) {
      memmove (bytes->data + at + strlen (word), bytes->data + at,
               bytes->len - strlen (word) - at);
      memcpy (bytes->data + at, word, strlen (word));
    }
  }
}

static void
test_seed (gconstpointer data)
{
  const Seed *self = data;
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (
      g_str_hash (strrchr (self->path, G_DIR_SEPARATOR)));
  gsize len;

  g_file_get_contents (self->path, &text, &len, &error);
  g_assert_no_error (error);
  LLVMFuzzerTestOneInput ((const guint8 *)text, len);
  for (guint i = 0; i < MUTATIONS; i++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    gint steps = g_rand_int_range (rand, 1, STEPS_MAX + 1);
    g_autofree guint8 *exact = NULL;

    g_byte_array_append (bytes, (const guint8 *)text, (guint)len);
    while (steps-- > 0)
      mutate (self, rand, bytes);
    /* A copy without room behind it, so that a read past the end shows. */
    exact = g_memdup2 (bytes->data, bytes->len);
    LLVMFuzzerTestOneInput (exact, bytes->len);
  }
}

static void
seed_free (gpointer data)
{
  Seed *self = data;

  g_free ((char *)self->path);
  g_free (self);
}

int
fuzz_run_seeds (int argc, char **argv, const char *prefix,
                const char *const *words)
{
  g_autofree char *folder = NULL;
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GPtrArray) seeds = g_ptr_array_new_with_free_func (seed_free);
  const char *name;

  g_test_init (&argc, &argv, NULL);
  folder = g_test_build_filename (G_TEST_DIST, "tests", "fuzz", "seeds", NULL);
  dir = g_dir_open (folder, 0, NULL);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree char *test = g_strdup_printf ("/fuzz/%s", name);
    Seed *seed;

    if (!g_str_has_prefix (name, prefix))
      continue;
    seed = g_new0 (Seed, 1);
    seed->path = g_build_filename (folder, name, NULL);
    seed->words = words;
    seed->n_words = g_strv_length ((char **)words);
    g_ptr_array_add (seeds, seed);
    g_test_add_data_func (test, seed, test_seed);
  }
  if (seeds->len == 0)
    g_error ("no seeds in %s", folder);
  return g_test_run ();
}

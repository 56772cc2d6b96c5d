/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of codec/xcap-path and codec/xcap-edit.  An input is a path, a
 * line "%%", a document, a line "%%", a body.  Whatever an edit of an
 * acceptable document gives must be acceptable as a whole, and a PUT must be
 * what a GET then answers; a list merged with its own contacts keeps its bytes,
 * merged with others it is acceptable and has these.  As a plain program (make check) it runs every seed
 * and a fixed number of mutations of each; built with -DWITH_LIBFUZZER it is
 * driven by libFuzzer instead. */
#include "codec/xcap-contacts.h"
#include "codec/xcap-diff.h"
#include "codec/xcap-edit.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define SEPARATOR "\n%%\n"
#define BOUNDS                                                                 \
  {                                                                            \
    65536, 24                                                                  \
  }

/* A copy of its own, so that a read past the end shows. */
static GBytes *
part_of (const char **at, const char *limit)
{
  const char *end = g_strstr_len (*at, limit - *at, SEPARATOR);
  gsize len = (end != NULL ? end : limit) - *at;
  GBytes *out = g_bytes_new (*at, len);

  *at += len;
  if (end != NULL)
    *at += strlen (SEPARATOR);
  return out;
}

/* Is it a document that one may PUT? */
static gboolean
is_acceptable (const XcapEdit *edit, GBytes *document)
{
  g_autofree char *text
      = xcap_path_document (edit->path->auid, edit->path->xui, "index");
  g_autoptr (XcapPath) path = NULL;
  g_autoptr (GBytes) out = NULL;
  g_autoptr (XcapError) error = NULL;
  XcapEdit whole = { .usage = edit->usage, .body = document, .bounds = BOUNDS };

  g_assert_cmpint (xcap_path_parse (text, strlen (text), &path), ==,
                   XCAP_PATH_OK);
  whole.path = path;
  return xcap_put (&whole, &out, &error) == XCAP_CREATED;
}

static void
try_put (const XcapEdit *edit, gboolean is_good)
{
  g_autoptr (GBytes) out = NULL, got = NULL, again = NULL;
  g_autoptr (XcapError) error = NULL, none = NULL;
  XcapOutcome outcome = xcap_put (edit, &out, &error);
  XcapEdit after = *edit;

  g_assert_cmpint (error != NULL, ==, outcome == XCAP_CONFLICT);
  if (outcome != XCAP_DONE && outcome != XCAP_CREATED)
    return;
  after.document = out;
  g_assert_cmpint (xcap_get (&after, &got), ==, XCAP_DONE);
  if (is_good)
    g_assert_true (is_acceptable (edit, out));
  g_assert_cmpint (xcap_put (&after, &again, &none), ==, XCAP_DONE);
  g_assert_true (g_bytes_equal (again, out));
}

static void
try_delete (const XcapEdit *edit, gboolean is_good)
{
  g_autoptr (GBytes) out = NULL;
  g_autoptr (XcapError) error = NULL;
  XcapOutcome outcome = xcap_delete (edit, &out, &error);
  XcapEdit after = *edit;

  g_assert_cmpint (error != NULL, ==, outcome == XCAP_CONFLICT);
  if (outcome != XCAP_DONE || out == NULL)
    return;
  after.document = out;
  g_assert_false (xcap_exists (&after));
  if (is_good)
    g_assert_true (is_acceptable (edit, out));
}

static void
try_diff (GBytes *bytes)
{
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);
  g_autoptr (GPtrArray) targets = NULL;

  if (len > 0)
    xcap_diff_parse (text, len, "http://h/r/", 10, &targets, NULL);
}

/* What other rooms do to a stored resource list. */
static void
try_contacts (const XcapEdit *edit, GBytes *document, gboolean is_good)
{
  g_autoptr (GPtrArray) own = xcap_contacts_read (document), now = NULL;
  g_autoptr (GPtrArray) others
      = g_ptr_array_new_with_free_func (xcap_contact_free);
  g_autoptr (GBytes) same = xcap_contacts_merge (document, own), merged = NULL;

  g_assert_true (same == document);
  for (guint i = 0; i < own->len; i += 2) {
    const XcapContact *contact = own->pdata[i];

    g_ptr_array_add (others, xcap_contact_new (contact->uri, "N", "g"));
  }
  g_ptr_array_add (others, xcap_contact_new ("sip:n@example.com", NULL, NULL));
  merged = xcap_contacts_merge (document, others);
  if (!is_good)
    return;
  now = xcap_contacts_read (merged);
  g_assert_cmpuint (now->len, ==, others->len);
  g_assert_true (is_acceptable (edit, merged));
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const char *at = (const char *)data, *limit = at + size;
  g_autoptr (GBytes) target = part_of (&at, limit);
  g_autoptr (GBytes) document = part_of (&at, limit);
  g_autoptr (GBytes) body = part_of (&at, limit);
  g_autoptr (XcapPath) path = NULL;
  XcapEdit edit = { .document = document, .body = body, .bounds = BOUNDS };
  gboolean is_good;
  gsize len;
  const char *text = g_bytes_get_data (target, &len);

  try_diff (document);
  if (xcap_path_parse (text != NULL ? text : "", len, &path) != XCAP_PATH_OK)
    return 0;
  edit.path = path;
  edit.usage = xcap_usage_find (path->auid);
  if (edit.usage == NULL || path->document == NULL)
    return 0;
  is_good = is_acceptable (&edit, document);
  if (strcmp (path->auid, "resource-lists") == 0)
    try_contacts (&edit, document, is_good);
  try_put (&edit, is_good);
  try_delete (&edit, is_good);
  edit.document = NULL;
  try_put (&edit, FALSE);
  return 0;
}

#ifndef WITH_LIBFUZZER

#define MUTATIONS 4000
#define STEPS_MAX 3

static const char *const words[] = {
  "<",
  ">",
  "/>",
  "</list>",
  "<entry uri='q'/>",
  "<!--",
  "-->",
  "&",
  "&#60;",
  "&lt;",
  "'",
  "\"",
  "=",
  "<!DOCTYPE",
  "<?x?>",
  "<![CDATA[",
  "]]>",
  " xmlns=''",
  " xmlns:x='urn:x'",
  "x:",
  "\xc3",
  "\xef\xbb\xbf",
  " ",
  "\n%%\n",
  "%5b1%5d",
  "%5b2%5d",
  "/~~/",
  "/*",
  "/@uri",
  "/namespace::*",
  "%",
  "?xmlns(x=urn:x)",
  "entry",
  "list",
  "*",
  "%5b@uri='q'%5d",
  "/",
  "<x:y/>",
  "text",
};

static void
mutate (GRand *rand, GByteArray *bytes)
{
  guint at = (guint)g_rand_int_range (rand, 0, (gint)bytes->len + 1);
  guint wanted = (guint)g_rand_int_range (rand, 1, 40);
  guint n = MIN (wanted, bytes->len - at);
  const char *word = words[g_rand_int_range (rand, 0, G_N_ELEMENTS (words))];
  g_autoptr (GByteArray) tail = g_byte_array_new ();

  switch (g_rand_int_range (rand, 0, 4)) {
  case 0: /* another byte */
    if (n > 0)
      bytes->data[at] = (guint8)g_rand_int_range (rand, 0, 256);
    break;
  case 1: /* a hole */
    if (n > 0)
      g_byte_array_remove_range (bytes, at, n);
    break;
  case 2: /* the same again at the end */
    g_byte_array_append (tail, bytes->data + at, n);
    g_byte_array_append (bytes, tail->data, tail->len);
    break;
  default: /* a word in between */
    g_byte_array_append (tail, bytes->data + at, bytes->len - at);
    g_byte_array_set_size (bytes, at);
    g_byte_array_append (bytes, (const guint8 *)word, strlen (word));
    g_byte_array_append (bytes, tail->data, tail->len);
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

    g_byte_array_append (bytes, (const guint8 *)text, (guint)len);
    while (steps-- > 0)
      mutate (rand, bytes);
    LLVMFuzzerTestOneInput (bytes->data, bytes->len);
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
    g_autofree char *test = g_strdup_printf ("/fuzz/xcap/%s", name);

    if (!g_str_has_prefix (name, "xcap-"))
      continue;
    g_ptr_array_add (paths, g_build_filename (folder, name, NULL));
    g_test_add_data_func (test, paths->pdata[paths->len - 1], test_seed);
  }
  if (paths->len == 0)
    g_error ("no seeds in %s", folder);
  return g_test_run ();
}

#endif

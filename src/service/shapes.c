/* SPDX-License-Identifier: ISC
 *
 * What shapes share: see shape-priv.h.  Each cache starts anew when it is full:
 * what is needed now is soon there again. */
#define G_LOG_DOMAIN "service"
#include "service/shape-priv.h"

#include <string.h>

#define TAGS 64 /* documents whose tag is known, by their address */
#define DIFFS_MAX 256

typedef struct {
  GBytes *document;
  char tag[24];
} Tag;

/* A pair of documents, or a document and what is done to it. */
typedef struct {
  GBytes *from;
  gpointer to;
} Pair;

typedef struct {
  Pair pair;
  PidfPartial *diff; /* NULL: there is none that is smaller */
} Diff;

struct Shapes {
  Tag tags[TAGS];
  GHashTable *diffs; /* set of Diff: pair */
};

static guint
pair_hash (gconstpointer key)
{
  const Pair *pair = key;

  return g_direct_hash (pair->from) * 31 + g_direct_hash (pair->to);
}

static gboolean
pair_equal (gconstpointer a, gconstpointer b)
{
  const Pair *left = a, *right = b;

  return left->from == right->from && left->to == right->to;
}

static void
diff_free (gpointer data)
{
  Diff *self = data;

  g_bytes_unref (self->pair.from);
  g_bytes_unref (self->pair.to);
  pidf_partial_free (self->diff);
  g_free (self);
}

Shapes *
shapes_new (void)
{
  Shapes *self = g_new0 (Shapes, 1);

  self->diffs = g_hash_table_new_full (pair_hash, pair_equal, diff_free, NULL);
  return self;
}

void
shapes_free (Shapes *self)
{
  if (self == NULL)
    return;
  for (guint i = 0; i < TAGS; i++)
    g_clear_pointer (&self->tags[i].document, g_bytes_unref);
  g_hash_table_unref (self->diffs);
  g_free (self);
}

/* --- Entity tags --- */

/* The end of ` name="..."` at at, where it is one of passing; else NULL. */
static const char *
passing_end (const char *const *passing, const char *at, const char *end)
{
  for (; passing != NULL && *passing != NULL; passing++) {
    gsize n = strlen (*passing);

    if ((gsize)(end - at) < n + 4 || memcmp (at + 1, *passing, n) != 0
        || memcmp (at + 1 + n, "=\"", 2) != 0)
      continue;
    at = memchr (at + n + 3, '"', end - at - n - 3);
    return at != NULL ? at + 1 : NULL;
  }
  return NULL;
}

static void
digest_document (GChecksum *digest, GBytes *document,
                 const char *const *passing)
{
  gsize len;
  const char *bytes = g_bytes_get_data (document, &len), *end = bytes + len;
  const char *start = bytes, *at = passing != NULL ? bytes : end;

  while (at < end && (at = memchr (at, ' ', end - at)) != NULL) {
    const char *behind = passing_end (passing, at, end);

    if (behind == NULL) {
      at++;
      continue;
    }
    g_checksum_update (digest, (const guchar *)start, at - start);
    start = at = behind;
  }
  g_checksum_update (digest, (const guchar *)start, end - start);
}

/* With what only this database knows, so that no tag of another server, or of
 * another time of this one, is right by chance (RFC 5839 6.1). */
static void
make_tag (Service *service, const Package *package, GBytes *document,
          char out[24])
{
  g_autoptr (GChecksum) digest = g_checksum_new (G_CHECKSUM_MD5);

  g_checksum_update (digest, service->secret, sizeof service->secret);
  g_checksum_update (digest, (const guchar *)package->name,
                     (gssize)strlen (package->name) + 1);
  if (document != NULL)
    digest_document (digest, document, package->passing);
  g_strlcpy (out, g_checksum_get_string (digest), 21);
}

void
shapes_tag (Service *service, const Package *package, GBytes *document,
            char out[24])
{
  Tag *tag = &service->shapes->tags[(g_direct_hash (document) >> 4) % TAGS];

  if (document == NULL) {
    make_tag (service, package, NULL, out);
    return;
  }
  if (tag->document != document) {
    g_clear_pointer (&tag->document, g_bytes_unref);
    tag->document = g_bytes_ref (document);
    make_tag (service, package, document, tag->tag);
  }
  g_strlcpy (out, tag->tag, 24);
}

/* --- Diffs --- */

const PidfPartial *
shapes_diff (Service *service, GBytes *from, GBytes *to)
{
  Shapes *self = service->shapes;
  Pair pair = { from, to };
  Diff *diff = g_hash_table_lookup (self->diffs, &pair);

  if (diff != NULL)
    return diff->diff;
  if (g_hash_table_size (self->diffs) >= DIFFS_MAX)
    g_hash_table_remove_all (self->diffs);
  diff = g_new0 (Diff, 1);
  diff->pair = (Pair){ g_bytes_ref (from), g_bytes_ref (to) };
  diff->diff = pidf_diff_between (from, to);
  g_hash_table_add (self->diffs, diff);
  return diff->diff;
}

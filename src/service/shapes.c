/* SPDX-License-Identifier: ISC
 *
 * What shapes share: see shape-priv.h.  Each cache starts anew when it is full:
 * what is needed now is soon there again. */
#define G_LOG_DOMAIN "service"
#include "service/shape-priv.h"

#include <string.h>

#define TAGS 64 /* documents whose tag is known, by their address */
#define DIFFS_MAX 256
#define FILTERED_MAX 256
#define FILTERS_MAX 256 /* parsed ones that are looked up by their bytes */
#define HELD_MAX ((gsize)16 << 20) /* bytes of documents that they keep */

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

typedef struct {
  Pair pair;
  GBytes *left; /* of the document; NULL: nothing */
} Filtered;

struct Shapes {
  Tag tags[TAGS];
  GHashTable *diffs;      /* set of Diff: pair */
  GHashTable *filtered;   /* set of Filtered: pair of document and FilterSet */
  GHashTable *filters[2]; /* of presence, of watcher information: GBytes, as
                             stored, -> FilterSet */
  gsize held;             /* bytes that diffs and filtered keep, about */
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

static void
filtered_free (gpointer data)
{
  Filtered *self = data;

  g_bytes_unref (self->pair.from);
  filter_set_unref (self->pair.to);
  g_clear_pointer (&self->left, g_bytes_unref);
  g_free (self);
}

Shapes *
shapes_new (void)
{
  Shapes *self = g_new0 (Shapes, 1);

  self->diffs = g_hash_table_new_full (pair_hash, pair_equal, diff_free, NULL);
  self->filtered
      = g_hash_table_new_full (pair_hash, pair_equal, filtered_free, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (self->filters); i++)
    self->filters[i] = g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
                                              (GDestroyNotify)g_bytes_unref,
                                              (GDestroyNotify)filter_set_unref);
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
  g_hash_table_unref (self->filtered);
  for (guint i = 0; i < G_N_ELEMENTS (self->filters); i++)
    g_hash_table_unref (self->filters[i]);
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

/* Room for what is made of these documents. */
static void
hold (Shapes *self, GBytes *one, GBytes *other)
{
  gsize more = g_bytes_get_size (one) + g_bytes_get_size (other);

  if (self->held + more > HELD_MAX
      || g_hash_table_size (self->diffs) >= DIFFS_MAX
      || g_hash_table_size (self->filtered) >= FILTERED_MAX) {
    g_hash_table_remove_all (self->diffs);
    g_hash_table_remove_all (self->filtered);
    self->held = 0;
  }
  self->held += more;
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
  hold (self, from, to);
  diff = g_new0 (Diff, 1);
  diff->pair = (Pair){ g_bytes_ref (from), g_bytes_ref (to) };
  diff->diff = pidf_diff_between (from, to);
  g_hash_table_add (self->diffs, diff);
  return diff->diff;
}

/* --- Filters --- */

FilterSet *
shapes_filters (Service *service, const Package *package, GBytes *bytes)
{
  GHashTable *filters = service->shapes->filters[package->look != NULL];
  FilterSet *set = g_hash_table_lookup (filters, bytes);

  if (set != NULL)
    return filter_set_ref (set);
  set = filter_set_parse (bytes, package->name, NULL);
  if (set == NULL)
    return NULL;
  if (g_hash_table_size (filters) >= FILTERS_MAX)
    g_hash_table_remove_all (filters);
  g_hash_table_insert (filters, g_bytes_ref (bytes), set);
  return filter_set_ref (set);
}

GBytes *
shapes_filtered (Service *service, FilterSet *set, const SubsDialog *dialog,
                 GBytes *document)
{
  Shapes *self = service->shapes;
  Pair pair = { document, set };
  Filtered *filtered = g_hash_table_lookup (self->filtered, &pair);

  if (filtered == NULL) {
    hold (self, document, document);
    filtered = g_new0 (Filtered, 1);
    filtered->pair = (Pair){ g_bytes_ref (document), filter_set_ref (set) };
    filtered->left = filters_apply (set, dialog, document);
    g_hash_table_add (self->filtered, filtered);
  }
  return filtered->left != NULL ? g_bytes_ref (filtered->left) : NULL;
}

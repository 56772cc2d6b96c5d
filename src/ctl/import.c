/* SPDX-License-Identifier: ISC
 *
 * rollcallctl contacts import: a CSV file into rollcall.contacts, in batches;
 * each row is refused or added by itself.  What comes before a line that cannot
 * be read is done. */
#include "ctl/contacts.h"
#include "ctl/csv.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 1000            /* rows that are judged together */
#define PIECE 65536           /* bytes that are read at once */
#define PROGRESS_EVERY 200000 /* us */

enum { OWNER, URI, NAME, GROUP, N_COLUMNS };

typedef struct {
  char *cells[N_COLUMNS]; /* NULL: not given */
  guint line;
  const char *result; /* NULL: not judged yet */
} Item;

typedef struct {
  Ctl *ctl;
  const char *file, *owner; /* owner NULL: each row says whose it is */
  int columns[CSV_FIELDS_MAX];
  guint n_columns;  /* 0: the first line has not come */
  GPtrArray *batch; /* Item */
  ContactTally tally;
  gboolean shows_owner, is_first;
  goffset done, size; /* bytes; size 0: not known */
  gint64 shown_at;    /* us; 0: no progress is shown */
} Import;

static void
item_free (gpointer data)
{
  Item *self = data;

  for (guint i = 0; i < N_COLUMNS; i++)
    g_free (self->cells[i]);
  g_free (self);
}

/* --- Progress --- */

static void
clear_progress (Import *self)
{
  if (self->shown_at != 0)
    fputs ("\r\033[K", stderr);
}

static void
show_progress (Import *self)
{
  guint n = self->tally.added + self->tally.exists + self->tally.refused;
  gint64 now = g_get_monotonic_time ();

  if (!isatty (STDERR_FILENO))
    return;
  fflush (stdout);
  clear_progress (self);
  self->shown_at = now;
  fprintf (stderr, "%u row%s", n, n == 1 ? "" : "s");
  if (self->size > 0)
    fprintf (stderr, ", %d %%", (int)(100 * self->done / self->size));
  fflush (stderr);
}

/* --- Results --- */

static void
print_item (Import *self, const Item *item)
{
  const char *owner
      = item->cells[OWNER] != NULL ? item->cells[OWNER] : self->owner;
  g_autoptr (GString) out = NULL;

  if (!self->ctl->is_json && self->shows_owner && owner == NULL)
    owner = "-";
  if (!self->ctl->is_json) {
    contacts_print (item->result, self->shows_owner ? owner : NULL,
                    item->cells[URI]);
    return;
  }
  out = g_string_new (self->is_first ? "\n {\"line\": " : ",\n {\"line\": ");
  self->is_first = FALSE;
  g_string_append_printf (out, "%u, \"owner\": ", item->line);
  json_append (out, owner != NULL ? owner : "");
  g_string_append (out, ", \"uri\": ");
  json_append (out, item->cells[URI]);
  g_string_append_printf (out, ", \"result\": \"%s\"}", item->result);
  fputs (out->str, stdout);
}

/* Prints what is judged, in the order of the file, up to the first that is
 * not. */
static void
print_batch (Import *self)
{
  clear_progress (self);
  for (guint i = 0; i < self->batch->len; i++) {
    const Item *item = g_ptr_array_index (self->batch, i);

    if (item->result == NULL)
      break;
    print_item (self, item);
    contacts_count (&self->tally, item->result);
  }
  g_ptr_array_set_size (self->batch, 0);
  show_progress (self);
}

/* --- Adding --- */

static char *
column_of (Item *const *items, guint n, guint column)
{
  g_autofree const char **cells = g_new (const char *, n);

  for (guint i = 0; i < n; i++)
    cells[i] = items[i]->cells[column];
  return ctl_array (cells, n);
}

static PGresult *
try_add (Import *self, const char *owner, Item *const *items, guint n)
{
  g_autofree char *uris = column_of (items, n, URI);
  g_autofree char *names = column_of (items, n, NAME);
  g_autofree char *groups = column_of (items, n, GROUP);
  const char *params[] = { owner, uris, names, groups };

  return ctl_try (self->ctl,
                  "SELECT result FROM rollcall.add_contacts($1, $2::text[],"
                  " $3::text[], $4::text[])",
                  4, params);
}

/* The result of items that PostgreSQL refused as a whole; NULL: it is none of
 * theirs. */
static const char *
result_of_error (const PGresult *result)
{
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);

  if (g_strcmp0 (state, "RC003") == 0)
    return "no_such_owner";
  return g_strcmp0 (state, "RC004") == 0 ? "bad_name" : NULL;
}

/* Adds items of one owner; should a row spoil it for all, each by itself. FALSE,
 * and said so: PostgreSQL does not go on. */
static gboolean
add (Import *self, const char *owner, Item *const *items, guint n)
{
  PGresult *result = try_add (self, owner, items, n);
  gboolean is_good = result != NULL && ctl_is_good (result);
  const char *refused = is_good ? NULL : result_of_error (result);
  gboolean is_ok = is_good || refused != NULL;

  if (result != NULL && !is_ok) {
    clear_progress (self);
    ctl_complain (self->ctl, result);
  }
  for (guint i = 0; is_good && i < n; i++)
    items[i]->result = g_intern_string (PQgetvalue (result, (int)i, 0));
  PQclear (result);
  if (g_strcmp0 (refused, "bad_name") == 0 && n > 1) {
    for (guint i = 0; is_ok && i < n; i++)
      is_ok = add (self, owner, &items[i], 1);
    return is_ok;
  }
  for (guint i = 0; refused != NULL && i < n; i++)
    items[i]->result = refused;
  return is_ok;
}

/* The items of the batch by owner, each owner's in the order of the file. */
static GPtrArray *
by_owner (Import *self)
{
  g_autoptr (GHashTable) found = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *groups
      = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; i < self->batch->len; i++) {
    Item *item = g_ptr_array_index (self->batch, i);
    const char *owner
        = item->cells[OWNER] != NULL ? item->cells[OWNER] : self->owner;
    GPtrArray *group;

    if (owner == NULL) {
      item->result = "no_such_owner";
      continue;
    }
    group = g_hash_table_lookup (found, owner);
    if (group == NULL) {
      group = g_ptr_array_new ();
      g_hash_table_insert (found, (gpointer)owner, group);
      g_ptr_array_add (groups, group);
    }
    g_ptr_array_add (group, item);
  }
  return groups;
}

static gboolean
add_batch (Import *self)
{
  g_autoptr (GPtrArray) groups = by_owner (self);
  gboolean is_ok = TRUE;

  for (guint i = 0; is_ok && i < groups->len; i++) {
    GPtrArray *group = g_ptr_array_index (groups, i);
    const Item *first = g_ptr_array_index (group, 0);

    is_ok = add (
        self, first->cells[OWNER] != NULL ? first->cells[OWNER] : self->owner,
        (Item *const *)group->pdata, group->len);
  }
  print_batch (self);
  return is_ok;
}

/* --- The file --- */

static const struct {
  const char *name;
  int column;
} headings[] = {
  { "owner", OWNER }, { "uri", URI },     { "display_name", NAME },
  { "name", NAME },   { "group", GROUP }, { "group_name", GROUP },
};

static int
column_named (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (headings); i++)
    if (g_ascii_strcasecmp (headings[i].name, name) == 0)
      return headings[i].column;
  return -1;
}

static gboolean
is_heading (const char *const *fields, guint n)
{
  for (guint i = 0; i < n; i++)
    if (column_named (fields[i]) == URI)
      return TRUE;
  return FALSE;
}

static gboolean
take_heading (Import *self, const char *const *fields, guint n, guint line,
              GError **error)
{
  guint seen = 0;

  for (guint i = 0; i < n; i++) {
    int column = column_named (fields[i]);

    if (column < 0 || (seen & (1u << column))) {
      g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
                   "line %u: %s column \"%s\"; the columns are uri, "
                   "display_name, group, owner",
                   line, column < 0 ? "there is no" : "twice the", fields[i]);
      return FALSE;
    }
    seen |= 1u << column;
    self->columns[i] = column;
  }
  self->n_columns = n;
  self->shows_owner = self->shows_owner || (seen & (1u << OWNER));
  return TRUE;
}

/* Without a line of headings: as contacts export writes them. */
static void
suppose_columns (Import *self)
{
  guint first = self->owner != NULL ? URI : OWNER;

  for (guint column = first; column < N_COLUMNS; column++)
    self->columns[self->n_columns++] = (int)column;
}

static gboolean
record_cb (const char *const *fields, guint n, guint line, gpointer data,
           GError **error)
{
  Import *self = data;
  Item *item;

  if (self->n_columns == 0 && is_heading (fields, n))
    return take_heading (self, fields, n, line, error);
  if (self->n_columns == 0)
    suppose_columns (self);
  if (n > self->n_columns) {
    g_set_error (error, RC_ERROR, RC_ERROR_SYNTAX,
                 "line %u: %u fields where there are %u columns", line, n,
                 self->n_columns);
    return FALSE;
  }
  item = g_new0 (Item, 1);
  item->line = line;
  for (guint i = 0; i < n; i++)
    if (*fields[i] != '\0')
      item->cells[self->columns[i]] = g_strdup (fields[i]);
  if (item->cells[URI] == NULL)
    item->cells[URI] = g_strdup ("");
  g_ptr_array_add (self->batch, item);
  if (self->batch->len < BATCH || add_batch (self))
    return TRUE;
  g_set_error (error, RC_ERROR, RC_ERROR_STORE, "line %u", line);
  return FALSE;
}

static gboolean
read_on (Import *self, FILE *file, CsvReader *reader, GError **error)
{
  g_autofree char *bytes = g_malloc (PIECE);
  gsize n;

  while ((n = fread (bytes, 1, PIECE, file)) > 0) {
    self->done += (goffset)n;
    if (!csv_reader_feed (reader, bytes, n, error))
      return FALSE;
    if (g_get_monotonic_time () - self->shown_at > PROGRESS_EVERY)
      show_progress (self);
  }
  if (!ferror (file))
    return csv_reader_end (reader, error);
  g_set_error (error, RC_ERROR, RC_ERROR_IO, "%s", g_strerror (errno));
  return FALSE;
}

static void
say_tally (const Import *self)
{
  const ContactTally *tally = &self->tally;

  if (self->ctl->is_json)
    printf ("%s], \"added\": %u, \"exists\": %u, \"refused\": %u}\n",
            self->is_first ? "" : "\n", tally->added, tally->exists,
            tally->refused);
  else
    printf ("%u added, %u exists, %u refused\n", tally->added, tally->exists,
            tally->refused);
  fflush (stdout);
}

/* Reads all of file; what was read before a fault is added. */
static int
import (Import *self, FILE *file)
{
  g_autoptr (CsvReader) reader = csv_reader_new (record_cb, self);
  g_autoptr (GError) error = NULL;
  gboolean is_ok;
  int sync;

  if (self->ctl->is_json)
    fputs ("{\"results\": [", stdout);
  is_ok = read_on (self, file, reader, &error);
  if (!g_error_matches (error, RC_ERROR, RC_ERROR_STORE)
      && self->batch->len > 0)
    is_ok = add_batch (self) && is_ok;
  clear_progress (self);
  say_tally (self);
  contacts_explain (&self->tally);
  if (error != NULL && error->code != RC_ERROR_STORE)
    ctl_fail ("%s%s%s", self->file, error->code == RC_ERROR_IO ? ": " : ", ",
              error->message);
  if (!is_ok)
    ctl_fail (self->tally.added > 0
                  ? "it stopped there: what is listed is done, nothing after it"
                  : "nothing was imported");
  sync = ctl_sync (self->ctl);
  return is_ok && self->tally.refused == 0 ? sync : CTL_FAILED;
}

static FILE *
open_file (Import *self, const char *path)
{
  struct stat found;
  FILE *file;

  if (path == NULL || strcmp (path, "-") == 0) {
    self->file = "standard input";
    return stdin;
  }
  self->file = path;
  file = fopen (path, "re");
  if (file == NULL)
    ctl_fail ("%s: %s", path, g_strerror (errno));
  else if (fstat (fileno (file), &found) == 0 && S_ISREG (found.st_mode))
    self->size = found.st_size;
  return file;
}

int
contacts_import (Ctl *self, char **args)
{
  g_autofree char *owner = NULL;
  Import import_
      = { .ctl = self, .is_first = TRUE, .shows_owner = self->is_all };
  FILE *file;
  int status = CTL_FAILED;

  if (self->is_all ? args[0] != NULL && args[1] != NULL : args[0] == NULL)
    return ctl_usage ("it is: rollcallctl contacts import OWNER|--all [FILE]");
  if (!self->is_all && (owner = ctl_owner (self, args[0])) == NULL)
    return CTL_FAILED;
  import_.owner = owner;
  file = open_file (&import_, self->is_all ? args[0] : args[1]);
  if (file == NULL)
    return CTL_FAILED;
  import_.batch = g_ptr_array_new_with_free_func (item_free);
  if (contacts_prepare (self))
    status = import (&import_, file);
  g_ptr_array_unref (import_.batch);
  if (file != stdin)
    fclose (file);
  return status;
}

/* SPDX-License-Identifier: ISC
 *
 * SQL, parameters and decoding of rows from their tables of columns. */
#include "store/rows.h"

#include <string.h>

#include "store/array.h"

/* Times farther away than this are cut: no row makes a statement fail. */
#define FAR ((gint64)100 * 365 * 86400 * G_USEC_PER_SEC)

#define FIELD(row, column, type) (*(type *)((char *)(row) + (column)->offset))
#define CFIELD(row, column, type)                                              \
  (*(type const *)((const char *)(row) + (column)->offset))

const Table *
row_table_at (guint i)
{
  static const Table *const tables[WRITE_TABLES]
      = { &bindings_table, &publications_table, &subscriptions_table,
          &members_table, &requests_table };

  g_assert (i < WRITE_TABLES);
  return tables[i];
}

const Table *
row_table (const StoreWrite *write)
{
  return row_table_at ((guint)write->kind / 2);
}

gpointer
row_pointer (const StoreWrite *write)
{
  return write->binding; /* all of the union are pointers */
}

StoreWrite
row_put (const Table *table, gpointer row)
{
  return (StoreWrite){ .kind = table->put, .binding = row };
}

gpointer
row_copy (const Table *table, gconstpointer row)
{
  switch (table->put) {
  case STORE_PUT_BINDING:
    return reg_binding_copy (row);
  case STORE_PUT_PUBLICATION:
    return presence_row_copy (row);
  case STORE_PUT_MEMBER: {
    const StoreMember *member = row;

    return store_member_new (member->room, member->member, member->nick,
                             member->password);
  }
  case STORE_ADD_REQUEST:
    return store_request_new (((const StoreRequest *)row)->presentity,
                              ((const StoreRequest *)row)->watcher);
  default:
    return subs_stored_copy (row);
  }
}

void
row_free (const Table *table, gpointer row)
{
  StoreWrite write = row_put (table, row);

  if (row != NULL)
    store_write_clear (&write);
}

gint64
row_expires_at (const Table *table, gconstpointer row)
{
  if (table->is_lasting)
    return G_MAXINT64;
  for (guint i = 0; i < table->n_columns; i++)
    if (strcmp (table->columns[i].name, "expires_at") == 0)
      return CFIELD (row, &table->columns[i], gint64);
  g_assert_not_reached ();
}

static const char *
key_of (const Table *table, gconstpointer row, guint i)
{
  const char *text = CFIELD (row, &table->columns[i], char *);

  return text != NULL ? text : "";
}

guint
row_hash (gconstpointer write)
{
  const Table *table = row_table (write);
  guint hash = (guint)table->put;

  for (guint i = 0; i < table->n_keys; i++)
    hash = hash * 31 + g_str_hash (key_of (table, row_pointer (write), i));
  return hash;
}

gboolean
row_equal (gconstpointer a, gconstpointer b)
{
  const Table *table = row_table (a);

  if (table != row_table (b))
    return FALSE;
  for (guint i = 0; i < table->n_keys; i++)
    if (strcmp (key_of (table, row_pointer (a), i),
                key_of (table, row_pointer (b), i)))
      return FALSE;
  return TRUE;
}

/* --- SQL --- */

static const char *
array_type (ColumnType type)
{
  switch (type) {
  case COLUMN_BYTES:
    return "bytea[]";
  case COLUMN_BOOL:
  case COLUMN_FLAG:
    return "boolean[]";
  case COLUMN_UINT16:
  case COLUMN_UINT32:
  case COLUMN_TIME:
  case COLUMN_SECONDS:
    return "bigint[]";
  default:
    return "text[]";
  }
}

static gboolean
is_time (const Column *column)
{
  return column->type == COLUMN_TIME || column->type == COLUMN_SECONDS;
}

char *
row_sql_types (const Table *table, guint n_columns)
{
  GString *sql = g_string_new (NULL);

  for (guint i = 0; i < n_columns; i++)
    g_string_append_printf (sql, "%s%s", i > 0 ? ", " : "",
                            array_type (table->columns[i].type));
  return g_string_free (sql, FALSE);
}

/* "a, b" with format applied to each of columns [from, to). */
static void
append_columns (GString *sql, const Table *table, guint from, guint to,
                const char *prefix)
{
  for (guint i = from; i < to; i++)
    g_string_append_printf (sql, "%s%s%s", i > from ? ", " : "", prefix,
                            table->columns[i].name);
}

static void
append_unnest (GString *sql, const Table *table, guint n_columns)
{
  g_string_append (sql, "unnest(");
  for (guint i = 0; i < n_columns; i++)
    g_string_append_printf (sql, "%s$%u", i > 0 ? ", " : "", i + 1);
  g_string_append (sql, ") AS r(");
  append_columns (sql, table, 0, n_columns, "");
  g_string_append (sql, ")");
}

char *
row_sql_put (const Table *table)
{
  GString *sql = g_string_new (NULL);

  g_string_append_printf (sql, "INSERT INTO rollcall.%s (", table->name);
  append_columns (sql, table, 0, table->n_columns, "");
  g_string_append (sql, ") SELECT ");
  for (guint i = 0; i < table->n_columns; i++)
    g_string_append_printf (sql,
                            is_time (&table->columns[i])
                                ? "%snow() + r.%s * interval '1 microsecond'"
                                : "%sr.%s",
                            i > 0 ? ", " : "", table->columns[i].name);
  g_string_append (sql, " FROM ");
  append_unnest (sql, table, table->n_columns);
  g_string_append (sql, " ON CONFLICT (");
  append_columns (sql, table, 0, table->n_keys, "");
  if (table->is_added) {
    g_string_append (sql, ") DO NOTHING");
    return g_string_free (sql, FALSE);
  }
  g_string_append (sql, ") DO UPDATE SET (");
  append_columns (sql, table, table->n_keys, table->n_columns, "");
  g_string_append (sql, ") = ROW(");
  append_columns (sql, table, table->n_keys, table->n_columns, "excluded.");
  g_string_append (sql, ")");
  return g_string_free (sql, FALSE);
}

char *
row_sql_drop (const Table *table)
{
  GString *sql = g_string_new (NULL);

  g_string_append_printf (sql, "DELETE FROM rollcall.%s AS t USING ",
                          table->name);
  append_unnest (sql, table, table->n_keys);
  for (guint i = 0; i < table->n_keys; i++)
    g_string_append_printf (sql, "%s t.%s = r.%s", i > 0 ? " AND" : " WHERE",
                            table->columns[i].name, table->columns[i].name);
  if (table->drop_if != NULL)
    g_string_append_printf (sql, " AND %s", table->drop_if);
  return g_string_free (sql, FALSE);
}

char *
row_sql_prepare (void)
{
  GString *sql = g_string_new (NULL);

  for (guint i = 0; i < WRITE_TABLES; i++) {
    const Table *table = row_table_at (i);
    g_autofree char *put_types = row_sql_types (table, table->n_columns);
    g_autofree char *drop_types = row_sql_types (table, table->n_keys);
    g_autofree char *put = row_sql_put (table);
    g_autofree char *drop = row_sql_drop (table);

    g_string_append_printf (sql, ";PREPARE put_%s (%s) AS %s", table->name,
                            put_types, put);
    g_string_append_printf (sql, ";PREPARE drop_%s (%s) AS %s", table->name,
                            drop_types, drop);
  }
  return g_string_free (sql, FALSE);
}

char *
row_sql_load (const Table *table)
{
  GString *sql = g_string_new ("SELECT ");

  for (guint i = 0; i < table->n_columns; i++) {
    const Column *column = &table->columns[i];

    g_string_append_printf (
        sql,
        is_time (column)
            ? "%s(extract(epoch FROM t.%s - now()) * 1000000)::bigint"
        : column->type == COLUMN_UINT16 ? "%st.%s::bigint"
                                        : "%st.%s",
        i > 0 ? ", " : "", column->name);
  }
  g_string_append_printf (sql, " FROM rollcall.%s AS t", table->name);
  return g_string_free (sql, FALSE);
}

char *
row_sql_sweep (const Table *table)
{
  if (table->is_lasting)
    return g_strdup_printf ("DELETE FROM rollcall.%s AS t WHERE NOT (%s)",
                            table->name, table->keep);
  return g_strdup_printf ("DELETE FROM rollcall.%s AS t "
                          "WHERE NOT ((t.expires_at > now() OR %s) AND %s)",
                          table->name,
                          table->linger != NULL ? table->linger : "false",
                          table->keep);
}

/* --- Parameters: PostgreSQL's binary arrays --- */

/* A century stands for "never". */
static void
append_seconds (GByteArray *out, guint32 at, gint64 now)
{
  if (at == 0)
    array_put_null (out);
  else
    array_put_int64 (
        out, at == G_MAXUINT32 ? FAR : (gint64)at * G_USEC_PER_SEC - now);
}

static guint32
read_seconds (gint64 left, gint64 base)
{
  return left > FAR / 2 ? G_MAXUINT32
                        : (guint32)MAX ((base + left) / G_USEC_PER_SEC, 1);
}

static void
append_field (GByteArray *out, const Column *column, gconstpointer row,
              gint64 now)
{
  switch (column->type) {
  case COLUMN_TEXT:
  case COLUMN_INTERNED:
    array_put_text (out, CFIELD (row, column, char *));
    break;
  case COLUMN_BYTES:
    array_put_bytes (out, CFIELD (row, column, GBytes *));
    break;
  case COLUMN_UINT16:
    array_put_int64 (out, CFIELD (row, column, guint16));
    break;
  case COLUMN_UINT32:
    array_put_int64 (out, CFIELD (row, column, guint32));
    break;
  case COLUMN_BOOL:
    array_put_bool (out, CFIELD (row, column, gboolean));
    break;
  case COLUMN_FLAG:
    array_put_bool (out, CFIELD (row, column, guint8));
    break;
  case COLUMN_STATE:
    array_put_text (out, subs_state_name (CFIELD (row, column, SubsState)));
    break;
  case COLUMN_SECONDS:
    append_seconds (out, CFIELD (row, column, guint32), now);
    break;
  case COLUMN_TIME:
    array_put_int64 (out,
                     CLAMP (CFIELD (row, column, gint64) - now, -FAR, FAR));
    break;
  }
}

static ArrayType
element_type (ColumnType type)
{
  switch (type) {
  case COLUMN_BYTES:
    return ARRAY_BYTES;
  case COLUMN_BOOL:
  case COLUMN_FLAG:
    return ARRAY_BOOL;
  case COLUMN_UINT16:
  case COLUMN_UINT32:
  case COLUMN_TIME:
  case COLUMN_SECONDS:
    return ARRAY_INT64;
  default:
    return ARRAY_TEXT;
  }
}

/* A column that is NULL in all rows is sent empty: unnest fills up with NULL,
 * and PostgreSQL has as much less to read. */
static GByteArray *
encode_column (const Column *column, GPtrArray *writes, gint64 now)
{
  GByteArray *out = array_begin (element_type (column->type), writes->len);

  for (guint i = 0; i < writes->len; i++)
    append_field (out, column, row_pointer (g_ptr_array_index (writes, i)),
                  now);
  array_drop_nulls (out, writes->len);
  return out;
}

void
row_params_init (RowParams *self, const Table *table, guint n_columns,
                 GPtrArray *writes, gint64 now)
{
  g_assert (n_columns <= G_N_ELEMENTS (self->arrays));
  self->n = n_columns;
  for (guint i = 0; i < n_columns; i++) {
    self->arrays[i] = encode_column (&table->columns[i], writes, now);
    self->values[i] = (const char *)self->arrays[i]->data;
    self->lengths[i] = (int)self->arrays[i]->len;
    self->formats[i] = 1;
  }
}

void
row_params_clear (RowParams *self)
{
  for (guint i = 0; i < self->n; i++)
    g_byte_array_unref (self->arrays[i]);
  self->n = 0;
}

/* --- Decoding --- */

static SubsState
read_state (const char *text)
{
  for (SubsState s = SUBS_PENDING; s < SUBS_TERMINATED; s++)
    if (strcmp (text, subs_state_name (s)) == 0)
      return s;
  return SUBS_TERMINATED;
}

static void
decode_field (const Column *column, gpointer row, const char *value, gsize n,
              gint64 base)
{
  switch (column->type) {
  case COLUMN_TEXT:
    FIELD (row, column, char *) = g_strndup (value, n);
    break;
  case COLUMN_INTERNED:
    FIELD (row, column, const char *) = g_intern_string (value);
    break;
  case COLUMN_BYTES:
    FIELD (row, column, GBytes *) = g_bytes_new (value, n);
    break;
  case COLUMN_UINT16:
    FIELD (row, column, guint16) = (guint16)array_read_int64 (value);
    break;
  case COLUMN_UINT32:
    FIELD (row, column, guint32) = (guint32)array_read_int64 (value);
    break;
  case COLUMN_BOOL:
    FIELD (row, column, gboolean) = value[0] != 0;
    break;
  case COLUMN_FLAG:
    FIELD (row, column, guint8) = value[0] != 0;
    break;
  case COLUMN_STATE:
    FIELD (row, column, SubsState) = read_state (value);
    break;
  case COLUMN_SECONDS:
    FIELD (row, column, guint32)
        = read_seconds (array_read_int64 (value), base);
    break;
  case COLUMN_TIME:
    FIELD (row, column, gint64) = base + array_read_int64 (value);
    break;
  }
}

gpointer
row_decode (const Table *table, const PGresult *result, int i, gint64 base)
{
  gpointer row = g_malloc0 (table->size);

  for (guint c = 0; c < table->n_columns; c++)
    if (!PQgetisnull (result, i, (int)c))
      decode_field (&table->columns[c], row, PQgetvalue (result, i, (int)c),
                    (gsize)PQgetlength (result, i, (int)c), base);
  return row;
}

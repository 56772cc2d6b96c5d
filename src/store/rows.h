/* SPDX-License-Identifier: ISC
 *
 * The rows of port/store.h as data: each table is a list of columns with a
 * place in the C struct, from which all its SQL, parameters and decoding
 * follow.  Room-private but for store/mem, which compares rows by it. */
#pragma once
#include <libpq-fe.h>

#include "port/store.h"

typedef enum {
  COLUMN_TEXT,     /* char *; NULL for SQL's NULL */
  COLUMN_INTERNED, /* the same, g_intern_string when read */
  COLUMN_BYTES,    /* GBytes *, or NULL */
  COLUMN_UINT16,   /* guint16; integer */
  COLUMN_UINT32,   /* guint32; bigint */
  COLUMN_BOOL,     /* gboolean */
  COLUMN_FLAG,     /* guint8, a gboolean of which there are many */
  COLUMN_STATE,    /* SubsState; text */
  COLUMN_TIME,     /* gint64, us of the monotonic clock; timestamptz */
  COLUMN_SECONDS,  /* guint32, seconds of the monotonic clock; timestamptz; 0
                      is NULL, G_MAXUINT32 is infinity */
} ColumnType;

typedef struct {
  const char *name;
  ColumnType type;
  gsize offset;
} Column;

typedef struct {
  const char *name; /* without schema */
  StoreWriteKind put, drop;
  gsize size;   /* of the C struct */
  guint n_keys; /* the first columns are its primary key; they are text */
  guint n_columns;
  const Column *columns;
  gboolean is_lasting; /* its rows do not expire */
  gboolean is_added; /* a row that is there stays as it is */
  const char *drop_if; /* SQL condition on row "t": which rows may be dropped;
                          NULL: any */
  const char *keep; /* SQL condition on row "t": which rows are loaded */
  const char *linger; /* SQL condition: which stay though they have expired */
} Table;

/* Those that are loaded at the start, and those that are written. */
#define ROW_TABLES 4
#define WRITE_TABLES 5
extern const Table bindings_table, publications_table, subscriptions_table,
    members_table, requests_table;
/* The table that a write is for, and all of them: first the loaded ones, in the
 * order of loading. */
const Table *row_table (const StoreWrite *write);
const Table *row_table_at (guint i);

/* What a write points to, whatever it is. */
gpointer row_pointer (const StoreWrite *write);
/* Are two writes for the same row (same table and key)?  For GHashTables whose
 * keys are StoreWrite pointers. */
guint row_hash (gconstpointer write);
gboolean row_equal (gconstpointer a, gconstpointer b);

/* Makes a write that puts a row; takes the row. */
StoreWrite row_put (const Table *table, gpointer row);
/* A deep copy of a row, and its end. */
gpointer row_copy (const Table *table, gconstpointer row);
void row_free (const Table *table, gpointer row);
gint64 row_expires_at (const Table *table, gconstpointer row);

/* SQL; callers free.  Parameter i is an array with one element per row: all
 * columns for the upsert, the key's for the delete; row_types gives the
 * parameters' types, as "text[], bigint[]". */
char *row_sql_put (const Table *table);
char *row_sql_drop (const Table *table);
char *row_sql_types (const Table *table, guint n_columns);
/* ";PREPARE put_TABLE (...) AS ...;PREPARE drop_TABLE ..." for all tables. */
char *row_sql_prepare (void);
/* All rows, in the order of columns; COLUMN_TIME as microseconds from now. */
char *row_sql_load (const Table *table);
/* Removes what row_sql_load would not want to see. */
char *row_sql_sweep (const Table *table);

/* Parameters of one statement in the binary format. */
typedef struct {
  guint n;
  GByteArray *arrays[32];
  const char *values[32];
  int lengths[32], formats[32];
} RowParams;
/* Encodes the first n_columns of rows (StoreWrite pointers of one table);
 * times are counted from now. */
void row_params_init (RowParams *self, const Table *table, guint n_columns,
                      GPtrArray *writes, gint64 now);
void row_params_clear (RowParams *self);

/* Decodes row i of a result of row_sql_load in binary format; base is the
 * monotonic time of SQL's now().  A new row for row_free. */
gpointer row_decode (const Table *table, const PGresult *result, int i,
                     gint64 base);

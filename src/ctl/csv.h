/* SPDX-License-Identifier: ISC
 *
 * Comma-separated values (RFC 4180), pushed in pieces of any size.  UTF-8; a
 * byte order mark at the start and CRLF, LF or CR at the ends of lines are
 * taken, empty lines are passed over. */
#pragma once
#include <glib.h>

typedef struct CsvReader CsvReader;

/* Bounds; more is RC_ERROR_BOUND. */
#define CSV_FIELD_MAX 65536
#define CSV_FIELDS_MAX 64

/* A record that begins in this line (from 1); fields are borrowed.  FALSE, with
 * error: no more are wanted. */
typedef gboolean (*CsvFn) (const char *const *fields, guint n, guint line,
                           gpointer data, GError **error);

CsvReader *csv_reader_new (CsvFn fn, gpointer data);
void csv_reader_free (CsvReader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (CsvReader, csv_reader_free)

/* Takes the next bytes, then the end.  What is wrong (a quote inside a plain
 * field, something behind a closing one, a NUL byte, no UTF-8, a quote that is
 * never closed) is RC_ERROR_SYNTAX and names its line; nothing is taken after
 * an error. */
gboolean csv_reader_feed (CsvReader *self, const char *bytes, gsize len,
                          GError **error);
gboolean csv_reader_end (CsvReader *self, GError **error);

/* Appends a field as it has to be written; text NULL: an empty one. */
void csv_append (GString *out, const char *text);

/* SPDX-License-Identifier: ISC
 *
 * MIME header fields and multipart bodies (RFC 2045, 2046, 2183) as far as SIP
 * messages carry them.  Bodies are bytes: nothing here looks at a charset or
 * changes a line end. */
#pragma once
#include <glib.h>

/* One part; everything points into the bytes that were read. */
typedef struct {
  const char *headers; /* its header lines, without the empty line */
  gsize headers_len;
  const char *body;
  gsize len;
} MimePart;

/* Does a value such as `Message/CPIM;charset=utf-8` or `recipient-list;
 * handling=optional` name this type (without regard to case and parameters)?
 * value may be NULL. */
gboolean mime_is (const char *value, const char *type);

/* A parameter of such a value, unquoted; NULL when it is absent or broken.  The
 * caller frees. */
char *mime_param (const char *value, const char *name);

/* The value of a part's header field, unfolded; NULL when absent.  The caller
 * frees. */
char *mime_header (const MimePart *part, const char *name);

/* Splits `headers CRLF CRLF body` (a MIME entity).  FALSE when no empty line
 * ends the headers; a body may be empty.  Lines may end in CRLF or LF. */
gboolean mime_split (const char *bytes, gsize len, MimePart *out);

/* The body without its Content-Transfer-Encoding: base64 and quoted-printable
 * are undone, 7bit, 8bit and binary are as they are.  NULL and RC_ERROR_SYNTAX
 * for what is wrongly encoded, RC_ERROR_UNSUPPORTED for another encoding. */
GBytes *mime_decode (const MimePart *part, GError **error);

/* Splits a multipart body whose Content-Type is given (RFC 2046 5.1.1):
 * preamble and epilogue are left out, inner multiparts stay whole.  Gives an
 * array of MimePart.  RC_ERROR_SYNTAX without a legal boundary, without a part,
 * or when the closing delimiter is missing (a body that was cut is not half a
 * message); RC_ERROR_BOUND above max parts. */
gboolean multipart_parse (const char *bytes, gsize len,
                          const char *content_type, guint max, GArray **out,
                          GError **error);

/* Writes a multipart body.  *boundary_out is one that occurs in no part; the
 * caller frees it. */
GBytes *multipart_write (const MimePart *parts, guint n, char **boundary_out);

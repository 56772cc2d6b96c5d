/* SPDX-License-Identifier: ISC
 *
 * What the body of a MESSAGE says, for a side that knows no MIME: text in UTF-8,
 * that somebody types, or what became of a message (RFC 3862, 3994, 5438). */
#pragma once
#include "codec/imdn.h"

#define CONTENT_PLAIN "text/plain;charset=UTF-8"
#define CONTENT_CPIM "message/cpim"

/* Bytes that a body may have when it is inflated. */
#define CONTENT_INFLATED_MAX (1 << 20)

typedef enum {
  CONTENT_TEXT,
  CONTENT_COMPOSING, /* isComposing */
  CONTENT_REPORT,    /* a disposition notification */
} ContentKind;

/* Strings are its own; NULL when absent. */
typedef struct {
  ContentKind kind;
  char *text;            /* CONTENT_TEXT; lines end in LF */
  gboolean is_composing; /* CONTENT_COMPOSING: active */
  Imdn *report;          /* CONTENT_REPORT */
  GBytes *inflated;      /* the body, where it was deflated */
  /* Of the CPIM around it. */
  char *subject;
  gint64 date;      /* DateTime, seconds since 1970; 0 when absent */
  char *message_id; /* imdn.Message-ID */
  guint wanted;     /* IMDN_* bits that it asks for */
} Content;

void content_free (Content *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Content, content_free)

/* Reads a body; content_type and encoding are the values of SIP's Content-Type
 * and Content-Encoding (or NULL).  text/plain of any charset that the system
 * converts (default UTF-8, RFC 3261 7.4.1), message/cpim around one of these,
 * and of a multipart the first part that is one of these; deflated or not.
 * RC_ERROR_UNSUPPORTED: another type, charset or encoding.  RC_ERROR_BOUND: it
 * is too long when inflated.  RC_ERROR_SYNTAX: it is not what its type says, or has characters that XML has no way to write or
 * that control a terminal.  error is a sentence for the sender. */
gboolean content_read (const char *content_type, const char *encoding,
                       const char *bytes, gsize len, Content **out,
                       GError **error);

/* Is it UTF-8 without control characters (but tab and line ends, if lines) and
 * without what XML 1.0 forbids? */
gboolean content_is_clean (const char *text, gsize len, gboolean lines);

/* A wrapper (RFC 3862) around text/plain that asks for a delivery notification
 * (RFC 5438 7.1.1).  from and to are URIs; seconds since 1970.  NULL when one of
 * them cannot stand there. */
GBytes *content_write_asking (const char *from, const char *to, gint64 date,
                              const char *message_id, const char *text);
/* A wrapper around a notification.  wanted URIs as above; message_id: its own. */
GBytes *content_write_report (const char *from, const char *to, gint64 date,
                              const char *message_id, const Imdn *report);
/* What is inside a wrapper: its type (the caller frees) and body; NULL when it
 * is none. */
GBytes *content_unwrap (GBytes *cpim, char **content_type_out);

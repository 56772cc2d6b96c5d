/* SPDX-License-Identifier: ISC
 *
 * Cuts the bytes of an XML stream into its first-level elements (RFC 6120 4.1),
 * ends it at what RFC 6120 11.1 forbids, and leaves out an element that is over
 * a bound, before an XML parser sees a byte of it.  (Any user of the server can
 * have it send one: that must not cost all others the stream.)  Knows markup, no
 * names and no namespaces: what it gives may still be malformed. */
#pragma once
#include <glib.h>

typedef struct {
  gsize element;    /* bytes of a first-level element */
  guint depth;      /* of elements in it, itself included */
  guint attributes; /* of one tag */
} ScanLimits;

/* Stream errors of RFC 6120 4.9.3. */
typedef enum {
  STREAM_FINE,
  STREAM_BAD_FORMAT,
  STREAM_BAD_NAMESPACE_PREFIX,
  STREAM_CONNECTION_TIMEOUT,
  STREAM_INVALID_NAMESPACE,
  STREAM_NOT_WELL_FORMED,
  STREAM_POLICY_VIOLATION,
  STREAM_RESTRICTED_XML,
  STREAM_UNDEFINED_CONDITION,
  STREAM_UNSUPPORTED_ENCODING,
  STREAM_N_ERRORS,
} StreamError;
/* "not-well-formed"; static. */
const char *stream_error_name (StreamError error);

typedef enum {
  SCAN_MORE,    /* all is used up, and no element is complete */
  SCAN_OPEN,    /* the stream's tag, from '<' to '>' */
  SCAN_ELEMENT, /* a first-level element */
  SCAN_DROPPED, /* one that was over a bound */
  SCAN_CLOSE,   /* the stream has ended */
  SCAN_FAULT,   /* scan_fault says which; nothing more is read */
} ScanResult;

typedef struct Scan Scan;

/* The stream's own tag may have at most HEADER_MAX bytes. */
#define SCAN_HEADER_MAX 4096
Scan *scan_new (const ScanLimits *limits);
void scan_free (Scan *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scan, scan_free)
/* Takes bytes up to the end of the next element; *used_out: how many.  Call it
 * again with what is left. */
ScanResult scan_next (Scan *self, const char *bytes, gsize len,
                      gsize *used_out);
StreamError scan_fault (const Scan *self);
/* After SCAN_OPEN and SCAN_ELEMENT, valid until the next call. */
const char *scan_text (const Scan *self, gsize *len_out);

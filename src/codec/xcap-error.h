/* SPDX-License-Identifier: ISC
 *
 * Why an XCAP request conflicts (RFC 4825 section 11), as a value and as the
 * document that tells the client. */
#pragma once
#include <glib.h>

#define XCAP_ERROR_TYPE "application/xcap-error+xml"

typedef enum {
  XCAP_NOT_WELL_FORMED,
  XCAP_NOT_XML_FRAG,
  XCAP_NOT_UTF_8,
  XCAP_NOT_XML_ATT_VALUE,
  XCAP_NO_PARENT, /* ancestor */
  XCAP_CANNOT_INSERT,
  XCAP_CANNOT_DELETE,
  XCAP_SCHEMA_VALIDATION_ERROR,
  XCAP_UNIQUENESS_FAILURE, /* exists */
  XCAP_CONSTRAINT_FAILURE,
  XCAP_EXTENSION,
} XcapErrorKind;

/* What is not unique. */
typedef struct {
  char *field; /* node selector of the attribute, percent-encoded, with its
                       query: "rls-services/service%5b1%5d/@uri" */
  GPtrArray *alternatives; /* strings that would do; may be empty */
} XcapExists;

typedef struct {
  XcapErrorKind kind;
  char *phrase;      /* for a human reader, English; or NULL */
  char *ancestor;    /* XCAP_NO_PARENT: closest that exists, percent-encoded,
                        without the XCAP root, which the caller puts before it;
                        NULL: not known */
  GPtrArray *exists; /* XCAP_UNIQUENESS_FAILURE: XcapExists, at least one */
} XcapError;

/* phrase is copied; NULL: none. */
XcapError *xcap_error_new (XcapErrorKind kind, const char *phrase);
XcapError *xcap_error_new_printf (XcapErrorKind kind, const char *format, ...)
    G_GNUC_PRINTF (2, 3);
/* Adds an exists to a uniqueness failure; alternatives may be NULL. */
void xcap_error_add_exists (XcapError *self, const char *field,
                            const char *const *alternatives);
void xcap_error_free (XcapError *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapError, xcap_error_free)

/* The name of the error element ("cannot-insert"), for logs and counters. */
const char *xcap_error_name (XcapErrorKind kind);

/* The body of a 409, XCAP_ERROR_TYPE. */
GBytes *xcap_error_document (const XcapError *self);

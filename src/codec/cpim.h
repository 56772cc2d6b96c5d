/* SPDX-License-Identifier: ISC
 *
 * message/cpim (RFC 3862): its headers read, and a wrapper written.  What a
 * message carries is never changed (RFC 3862 6): the content is given as the
 * bytes that came. */
#pragma once
#include "codec/mime.h"

#define CPIM_NS "urn:ietf:params:cpim-headers:"

typedef struct {
  char *ns;   /* the namespace its name is in; NULL: an undeclared prefix */
  char *name; /* without the prefix */
  char *lang; /* of ";lang=", or NULL */
  char *value;
} CpimHeader;

typedef struct {
  GPtrArray *headers; /* of CpimHeader, in order, without NS */
  MimePart content;   /* the encapsulated MIME object; points into the bytes */
} Cpim;

void cpim_free (Cpim *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cpim, cpim_free)

/* Reads a body (the part behind the headers of SIP).  Header names are told
 * apart by case, as RFC 3862 3 says; the space behind the colon may be missing,
 * lines may end in LF.  RC_ERROR_SYNTAX when a line is no header, a control
 * character or bad UTF-8 is in one, or an empty line is missing; RC_ERROR_BOUND
 * above 64 headers. */
gboolean cpim_parse (const char *bytes, gsize len, Cpim **out, GError **error);

/* The first value of a header, NULL when absent; the n-th one (0 is the first).
 * ns NULL: CPIM_NS. */
const char *cpim_value (const Cpim *self, const char *ns, const char *name);
const char *cpim_nth (const Cpim *self, const char *ns, const char *name,
                      guint n);

/* The URI between < and > of a value such as `Bob <im:bob@example.com>`; NULL
 * when there is none.  The caller frees. */
char *cpim_uri (const char *value);

/* Building one.  Values are cleaned of control characters; the name may have a
 * prefix, whose NS has been put before. */
void cpim_put_header (GByteArray *out, const char *name, const char *value);
/* `name: <uri>`; a uri that cannot stand there is left out, FALSE then. */
gboolean cpim_put_uri (GByteArray *out, const char *name, const char *uri);
/* The end of the headers, and the content: MIME headers of the object, an empty
 * line, its body, both as they are. */
void cpim_put_content (GByteArray *out, const MimePart *content);

/* DateTime of a moment: RFC 3339 in UTC.  seconds since 1970.  The caller
 * frees. */
char *cpim_datetime (gint64 seconds);

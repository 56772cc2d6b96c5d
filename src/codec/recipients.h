/* SPDX-License-Identifier: ISC
 *
 * Lists of recipients (RFC 5363, 5364) in a MESSAGE to many (RFC 5365): who
 * gets it, what each of them may know of the others, and the body each of them
 * gets. */
#pragma once
#include "codec/mime.h"

typedef enum { RECIPIENT_TO, RECIPIENT_CC, RECIPIENT_BCC } RecipientKind;

typedef struct {
  char *uri;          /* without headers and method: RFC 5365 7.3 */
  char *display_name; /* or NULL */
  RecipientKind kind;
  gboolean is_anonymous; /* the others see that there is one, not who */
} Recipient;

/* A new array of Recipients, for recipients_parse. */
GPtrArray *recipients_new (void);

/* Adds the entries of an application/resource-lists+xml document (inner lists
 * too) to list.  A URI that is there already is one recipient, with the higher
 * of both kinds (to, cc, bcc) and anonymous if one of them says so.
 *
 * RC_ERROR_SYNTAX for what is no such document, and for a wrong entry, which
 * the message names; RC_ERROR_BOUND above max recipients, or 64 kB;
 * RC_ERROR_UNSUPPORTED for references (entry-ref, external), which RFC 5365
 * does not have. */
gboolean recipients_parse (const char *bytes, gsize len, guint max,
                           GPtrArray *list, GError **error);

/* The recipient-history list for all of them (RFC 5364 4): "to" and "cc" as
 * they are, the anonymous ones of each kind as one entry with their number,
 * none of "bcc".  NULL when nobody may be named. */
GBytes *recipients_write_history (const GPtrArray *list);

/* A MESSAGE to many, taken apart. */
typedef struct {
  GPtrArray *recipients; /* of Recipient */
  GPtrArray *parts;      /* GBytes: headers and body of each part that is not a
                            list, without transfer encoding */
} ListMessage;

void list_message_free (ListMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ListMessage, list_message_free)

/* Reads the body of a MESSAGE to many.  It is multipart/mixed with one or more
 * parts whose Content-Disposition is recipient-list, and others.
 * RC_ERROR_SYNTAX also when a list or every other part is missing, or a list
 * has no entry; else as above, as multipart_parse (16 parts) and mime_decode.
 */
gboolean list_message_parse (const char *bytes, gsize len,
                             const char *content_type, guint max,
                             ListMessage **out, GError **error);

/* The body for the recipients: the parts but the lists (RFC 5365 7.3), with
 * history (recipients_write_history, or NULL for those whose clients understand
 * no multipart body, RFC 5364 7).  One part alone is the body itself, and its
 * Content-Type and Content-Disposition are SIP's: *disposition_out may be
 * NULL.  The caller frees what it gets. */
GBytes *list_message_write (const ListMessage *self, GBytes *history,
                            char **content_type_out, char **disposition_out);

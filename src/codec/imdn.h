/* SPDX-License-Identifier: ISC
 *
 * Disposition notifications of instant messages (RFC 5438): what a message asks
 * for, message/imdn+xml between bytes and a model, and the <stored/>
 * notification that a server which stores may send (8.1).  Delivery and display
 * are reported by devices alone. */
#pragma once
#include "codec/cpim.h"

#define IMDN_NS "urn:ietf:params:imdn" /* of the CPIM headers */
#define IMDN_TYPE "message/imdn+xml"

/* Kinds of notification a message asks for, as bits. */
enum {
  IMDN_POSITIVE = 1 << 0,
  IMDN_NEGATIVE = 1 << 1,
  IMDN_PROCESSING = 1 << 2,
  IMDN_DISPLAY = 1 << 3,
};

typedef struct {
  guint wanted;
  char *message_id;
  char *datetime;    /* when it was sent; NULL when it does not say */
  char *from, *to;   /* URIs */
  char *original_to; /* a URI, or NULL */
  char *subject;     /* or NULL */
  char **routes;     /* IMDN-Record-Route, topmost first; may be empty */
} ImdnRequest;

void imdn_request_free (ImdnRequest *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ImdnRequest, imdn_request_free)

/* The imdn.Message-ID of a message, or NULL; borrowed. */
const char *imdn_message_id (const Cpim *cpim);

/* The same of a body, whose type and encoding are as in imdn_is; NULL also for
 * what is no message/cpim that can be read.  The caller frees. */
char *imdn_message_id_of (const char *content_type, const char *encoding,
                          const char *bytes, gsize len);

/* What a message asks for; NULL when that is nothing: no (or an empty) request,
 * no Message-ID, no address to report to (an anonymous sender, 12.1.1), or it
 * is an IMDN itself, which never causes another (7.2.1). */
ImdnRequest *imdn_request (const Cpim *cpim);

/* Is this body an IMDN, or several of them (8.3)?  content_type and encoding
 * are the values of SIP's Content-Type and Content-Encoding (or NULL); what is
 * encoded (deflate) is told by its type alone. */
gboolean imdn_is (const char *content_type, const char *encoding,
                  const char *bytes, gsize len);

typedef enum { IMDN_OF_DELIVERY, IMDN_OF_DISPLAY, IMDN_OF_PROCESSING } ImdnKind;
typedef enum {
  IMDN_DELIVERED,
  IMDN_FAILED,
  IMDN_DISPLAYED,
  IMDN_PROCESSED,
  IMDN_STORED,
  IMDN_FORBIDDEN,
  IMDN_ERROR,
  IMDN_OTHER, /* an extension; read only */
} ImdnStatus;

/* A notification.  Strings are its own; NULL when absent. */
typedef struct {
  char *message_id; /* of the message it is about */
  char *datetime;   /* ...when that was sent */
  char *recipient, *original_recipient, *subject;
  ImdnKind kind;
  ImdnStatus status;
} Imdn;

void imdn_free (Imdn *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Imdn, imdn_free)

/* Reads a message/imdn+xml document (bounds as in pidf_parse).  RC_ERROR_SYNTAX
 * for what lacks message-id, datetime or exactly one notification with a
 * status. */
gboolean imdn_parse (const char *bytes, gsize len, Imdn **out, GError **error);
GBytes *imdn_write (const Imdn *self);

/* The body (message/cpim) of a <stored/> notification about the message that
 * asked: from its recipient to its sender, with message_id of its own and the
 * date now (seconds since 1970).  NULL when IMDN_PROCESSING was not asked for,
 * or an address cannot be written.  *target_out: where it is to be sent
 * (7.2.1), borrowed from request.  Who wrote the message chose that address:
 * send it only to where the authenticated sender himself is (14). */
GBytes *imdn_write_stored (const ImdnRequest *request, const char *message_id,
                           gint64 now, const char **target_out);

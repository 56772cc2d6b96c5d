/* SPDX-License-Identifier: ISC
 *
 * TLS policy (TLS 1.2 and above, forward secrecy and AEAD only) and the
 * server's certificate, kept in force over reloads. */
#pragma once
#include "conf/conf.h"

#include <openssl/ssl.h>

typedef struct Tls Tls;

/* Reads [sip] tls_certificate (PEM, leaf first, then the intermediates),
 * tls_key (empty: in the certificate's file) and tls_ca (empty: the system's).
 * What is unreadable, does not parse or does not fit is RC_ERROR_CONFIG and
 * named. */
Tls *tls_new (const Conf *conf, GError **error);
void tls_free_all (Tls *self);
/* The same from a new configuration, for connections made from now on. On error
 * everything stays as it was. */
gboolean tls_reload (Tls *self, const Conf *conf, GError **error);

/* The certificate's dates in seconds since 1970, the chain's included: the
 * latest begin and the earliest end. */
typedef struct {
  const char *file;     /* borrowed */
  gint64 begins, ends;  /* of what is in the files now */
  gint64 ends_in_force; /* of what is shown to devices */
} TlsDates;
/* Reads the files anew when they were touched, without putting them in force.  On error (as tls_new's)
 * only file and ends_in_force are set. */
gboolean tls_inspect (Tls *self, TlsDates *out, GError **error);

/* A SofiaTlsFn: makes context follow. */
void tls_adopt (SSL_CTX *context, gpointer self);

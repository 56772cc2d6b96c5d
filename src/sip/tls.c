/* SPDX-License-Identifier: ISC
 *
 * sofia makes a context per TLS listener and knows neither chain files, minimum
 * versions nor reloading; tls_adopt gives all of that to each of them. */
#define G_LOG_DOMAIN "sip"
#include "sip/tls.h"
#include "base/error.h"

#include <openssl/err.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define CIPHERS                                                                \
  "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:!aNULL:!eNULL:!PSK"

/* What tells whether a file is as it was. */
typedef struct {
  dev_t device;
  ino_t inode;
  off_t size;
  struct timespec modified, changed;
} Stamp;

/* tls_free is a function of sofia's; hence tls_free_all. */
struct Tls {
  char *certificate, *key, *ca;
  GPtrArray *contexts; /* SSL_CTX, references */
  Stamp stamps[3];     /* of the files when they were last inspected */
  TlsDates dates;      /* and what was found; begins 0: nothing yet */
  GError *fault;
};

/* A file that cannot be read comes first in OpenSSL's queue. */
static const char *
reason_of_errors (void)
{
  unsigned long first = ERR_peek_error (), last = ERR_peek_last_error ();

  if (ERR_SYSTEM_ERROR (first))
    return g_strerror (ERR_GET_REASON (first));
  return last != 0 ? ERR_reason_error_string (last) : NULL;
}

static void
set_error (GError **error, const char *what, const char *file)
{
  const char *reason = reason_of_errors ();

  g_set_error (error, RC_ERROR, RC_ERROR_CONFIG, "[sip] %s = %s: %s", what,
               file, reason != NULL ? reason : "not usable");
  ERR_clear_error ();
}

static gboolean
load (SSL_CTX *context, const Tls *self, GError **error)
{
  ERR_clear_error ();
  if (SSL_CTX_use_certificate_chain_file (context, self->certificate) != 1) {
    set_error (error, "tls_certificate", self->certificate);
    return FALSE;
  }
  if (SSL_CTX_use_PrivateKey_file (context, self->key, SSL_FILETYPE_PEM) != 1
      || SSL_CTX_check_private_key (context) != 1) {
    set_error (error, "tls_key", self->key);
    return FALSE;
  }
  if (self->ca != NULL && SSL_CTX_load_verify_file (context, self->ca) != 1) {
    set_error (error, "tls_ca", self->ca);
    return FALSE;
  }
  if (self->ca == NULL)
    SSL_CTX_set_default_verify_paths (context);
  return TRUE;
}

static void
set_policy (SSL_CTX *context)
{
  SSL_CTX_set_min_proto_version (context, TLS1_2_VERSION);
  SSL_CTX_set_cipher_list (context, CIPHERS);
  SSL_CTX_set_options (context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION
                                    | SSL_OP_CIPHER_SERVER_PREFERENCE
                                    | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode (context, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_dh_auto (context, 1);
}

static void
read_names (Tls *self, const Conf *conf)
{
  const char *key = conf_string (conf, "sip", "tls_key");
  const char *ca = conf_string (conf, "sip", "tls_ca");

  self->certificate = g_strdup (conf_string (conf, "sip", "tls_certificate"));
  self->key = g_strdup (key != NULL && *key ? key : self->certificate);
  self->ca = ca != NULL && *ca ? g_strdup (ca) : NULL;
}

/* Everything is tried on a context of its own first. */
static gboolean
check (const Tls *self, GError **error)
{
  SSL_CTX *scratch;
  gboolean is_good;

  if (self->certificate == NULL || *self->certificate == '\0') {
    g_set_error (error, RC_ERROR, RC_ERROR_CONFIG,
                 "[sip] tls_listen needs tls_certificate");
    return FALSE;
  }
  scratch = SSL_CTX_new (TLS_method ());
  is_good = load (scratch, self, error);
  SSL_CTX_free (scratch);
  return is_good;
}

Tls *
tls_new (const Conf *conf, GError **error)
{
  Tls *self = g_new0 (Tls, 1);

  self->contexts
      = g_ptr_array_new_with_free_func ((GDestroyNotify)SSL_CTX_free);
  read_names (self, conf);
  if (!check (self, error))
    g_clear_pointer (&self, tls_free_all);
  return self;
}

static void
free_names (Tls *self)
{
  g_clear_error (&self->fault);
  g_free (self->certificate);
  g_free (self->key);
  g_free (self->ca);
}

void
tls_free_all (Tls *self)
{
  if (self == NULL)
    return;
  g_ptr_array_unref (self->contexts);
  free_names (self);
  g_free (self);
}

void
tls_adopt (SSL_CTX *context, gpointer data)
{
  Tls *self = data;
  g_autoptr (GError) error = NULL;

  set_policy (context);
  if (!load (context, self, &error))
    g_warning ("%s", error->message);
  SSL_CTX_up_ref (context);
  g_ptr_array_add (self->contexts, context);
}

gboolean
tls_reload (Tls *self, const Conf *conf, GError **error)
{
  Tls fresh = { 0 };

  read_names (&fresh, conf);
  if (!check (&fresh, error)) {
    free_names (&fresh);
    return FALSE;
  }
  for (guint i = 0; i < self->contexts->len; i++)
    if (!load (g_ptr_array_index (self->contexts, i), &fresh, error)) {
      free_names (&fresh);
      return FALSE;
    }
  free_names (self);
  fresh.contexts = self->contexts;
  *self = fresh;
  return TRUE;
}

static gint64
unix_time (const ASN1_TIME *time)
{
  struct tm tm;

  return ASN1_TIME_to_tm (time, &tm) == 1 ? (gint64)timegm (&tm) : 0;
}

static void
add_dates (const X509 *certificate, gint64 *begins, gint64 *ends)
{
  *begins = MAX (*begins, unix_time (X509_get0_notBefore (certificate)));
  *ends = MIN (*ends, unix_time (X509_get0_notAfter (certificate)));
}

/* Of the certificate and the chain that context shows. */
static void
dates_of (SSL_CTX *context, gint64 *begins, gint64 *ends)
{
  STACK_OF (X509) *chain = NULL;

  *begins = 0;
  *ends = G_MAXINT64;
  add_dates (SSL_CTX_get0_certificate (context), begins, ends);
  SSL_CTX_get0_chain_certs (context, &chain);
  for (int i = 0; i < sk_X509_num (chain); i++)
    add_dates (sk_X509_value (chain, i), begins, ends);
}

static Stamp
stamp_of (const char *path)
{
  Stamp stamp;
  struct stat found;

  memset (&stamp, 0, sizeof stamp);
  if (path == NULL || stat (path, &found) < 0)
    return stamp;
  stamp.device = found.st_dev;
  stamp.inode = found.st_ino;
  stamp.size = found.st_size;
  stamp.modified = found.st_mtim;
  stamp.changed = found.st_ctim;
  return stamp;
}

/* Have the files been touched since they were last looked at? */
static gboolean
is_changed (Tls *self)
{
  const char *const paths[] = { self->certificate, self->key, self->ca };
  gboolean differs = self->dates.begins == 0 && self->fault == NULL;

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    Stamp stamp = stamp_of (paths[i]);

    differs = differs || memcmp (&stamp, &self->stamps[i], sizeof stamp) != 0;
    self->stamps[i] = stamp;
  }
  return differs;
}

static void
inspect (Tls *self)
{
  SSL_CTX *scratch = SSL_CTX_new (TLS_method ());

  g_clear_error (&self->fault);
  self->dates = (TlsDates){ 0 };
  if (load (scratch, self, &self->fault))
    dates_of (scratch, &self->dates.begins, &self->dates.ends);
  SSL_CTX_free (scratch);
}

gboolean
tls_inspect (Tls *self, TlsDates *out, GError **error)
{
  gint64 begins;

  if (is_changed (self))
    inspect (self);
  *out = self->dates;
  out->file = self->certificate;
  out->ends_in_force = out->ends;
  if (self->contexts->len > 0)
    dates_of (g_ptr_array_index (self->contexts, 0), &begins,
              &out->ends_in_force);
  if (self->fault != NULL && error != NULL)
    *error = g_error_copy (self->fault);
  return self->fault == NULL;
}

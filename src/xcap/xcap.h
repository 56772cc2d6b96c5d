/* SPDX-License-Identifier: ISC
 *
 * The XCAP server (RFC 4825): the verbs below /xcap-root/, who may use them
 * (HTTP digest, the SIP users and passwords), conditional requests, one edit of
 * a document after the other.  It knows documents through port/documents.h and
 * XML through codec/xcap-*. */
#pragma once
#include "base/counters.h"
#include "conf/conf.h"
#include "http/http.h"
#include "port/clock.h"
#include "port/documents.h"
#include "port/store.h"

#define XCAP_ROOT_PATH "/xcap-root/"

typedef struct Xcap Xcap;

/* What the room asks about users; service_user, service_has_domain and
 * service_is_ready do. */
typedef struct {
  /* A user by AoR in any spelling of case, also a disabled one; NULL: none.
   * Borrowed until the next turn. */
  const StoreUser *(*user) (const char *aor, gpointer data);
  gboolean (*has_domain) (const char *host, gpointer data);
  gboolean (*is_ready) (gpointer data); /* FALSE: 503 */
  gpointer data;
} XcapHooks;

/* Adds its route to http; documents, clock and counters live as long as self,
 * conf until the next reload. */
Xcap *xcap_new (Http *http, const Conf *conf, const Clock *clock,
                Counters *counters, DocumentsPort *documents,
                const XcapHooks *hooks);
/* Refuses further requests (503), and tasks done, inside or later, when all that
 * wait for the store have been answered. */
void xcap_quiesce (Xcap *self, void (*done) (gpointer data), gpointer data);
/* Before http_free: requests that wait for the store are answered 503; what the
 * store says later is forgotten. */
void xcap_free (Xcap *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Xcap, xcap_free)

/* DIGEST_KEY_LEN bytes that outlive the process, for nonces (auth/digest.h);
 * once they are known. */
void xcap_set_key (Xcap *self, const guint8 *key);
/* Takes reloadable options into force. */
void xcap_reload (Xcap *self, const Conf *conf);

/* New string: the XCAP root URI, with '/' at its end: option xcap.root, or
 * http://ADDRESS/xcap-root/ of the first http.listen (the first domain in place
 * of an address that stands for all); NULL without any. */
char *xcap_root_uri (const Conf *conf);

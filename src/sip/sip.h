/* SPDX-License-Identifier: ISC
 *
 * The SIP adapter: sofia-sip's nta and tport on one side, service/ on the other.
 * Nothing of sofia leaves this room but su_root inside sip/loop.h. */
#pragma once
#include "base/counters.h"
#include "conf/conf.h"
#include "port/clock.h"
#include "port/loop.h"
#include "port/names.h"
#include "port/sip_out.h"
#include "service/service.h"

typedef struct Sip Sip;
typedef struct SipLoop SipLoop;

/* The event loop on su_root; one per process; before any other sofia call. */
SipLoop *sip_loop_new (void);
void sip_loop_free (SipLoop *self);
LoopPort *sip_loop_port (SipLoop *self);
/* Runs until sip_loop_quit. */
void sip_loop_run (SipLoop *self);
void sip_loop_quit (SipLoop *self);

/* Opens every address of [sip] listen and tls_listen.  A taken port or an
 * unreadable certificate is an error whose message names it. */
Sip *sip_new (SipLoop *loop, const Conf *conf, Service *service,
              const Clock *clock, Counters *counters, GError **error);
void sip_free (Sip *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Sip, sip_free)
SipOutPort *sip_out_port (Sip *self);
/* The resolver's threads, for other adapters; valid as long as self. */
NamesPort *sip_names_port (Sip *self);
/* The key of nonces that outlives this process (digest_set_key); before the
 * first request is answered. */
void sip_set_nonce_key (Sip *self, const guint8 key[32]);
/* Takes reloadable options and the TLS certificate into force. conf must live
 * as long as self uses it (until the next reload or free). */
gboolean sip_reload (Sip *self, const Conf *conf, GError **error);
/* TCP and TLS connections that are open now. */
guint sip_connections (Sip *self);
/* Connections refused since the start: too many, or no descriptor left. */
guint64 sip_refused (Sip *self);
/* The certificate of the TLS listeners, its file read anew: seconds since 1970
 * (sip/tls.h).  FALSE and no error: there is no TLS listener. */
typedef struct {
  const char *file;
  gint64 begins, ends, ends_in_force;
} SipCertificate;
gboolean sip_certificate (Sip *self, SipCertificate *out, GError **error);
/* Other domains whose servers do not answer what is relayed to them. */
typedef void (*SipPeerFn) (const char *domain, const char *why, guint times,
                           gpointer data);
void sip_peers (Sip *self, SipPeerFn fn, gpointer data);
/* Stops taking new connections and requests. */
void sip_quiesce (Sip *self);

/* SPDX-License-Identifier: ISC
 *
 * Sockets, inside sip/: one nta agent per address family with its UDP, TCP and
 * TLS transports; which agent and transport reach a peer; flows (RFC 5626). */
#pragma once
#include "sip/sofia.h"
#include "sip/sip.h"
#include "sip/tls.h"

typedef struct Transport Transport;

/* Called for each message that is no response to a client transaction and no
 * retransmission known to nta (stateless callback); takes msg. */
typedef void (*TransportFn) (nta_agent_t *agent, msg_t *msg, sip_t *sip,
                             gpointer data);
/* The flow has ended. */
typedef void (*TransportClosedFn) (guint64 flow, gpointer data);

typedef struct {
  TransportFn message;
  TransportClosedFn closed;
  /* A request so malformed that nta answers it with status (400). */
  void (*refused) (const sip_t *object, const char *source, int status,
                   gpointer data);
  /* So many messages since the last call were no SIP, or responses that cannot
   * be read; they are dropped. At most every five seconds. */
  void (*garbage) (guint64 n, gpointer data);
} TransportEvents;

/* events: borrowed, for the life of the Transport; each may be NULL but
 * message. */
Transport *transport_new (SipLoop *loop, const Conf *conf,
                          const TransportEvents *events, gpointer data,
                          GError **error);
void transport_free (Transport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Transport, transport_free)
/* The certificate, for connections to come, and [sip] max_connections. */
gboolean transport_reload (Transport *self, const Conf *conf, GError **error);
/* The certificate as tls_inspect tells of it; FALSE and no error: there is no
 * TLS. */
gboolean transport_inspect (Transport *self, TlsDates *out, GError **error);
/* From now on connections that come are reset. */
void transport_quiesce (Transport *self);

/* The flow of a connection-oriented message: the same number for the same
 * connection for its life, never used again; 0 for UDP. Call it in the
 * TransportFn only (stack.md section 1). */
guint64 transport_flow_of (Transport *self, nta_agent_t *agent, msg_t *msg);
/* The connection of a flow, borrowed; NULL when it is closed or unknown.
 * *agent_out gets its agent. */
tport_t *transport_flow (Transport *self, guint64 flow,
                         nta_agent_t **agent_out);

/* The agent for a numeric destination ("192.0.2.1", "2001:db8::1"); NULL when
 * nothing listens in that family. */
nta_agent_t *transport_agent_for (Transport *self, const char *host);

/* The transport whose socket stands on the address from which the system
 * reaches host, for NTATAG_TPORT: on a machine with several addresses nta would
 * take the first, and a NAT in between would not know it.  NULL when there is
 * nothing to choose. Borrowed. */
tport_t *transport_tport_for (Transport *self, const char *host,
                              const char *proto);

/* Our Contact URI towards such a peer: "sip:ADDR:PORT;transport=tcp;gr", a GRUU
 * as a notifier's must be (RFC 6665 4.5.1, RFC 5627 4.3). Borrowed.  proto is
 * "udp", "tcp" or "tls".  NULL when nothing listens there. */
const char *transport_contact (Transport *self, nta_agent_t *agent,
                               const char *proto);

/* The port of the first listener of proto; 0: none. For a configured port 0
 * ("a free one") the real one. */
guint transport_port (Transport *self, const char *proto);

/* "udp:192.0.2.1:5060", "tls:[::1]:4711": where a message came from. In the
 * TransportFn only. Caller frees. */
char *transport_source_of (Transport *self, nta_agent_t *agent, msg_t *msg);

/* Is this host:port (numeric or a listen name) ourselves? For Route and
 * Request-URI. port 0: the default. */
gboolean transport_is_self (Transport *self, const char *host, guint port);

/* SPDX-License-Identifier: ISC
 *
 * For tests of what leaves through the real transport of a PeerServer: SipOut on
 * top of it.  service_has_domain is the test's. */
#pragma once
#include "sip-peer.h"

#include "sip/out.h"

typedef struct {
  Sip sip;
  Counters *counters;
  Resolver *resolver;
  SipOut *out;
  SipOutPort *port;
} OutRig;

static inline void
out_rig_start (OutRig *self, PeerServer *server)
{
  self->counters = counters_new ();
  self->resolver = resolver_new (server->loop);
  self->sip.loop = server->loop;
  self->out = sip_out_new (&self->sip, server->transport, self->resolver,
                           server->conf, self->counters);
  self->port = sip_out_port_of (self->out);
}

static inline void
out_rig_stop (OutRig *self)
{
  sip_out_free (self->out);
  resolver_free (self->resolver);
  counters_free (self->counters);
}

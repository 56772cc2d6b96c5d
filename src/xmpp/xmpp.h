/* SPDX-License-Identifier: ISC
 *
 * The XMPP adapter: the stream of an external component (XEP-0114) to an XMPP
 * server, kept up for as long as this lives.  Stanzas become what port/xmpp.h
 * has; what is asked of us is answered here (answer.h). */
#pragma once
#include "base/counters.h"
#include "port/clock.h"
#include "port/loop.h"
#include "port/names.h"
#include "port/xmpp.h"

typedef struct XmppStream XmppStream;

typedef struct {
  const char *host; /* a name or a numeric address */
  guint port;
  const char *component; /* our domain there, in lower case */
  const char *secret;
  const char *ping_host; /* who answers pings, should the server not send us
                            what we send to ourselves; or NULL */
  gsize max_stanza;      /* bytes */
  gsize max_queue;       /* bytes that wait to be sent */
  guint keepalive;       /* seconds of silence, then a ping */
  guint timeout;         /* seconds to connect, and for a ping to come back */
  guint reconnect;       /* seconds between two attempts at most */
} XmppConfig;

/* Strings are copied.  names: only asked when host is a name; may be NULL then
 * that it is not.  events: told from the loop, never inside of a call. */
XmppStream *xmpp_stream_new (const XmppConfig *config, LoopPort *loop,
                             const Clock *clock, NamesPort *names,
                             Counters *counters, const XmppEvents *events);
/* Ends the stream; nobody is told of anything any more. */
void xmpp_stream_free (XmppStream *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmppStream, xmpp_stream_free)
/* Begins to connect, for as long as it takes. */
void xmpp_stream_start (XmppStream *self);
/* Takes the numbers of config into force. */
void xmpp_stream_reload (XmppStream *self, const XmppConfig *config);

XmppPort *xmpp_stream_port (XmppStream *self);

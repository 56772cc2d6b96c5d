/* SPDX-License-Identifier: ISC
 *
 * From the options of [xmpp] to the link, and what administrators are told of
 * it. */
#pragma once
#include "conf/conf.h"
#include "service/xmpp.h"
#include "xmpp/xmpp.h"

/* The link as configured, and the service told of it; NULL and no error: there
 * is none. */
XmppStream *xmpp_link_new (const Conf *conf, Service *service, LoopPort *loop,
                           const Clock *clock, NamesPort *names,
                           Counters *counters, GError **error);
void xmpp_link_reload (XmppStream *stream, const Conf *conf);
/* How it is; stream may be NULL. */
void xmpp_link_get (XmppStream *stream, XmppLink *out);
/* Lines "name value" for `rollcallctl xmpp status`; stream may be NULL.  The
 * caller frees. */
char *xmpp_link_lines (XmppStream *stream, const Conf *conf, gint64 now);

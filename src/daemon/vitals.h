/* SPDX-License-Identifier: ISC
 *
 * What the adapters and the process know of the server's health. */
#pragma once
#include "admin/checks.h"
#include "conf/conf.h"
#include "sip/sip.h"
#include "xmpp/xmpp.h"

/* Fills in what admin/health does not know by itself; xmpp may be NULL. */
void vitals_gather (CheckFacts *facts, const Conf *conf, Service *service,
                    Sip *sip, XmppStream *xmpp);

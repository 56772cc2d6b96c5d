/* SPDX-License-Identifier: ISC
 *
 * For the tests of presence across the XMPP border: xavier, his server, and what
 * is sent to him. */
#pragma once
#include "tests/lib/servicebed.h"

#include <string.h>

#define HOME XAVIER "/home"
#define OPEN                                                                   \
  "<tuple id='t'><status><basic>open</basic></status>"                         \
  "<contact>sip:" ALICE ";gr=desk</contact></tuple>"
#define PHONE                                                                  \
  "<tuple id='u'><status><basic>open</basic></status>"                         \
  "<contact>sip:" ALICE ";gr=phone</contact></tuple>"
#define BUSY                                                                   \
  "<dm:person id='p'><rpid:activities><rpid:busy/></rpid:activities>"          \
  "</dm:person>"
#define CLOSED                                                                 \
  "<tuple id='t'><status><basic>closed</basic></status>"                       \
  "<note>gone</note></tuple>"

static inline void
expect (ServiceBed *bed, const char *lines)
{
  g_autofree char *sent = NULL;

  fake_loop_run (bed->loop, 0.3);
  sent = fake_xmpp_drain (bed->xmpp);
  g_assert_cmpstr (sent, ==, lines);
}

static inline void
from_xavier (ServiceBed *bed, XmppPresenceType type)
{
  fake_xmpp_show (bed->xmpp, XAVIER, ALICE, type);
  fake_loop_run (bed->loop, 0.2);
}

/* From one of his resources. */
static inline void
show (ServiceBed *bed, const char *from, XmppShow how, const char *status)
{
  const XmppPresence presence = { .from = from,
                                  .to = ALICE,
                                  .type = XMPP_AVAILABLE,
                                  .show = how,
                                  .status = status };

  fake_xmpp_presence (bed->xmpp, &presence);
  fake_loop_run (bed->loop, 0.2);
}

static inline void
fail (ServiceBed *bed, const char *from, XmppError error)
{
  const XmppPresence presence = {
    .from = from, .to = ALICE, .type = XMPP_PRESENCE_ERROR, .error = error
  };

  fake_xmpp_presence (bed->xmpp, &presence);
  fake_loop_run (bed->loop, 0.2);
}

/* The oldest presence sent: type and fields. */
static inline void
expect_presence (ServiceBed *bed, const char *from, const char *to,
                 XmppPresenceType type, XmppShow how, const char *status)
{
  g_autoptr (FakeXmppPresence) sent = NULL;

  fake_loop_run (bed->loop, 0.2);
  sent = fake_xmpp_take_presence (bed->xmpp, NULL);
  g_assert_cmpstr (sent->presence.from, ==, from);
  g_assert_cmpstr (sent->presence.to, ==, to);
  g_assert_cmpint (sent->presence.type, ==, type);
  g_assert_cmpint (sent->presence.show, ==, how);
  g_assert_cmpstr (sent->presence.status, ==, status);
}

#define SUBSCRIBED "subscribed " ALICE " > " XAVIER "\n"
#define UNSUBSCRIBED "unsubscribed " ALICE " > " XAVIER "\n"
#define DESK_ON "available " ALICE "/desk > " XAVIER "\n"
#define DESK_OFF "unavailable " ALICE "/desk > " XAVIER "\n"
#define AWAY "unavailable " ALICE " > " XAVIER "\n"
#define PROBE "probe " ALICE " > " XAVIER "\n"
#define SUBSCRIBE "subscribe " ALICE " > " XAVIER "\n"
#define UNSUBSCRIBE "unsubscribe " ALICE " > " XAVIER "\n"

/* Alice, to xavier. */
static inline void
subscribe (ServiceBed *bed)
{
  bed_subscribe (bed, ALICE, XAVIER, "presence", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

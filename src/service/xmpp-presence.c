/* SPDX-License-Identifier: ISC
 *
 * Presence between users of ours and XMPP users: not offered. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-priv.h"

struct XmppPresences {
  Xmpp *xmpp;
};

XmppPresences *
xmpp_presences_new (Xmpp *xmpp)
{
  XmppPresences *self = g_new0 (XmppPresences, 1);

  self->xmpp = xmpp;
  return self;
}

void
xmpp_presences_free (XmppPresences *self)
{
  g_free (self);
}

void
xmpp_presences_detach (Xmpp *self)
{
}

void
xmpp_presences_advance (Xmpp *self)
{
}

void
xmpp_presences_link (Xmpp *self, gboolean is_up)
{
}

void
xmpp_presences_has_room (Xmpp *self)
{
}

void
xmpp_presence_in (Xmpp *self, const XmppPresence *presence)
{
  const XmppPresence away = { .from = presence->to,
                              .to = presence->from,
                              .type = XMPP_UNAVAILABLE };

  if (presence->type == XMPP_PROBE)
    xmpp_send_presence (self, &away);
  else if (presence->type == XMPP_SUBSCRIBE)
    xmpp_refuse_presence (self, presence, XMPP_FEATURE_NOT_IMPLEMENTED, NULL);
}

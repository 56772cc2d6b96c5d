/* SPDX-License-Identifier: ISC
 *
 * Text conferences (XEP-0045): not offered, nobody of ours is in one. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-priv.h"

struct XmppRooms {
  Xmpp *xmpp;
};

XmppRooms *
xmpp_rooms_new (Xmpp *xmpp)
{
  XmppRooms *self = g_new0 (XmppRooms, 1);

  self->xmpp = xmpp;
  return self;
}

void
xmpp_rooms_free (XmppRooms *self)
{
  g_free (self);
}

void
xmpp_rooms_detach (Xmpp *self)
{
}

void
xmpp_rooms_advance (Xmpp *self)
{
}

void
xmpp_rooms_link (Xmpp *self, gboolean is_up)
{
}

void
xmpp_rooms_has_room (Xmpp *self)
{
}

void
xmpp_rooms_message (Xmpp *self, const XmppMessage *message)
{
}

void
xmpp_rooms_presence (Xmpp *self, const XmppPresence *presence)
{
}

/* SPDX-License-Identifier: ISC
 *
 * Messages between users of ours and XMPP users: not offered. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-priv.h"

struct XmppMessages {
  Xmpp *xmpp;
};

XmppMessages *
xmpp_messages_new (Xmpp *xmpp)
{
  XmppMessages *self = g_new0 (XmppMessages, 1);

  self->xmpp = xmpp;
  return self;
}

void
xmpp_messages_free (XmppMessages *self)
{
  g_free (self);
}

void
xmpp_messages_detach (Xmpp *self)
{
}

void
xmpp_messages_advance (Xmpp *self)
{
}

void
xmpp_messages_link (Xmpp *self, gboolean is_up)
{
}

void
xmpp_messages_has_room (Xmpp *self)
{
}

void
xmpp_message_in (Xmpp *self, const XmppMessage *message)
{
  xmpp_refuse_message (self, message, XMPP_FEATURE_NOT_IMPLEMENTED, NULL);
}

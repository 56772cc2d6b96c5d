/* SPDX-License-Identifier: ISC
 *
 * The XMPP side's shared part: what lies beyond the link, which part of the
 * service each stanza concerns, and errors for those that concern none.  Knows
 * nothing of what the parts do with them. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-priv.h"

#include <string.h>

#include "addr/xmpp.h"

/* XMPP users who are told apart when they send too much. */
#define RATE_NAMES 16384

static gboolean
has_name (GHashTable *names, const char *host)
{
  g_autofree char *lower = NULL;

  if (names == NULL || g_hash_table_contains (names, host))
    return names != NULL;
  lower = g_ascii_strdown (host, -1);
  return g_hash_table_contains (names, lower);
}

gboolean
xmpp_is_there (Service *self)
{
  return self->xmpp->is_there;
}

gboolean
xmpp_has_domain (Service *self, const char *host)
{
  return has_name (self->xmpp->domains, host);
}

gboolean
xmpp_has_rooms (Service *self, const char *host)
{
  return has_name (self->xmpp->rooms, host);
}

gboolean
xmpp_is_up (const Xmpp *self)
{
  return self->port != NULL && self->port->is_up (self->port->self);
}

const char *
xmpp_word (const Xmpp *self)
{
  if (!self->is_there)
    return "none";
  return xmpp_is_up (self) ? "up" : "down";
}

gboolean
xmpp_send_presence (Xmpp *self, const XmppPresence *presence)
{
  return self->port != NULL
         && self->port->presence (self->port->self, presence);
}

typedef struct {
  XmppSentFn done;
  gpointer data;
} Lost;

static void
lost_cb (gpointer data)
{
  Lost *lost = data;

  lost->done (XMPP_LOST, XMPP_NO_ERROR, NULL, lost->data);
}

void
xmpp_send_message (Xmpp *self, const XmppMessage *message, XmppSentFn done,
                   gpointer data)
{
  LoopPort *loop = self->service->loop;
  Lost *lost;

  if (self->port != NULL) {
    self->port->message (self->port->self, message, done, data);
    return;
  }
  if (done == NULL)
    return;
  lost = g_new (Lost, 1);
  *lost = (Lost){ done, data };
  loop->defer (loop->self, lost_cb, lost, g_free);
}

void
xmpp_refuse_message (Xmpp *self, const XmppMessage *message, XmppError error,
                     const char *text)
{
  const XmppMessage refusal = { .from = message->to,
                                .to = message->from,
                                .id = message->id,
                                .type = XMPP_MESSAGE_ERROR,
                                .error = error,
                                .error_text = text };

  if (message->type != XMPP_MESSAGE_ERROR)
    xmpp_send_message (self, &refusal, NULL, NULL);
}

void
xmpp_refuse_presence (Xmpp *self, const XmppPresence *presence, XmppError error,
                      const char *text)
{
  const XmppPresence refusal = { .from = presence->to,
                                 .to = presence->from,
                                 .id = presence->id,
                                 .type = XMPP_PRESENCE_ERROR,
                                 .error = error,
                                 .error_text = text };

  if (presence->type != XMPP_PRESENCE_ERROR)
    xmpp_send_presence (self, &refusal);
}

typedef enum { PLACE_PEOPLE, PLACE_ROOMS, PLACE_NONE } Place;

static Place
place_of (Xmpp *self, const char *jid)
{
  g_autofree char *name = jid_domain (jid);
  g_autofree char *ascii = g_hostname_to_ascii (name);
  const char *domain = ascii != NULL ? ascii : name;

  if (has_name (self->rooms, domain))
    return PLACE_ROOMS;
  return has_name (self->domains, domain) ? PLACE_PEOPLE : PLACE_NONE;
}

/* Why a stanza from there cannot be taken. */
static XmppError
gate (Xmpp *self, Place from)
{
  if (from == PLACE_NONE)
    return XMPP_NOT_ALLOWED;
  return service_is_ready (self->service) ? XMPP_NO_ERROR
                                          : XMPP_RECIPIENT_UNAVAILABLE;
}

gboolean
xmpp_is_within_rate (Xmpp *self, const char *jid)
{
  const ServiceLimits *limits = &self->service->limits;
  g_autofree char *bare = jid_bare_of (jid);

  limit_set_rate (self->rates, limits->xmpp_rate, limits->xmpp_burst);
  if (limit_take (self->rates, bare, service_now (self->service)))
    return TRUE;
  g_info ("too many messages of %s", bare);
  counters_add (self->service->counters, "rate_limited_total{by=\"xmpp\"}", 1);
  return FALSE;
}

/* What is an error, a receipt or a chat state is dropped. */
static void
refuse_rate (Xmpp *self, const XmppMessage *message)
{
  if (message->body != NULL && message->type != XMPP_MESSAGE_HEADLINE)
    xmpp_refuse_message (self, message, XMPP_RESOURCE_CONSTRAINT,
                         "Too many messages");
}

static void
message_cb (gpointer data, const XmppMessage *message)
{
  Xmpp *self = data;
  Place from = place_of (self, message->from);
  XmppError error = gate (self, from);

  if (error != XMPP_NO_ERROR && from != PLACE_ROOMS)
    xmpp_refuse_message (self, message, error, NULL);
  else if (error != XMPP_NO_ERROR)
    return; /* a room would throw him out for an error */
  else if (from == PLACE_ROOMS)
    xmpp_rooms_message (self, message);
  else if (!xmpp_is_within_rate (self, message->from))
    refuse_rate (self, message);
  else
    xmpp_message_in (self, message);
}

/* Only what asks for something is answered by an error; a room would throw our
 * user out for one. */
static gboolean
is_refusable (Place from, const XmppPresence *presence)
{
  return from != PLACE_ROOMS
         && (presence->type == XMPP_SUBSCRIBE || presence->type == XMPP_PROBE);
}

static void
presence_cb (gpointer data, const XmppPresence *presence)
{
  Xmpp *self = data;
  Place from = place_of (self, presence->from);
  XmppError error = gate (self, from);

  if (presence->type == XMPP_UNAVAILABLE && from == PLACE_PEOPLE)
    xmpp_message_gone (self, presence->from);
  if (error != XMPP_NO_ERROR && is_refusable (from, presence))
    xmpp_refuse_presence (self, presence, error, NULL);
  else if (error != XMPP_NO_ERROR)
    return;
  else if (from == PLACE_ROOMS)
    xmpp_rooms_presence (self, presence);
  else
    xmpp_presence_in (self, presence);
}

static void
link_changed_cb (gpointer data, gboolean is_up)
{
  Xmpp *self = data;

  xmpp_presences_link (self, is_up);
  xmpp_rooms_link (self, is_up);
  xmpp_messages_link (self, is_up);
}

static void
has_room_cb (gpointer data)
{
  Xmpp *self = data;

  xmpp_messages_has_room (self);
  xmpp_rooms_has_room (self);
  xmpp_presences_has_room (self);
}

Xmpp *
xmpp_new (Service *service)
{
  Xmpp *self = g_new0 (Xmpp, 1);

  self->service = service;
  self->events = (XmppEvents){ .self = self,
                               .message = message_cb,
                               .presence = presence_cb,
                               .link_changed = link_changed_cb,
                               .has_room = has_room_cb };
  self->rates = limit_new (0, 0, RATE_NAMES);
  self->message_part = xmpp_messages_new (self);
  self->presence_part = xmpp_presences_new (self);
  self->room_part = xmpp_rooms_new (self);
  return self;
}

static void
detach (Xmpp *self)
{
  if (self->port == NULL)
    return;
  xmpp_messages_detach (self);
  xmpp_rooms_detach (self);
  xmpp_presences_detach (self);
  self->port = NULL;
}

void
xmpp_free (Xmpp *self)
{
  detach (self);
  xmpp_messages_free (self->message_part);
  xmpp_rooms_free (self->room_part);
  xmpp_presences_free (self->presence_part);
  limit_free (self->rates);
  g_clear_pointer (&self->domains, g_hash_table_unref);
  g_clear_pointer (&self->rooms, g_hash_table_unref);
  g_free (self);
}

void
xmpp_advance (Xmpp *self)
{
  if (!self->is_there)
    return;
  xmpp_messages_advance (self);
  xmpp_presences_advance (self);
  xmpp_rooms_advance (self);
}

static GHashTable *
names_new (const char *const *names)
{
  GHashTable *set
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (; names != NULL && *names != NULL; names++)
    g_hash_table_add (set, g_ascii_strdown (*names, -1));
  return set;
}

void
service_set_xmpp (Service *service, XmppPort *port, const XmppPlaces *places)
{
  Xmpp *self = service->xmpp;

  if (port == NULL) {
    detach (self);
    return;
  }
  self->port = port;
  self->is_there = TRUE;
  g_clear_pointer (&self->domains, g_hash_table_unref);
  g_clear_pointer (&self->rooms, g_hash_table_unref);
  self->domains = names_new (places->domains);
  self->rooms = names_new (places->rooms);
}

const XmppEvents *
service_xmpp_events (Service *self)
{
  return &self->xmpp->events;
}

/* SPDX-License-Identifier: ISC
 *
 * The fake XMPP side of the unit tests. */
#include "fakexmpp.h"

static const char *const TYPES[] = { [XMPP_MESSAGE_NORMAL] = "normal",
                                     [XMPP_MESSAGE_CHAT] = "chat",
                                     [XMPP_MESSAGE_GROUPCHAT] = "groupchat",
                                     [XMPP_MESSAGE_HEADLINE] = "headline",
                                     [XMPP_MESSAGE_ERROR] = "error" };

static const char *const PRESENCES[] = { [XMPP_AVAILABLE] = "available",
                                         [XMPP_UNAVAILABLE] = "unavailable",
                                         [XMPP_SUBSCRIBE] = "subscribe",
                                         [XMPP_SUBSCRIBED] = "subscribed",
                                         [XMPP_UNSUBSCRIBE] = "unsubscribe",
                                         [XMPP_UNSUBSCRIBED] = "unsubscribed",
                                         [XMPP_PROBE] = "probe",
                                         [XMPP_PRESENCE_ERROR] = "error" };

static void
own (const char **text)
{
  *text = g_strdup (*text);
}

static void
disown (const char *text)
{
  g_free ((char *)text);
}

static gboolean
is_up_cb (gpointer port)
{
  return ((FakeXmpp *)port)->is_up;
}

static void
link_cb (gpointer port, XmppLink *out)
{
  FakeXmpp *self = port;

  *out = (XmppLink){ .is_configured = TRUE,
                     .is_up = self->is_up,
                     .peer = "127.0.0.1:5347",
                     .n_unconfirmed = self->messages->len };
}

static void
message_cb (gpointer port, const XmppMessage *message, XmppSentFn done,
            gpointer data)
{
  FakeXmpp *self = port;
  FakeXmppMessage *note = g_new0 (FakeXmppMessage, 1);
  XmppMessage *m = &note->message;

  g_assert_nonnull (message->from);
  g_assert_nonnull (message->to);
  g_assert_true (message->id != NULL || done == NULL);
  *m = *message;
  own (&m->from);
  own (&m->to);
  own (&m->id);
  own (&m->lang);
  own (&m->subject);
  own (&m->body);
  own (&m->thread);
  own (&m->receipt);
  own (&m->error_text);
  own (&m->invite_from);
  own (&m->invite_reason);
  note->done = done;
  note->data = data;
  g_ptr_array_add (self->messages, note);
}

void
fake_xmpp_message_free (FakeXmppMessage *note)
{
  XmppMessage *m;

  if (note == NULL)
    return;
  m = &note->message;
  disown (m->from);
  disown (m->to);
  disown (m->id);
  disown (m->lang);
  disown (m->subject);
  disown (m->body);
  disown (m->thread);
  disown (m->receipt);
  disown (m->error_text);
  disown (m->invite_from);
  disown (m->invite_reason);
  g_free (note);
}

static XmppOccupant *
occupant_dup (const XmppOccupant *occupant)
{
  XmppOccupant *copy = g_memdup2 (occupant, sizeof *occupant);

  own (&copy->affiliation);
  own (&copy->role);
  own (&copy->jid);
  own (&copy->nick);
  own (&copy->actor);
  own (&copy->reason);
  return copy;
}

static gboolean
presence_cb (gpointer port, const XmppPresence *presence)
{
  FakeXmpp *self = port;
  FakeXmppPresence *note;
  XmppPresence *p;

  g_assert_nonnull (presence->from);
  g_assert_nonnull (presence->to);
  if (!self->is_up || self->is_full)
    return FALSE;
  note = g_new0 (FakeXmppPresence, 1);
  p = &note->presence;
  *p = *presence;
  own (&p->from);
  own (&p->to);
  own (&p->id);
  own (&p->status);
  own (&p->lang);
  own (&p->error_text);
  if (p->occupant != NULL)
    p->occupant = occupant_dup (p->occupant);
  if (p->join != NULL) {
    XmppJoin *join = g_memdup2 (p->join, sizeof *join);

    own (&join->password);
    p->join = join;
  }
  g_ptr_array_add (self->presences, note);
  return TRUE;
}

static void
occupant_free (XmppOccupant *occupant)
{
  if (occupant == NULL)
    return;
  disown (occupant->affiliation);
  disown (occupant->role);
  disown (occupant->jid);
  disown (occupant->nick);
  disown (occupant->actor);
  disown (occupant->reason);
  g_free (occupant);
}

void
fake_xmpp_presence_free (FakeXmppPresence *note)
{
  XmppPresence *p;

  if (note == NULL)
    return;
  p = &note->presence;
  disown (p->from);
  disown (p->to);
  disown (p->id);
  disown (p->status);
  disown (p->lang);
  disown (p->error_text);
  occupant_free ((XmppOccupant *)p->occupant);
  if (p->join != NULL)
    disown (p->join->password);
  g_free ((XmppJoin *)p->join);
  g_free (note);
}

static FakeXmppQuery *
query_new (FakeXmpp *self, FakeXmppAsk what, const char *from, const char *room,
           gpointer data)
{
  FakeXmppQuery *query = g_new0 (FakeXmppQuery, 1);

  query->what = what;
  query->from = g_strdup (from);
  query->room = g_strdup (room);
  query->data = data;
  g_ptr_array_add (self->queries, query);
  return query;
}

static void
query_free (FakeXmppQuery *query)
{
  g_free (query->from);
  g_free (query->room);
  g_free (query->nick);
  g_free (query->reason);
  g_free (query);
}

static void
create_cb (gpointer port, const char *from, const char *room, XmppDoneFn done,
           gpointer data)
{
  query_new (port, FAKE_XMPP_CREATE, from, room, data)->done = done;
}

static void
kick_cb (gpointer port, const char *from, const char *room, const char *nick,
         const char *reason, XmppDoneFn done, gpointer data)
{
  FakeXmppQuery *query = query_new (port, FAKE_XMPP_KICK, from, room, data);

  query->nick = g_strdup (nick);
  query->reason = g_strdup (reason);
  query->done = done;
}

static void
ping_cb (gpointer port, const char *from, const char *room, const char *nick,
         XmppDoneFn done, gpointer data)
{
  FakeXmppQuery *query = query_new (port, FAKE_XMPP_PING, from, room, data);

  query->nick = g_strdup (nick);
  query->done = done;
}

static void
rooms_cb (gpointer port, const char *from, const char *service,
          XmppItemsFn done, gpointer data)
{
  query_new (port, FAKE_XMPP_ROOMS, from, service, data)->items_fn = done;
}

static void
forget_cb (gpointer port, gpointer data)
{
  FakeXmpp *self = port;

  for (guint i = 0; i < self->messages->len; i++) {
    FakeXmppMessage *note = self->messages->pdata[i];

    if (note->data == data)
      note->done = NULL;
  }
  for (guint i = 0; i < self->queries->len; i++) {
    FakeXmppQuery *query = self->queries->pdata[i];

    if (query->data == data) {
      query->done = NULL;
      query->items_fn = NULL;
    }
  }
}

FakeXmpp *
fake_xmpp_new (void)
{
  FakeXmpp *self = g_new0 (FakeXmpp, 1);

  self->messages = g_ptr_array_new ();
  self->presences = g_ptr_array_new ();
  self->queries = g_ptr_array_new ();
  self->port = (XmppPort){ .self = self,
                           .is_up = is_up_cb,
                           .link = link_cb,
                           .message = message_cb,
                           .presence = presence_cb,
                           .room_create = create_cb,
                           .room_kick = kick_cb,
                           .room_ping = ping_cb,
                           .rooms = rooms_cb,
                           .forget = forget_cb };
  return self;
}

void
fake_xmpp_free (FakeXmpp *self)
{
  for (guint i = 0; i < self->messages->len; i++) {
    FakeXmppMessage *note = self->messages->pdata[i];

    g_assert_null (note->done);
    fake_xmpp_message_free (note);
  }
  for (guint i = 0; i < self->queries->len; i++) {
    FakeXmppQuery *query = self->queries->pdata[i];

    g_assert_true (query->done == NULL && query->items_fn == NULL);
    query_free (query);
  }
  for (guint i = 0; i < self->presences->len; i++)
    fake_xmpp_presence_free (self->presences->pdata[i]);
  g_ptr_array_unref (self->messages);
  g_ptr_array_unref (self->presences);
  g_ptr_array_unref (self->queries);
  g_free (self);
}

static void
answer (FakeXmppQuery *query, const XmppItem *items, guint n, XmppError error)
{
  if (query->done != NULL)
    query->done (error, NULL, query->data);
  if (query->items_fn != NULL)
    query->items_fn (items, n, error, query->data);
  query_free (query);
}

void
fake_xmpp_link (FakeXmpp *self, gboolean is_up)
{
  self->is_up = is_up;
  while (!is_up && self->messages->len > 0)
    fake_xmpp_message_free (
        fake_xmpp_take (self, NULL, XMPP_LOST, XMPP_NO_ERROR));
  while (!is_up && self->queries->len > 0)
    answer (g_ptr_array_remove_index (self->queries, 0), NULL, 0,
            XMPP_REMOTE_SERVER_TIMEOUT);
  self->events->link_changed (self->events->self, is_up);
}

void
fake_xmpp_set_full (FakeXmpp *self, gboolean is_full)
{
  self->is_full = is_full;
  if (!is_full)
    self->events->has_room (self->events->self);
}

void
fake_xmpp_message (FakeXmpp *self, const XmppMessage *message)
{
  self->events->message (self->events->self, message);
}

void
fake_xmpp_presence (FakeXmpp *self, const XmppPresence *presence)
{
  self->events->presence (self->events->self, presence);
}

void
fake_xmpp_show (FakeXmpp *self, const char *from, const char *to,
                XmppPresenceType type)
{
  fake_xmpp_presence (self,
                      &(XmppPresence){ .from = from, .to = to, .type = type });
}

void
fake_xmpp_say (FakeXmpp *self, const char *from, const char *to, const char *id,
               const char *body)
{
  fake_xmpp_message (self, &(XmppMessage){ .from = from,
                                           .to = to,
                                           .id = id,
                                           .type = XMPP_MESSAGE_CHAT,
                                           .body = body });
}

FakeXmppMessage *
fake_xmpp_take (FakeXmpp *self, const char *to, XmppOutcome outcome,
                XmppError error)
{
  for (guint i = 0; i < self->messages->len; i++) {
    FakeXmppMessage *note = self->messages->pdata[i];
    XmppSentFn done = note->done;

    if (to != NULL && g_strcmp0 (note->message.to, to) != 0)
      continue;
    g_ptr_array_remove_index (self->messages, i);
    note->done = NULL;
    if (done != NULL)
      done (outcome, error, NULL, note->data);
    return note;
  }
  g_error ("no message to %s", to);
}

FakeXmppPresence *
fake_xmpp_take_presence (FakeXmpp *self, const char *to)
{
  for (guint i = 0; i < self->presences->len; i++) {
    FakeXmppPresence *note = self->presences->pdata[i];

    if (to != NULL && g_strcmp0 (note->presence.to, to) != 0)
      continue;
    return g_ptr_array_remove_index (self->presences, i);
  }
  g_error ("no presence to %s", to);
}

void
fake_xmpp_answer (FakeXmpp *self, FakeXmppAsk what, const XmppItem *items,
                  guint n, XmppError error)
{
  for (guint i = 0; i < self->queries->len; i++) {
    FakeXmppQuery *query = self->queries->pdata[i];

    if (query->what != what)
      continue;
    g_ptr_array_remove_index (self->queries, i);
    answer (query, items, n, error);
    return;
  }
  g_error ("no such query");
}

char *
fake_xmpp_drain (FakeXmpp *self)
{
  GString *out = g_string_new (NULL);

  while (self->messages->len > 0) {
    g_autoptr (FakeXmppMessage) note
        = fake_xmpp_take (self, NULL, XMPP_TAKEN, XMPP_NO_ERROR);
    const XmppMessage *m = &note->message;

    g_string_append_printf (out, "%s %s > %s: %s\n", TYPES[m->type], m->from,
                            m->to, m->body != NULL ? m->body : "");
  }
  while (self->presences->len > 0) {
    g_autoptr (FakeXmppPresence) note = fake_xmpp_take_presence (self, NULL);
    const XmppPresence *p = &note->presence;

    g_string_append_printf (out, "%s %s > %s\n", PRESENCES[p->type], p->from,
                            p->to);
  }
  return g_string_free (out, FALSE);
}

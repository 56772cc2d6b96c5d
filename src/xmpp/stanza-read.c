/* SPDX-License-Identifier: ISC
 *
 * From trees to values. */
#include "xmpp/stanza.h"

#include <stdlib.h>
#include <string.h>

#include "addr/xmpp.h"
#include "xmpp/reader.h"
#include "xmpp/words.h"

gboolean
node_is (const xmlNode *node, const char *ns, const char *name)
{
  return node != NULL && node->type == XML_ELEMENT_NODE && node->ns != NULL
         && g_str_equal (node->ns->href, ns) && g_str_equal (node->name, name);
}

xmlNode *
node_child (const xmlNode *node, const char *ns, const char *name)
{
  xmlNode *child = node->children;

  while (child != NULL && !node_is (child, ns, name))
    child = child->next;
  return child;
}

static char *
taken (xmlChar *text)
{
  char *copy = g_strdup ((const char *)text);

  xmlFree (text);
  return copy;
}

char *
node_attribute (const xmlNode *node, const char *name)
{
  return taken (xmlGetNoNsProp (node, (const xmlChar *)name));
}

char *
node_text (const xmlNode *node)
{
  char *text = taken (xmlNodeGetContent (node));

  return text != NULL ? text : g_strdup ("");
}

/* Everything that a Stanza points to is in its array. */
static const char *
keep (Stanza *self, char *text)
{
  if (text != NULL)
    g_ptr_array_add (self->strings, text);
  return text;
}

static const char *
attribute (Stanza *self, const xmlNode *node, const char *name)
{
  return keep (self, node_attribute (node, name));
}

/* The text of a child of the stanza's own namespace. */
static const char *
leaf (Stanza *self, const xmlNode *node, const char *name)
{
  xmlNode *child = node_child (node, (const char *)node->ns->href, name);

  return child != NULL ? keep (self, node_text (child)) : NULL;
}

static const char *
language (Stanza *self, const xmlNode *node)
{
  return node != NULL ? keep (self, taken (xmlNodeGetLang (node))) : NULL;
}

/* The canonical form; FALSE: it is no JID, and *out is as it came. */
static gboolean
address (Stanza *self, const xmlNode *node, const char *name, const char **out)
{
  g_autoptr (Jid) jid = NULL;

  *out = attribute (self, node, name);
  if (*out == NULL || !jid_parse (*out, &jid, NULL))
    return FALSE;
  *out = keep (self, jid_to_string (jid));
  return TRUE;
}

/* "2002-09-10T23:08:25Z" (XEP-0082), or 20020910T23:08:25 (XEP-0091). */
static gint64
parse_stamp (const char *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *modern = NULL;
  gint64 seconds;

  if (strlen (text) > 64)
    return 0;
  if (strlen (text) > 9 && text[8] == 'T' && strchr (text, '-') == NULL) {
    modern = g_strdup_printf ("%.4s-%.2s-%s", text, text + 4, text + 6);
    text = modern;
  }
  time = g_date_time_new_from_iso8601 (text, utc);
  if (time == NULL)
    return 0;
  seconds = g_date_time_to_unix (time);
  return MAX (seconds, 0);
}

static gint64
stamp (const xmlNode *node)
{
  xmlNode *delay = node_child (node, NS_DELAY, "delay");
  g_autofree char *text = NULL;

  if (delay == NULL)
    delay = node_child (node, NS_OLD_DELAY, "x");
  if (delay == NULL)
    return 0;
  text = node_attribute (delay, "stamp");
  return text != NULL ? parse_stamp (text) : 0;
}

/* RFC 6120 8.3.2. */
static XmppError
read_error (Stanza *self, const xmlNode *node, const char **text_out)
{
  xmlNode *error = node_child (node, (const char *)node->ns->href, "error");
  XmppError found = XMPP_UNDEFINED_CONDITION;

  for (xmlNode *child = error != NULL ? error->children : NULL; child != NULL;
       child = child->next) {
    if (node_is (child, NS_STANZAS, "text"))
      *text_out = keep (self, node_text (child));
    else if (child->ns != NULL && child->type == XML_ELEMENT_NODE
             && g_str_equal (child->ns->href, NS_STANZAS))
      found = words_error ((const char *)child->name);
  }
  return found;
}

static XmppChatState
chat_state (const xmlNode *node)
{
  for (xmlNode *child = node->children; child != NULL; child = child->next)
    if (child->type == XML_ELEMENT_NODE && child->ns != NULL
        && g_str_equal (child->ns->href, NS_CHAT_STATES))
      return words_chat ((const char *)child->name);
  return XMPP_CHAT_NONE;
}

static gboolean
read_codes (const xmlNode *x, guint *codes, guint max)
{
  guint n = 0;

  for (xmlNode *child = x->children; child != NULL && n < max;
       child = child->next) {
    g_autofree char *code = NULL;
    guint64 value = 0;

    if (!node_is (child, NS_MUC_USER, "status"))
      continue;
    code = node_attribute (child, "code");
    if (code != NULL
        && g_ascii_string_to_unsigned (code, 10, 100, 999, &value, NULL))
      codes[n++] = (guint)value;
  }
  return n > 0;
}

static void
read_room_mark (Stanza *self, const xmlNode *node)
{
  XmppMessage *message = &self->message;
  xmlNode *x = node_child (node, NS_MUC_USER, "x"), *invite;

  if (x == NULL)
    return;
  invite = node_child (x, NS_MUC_USER, "invite");
  if (invite != NULL && address (self, invite, "from", &message->invite_from)) {
    xmlNode *reason = node_child (invite, NS_MUC_USER, "reason");

    if (reason != NULL)
      message->invite_reason = keep (self, node_text (reason));
  } else
    message->invite_from = NULL;
  message->has_status
      = read_codes (x, message->codes, G_N_ELEMENTS (message->codes));
  message->is_private = invite == NULL && !message->has_status
                        && (message->type == XMPP_MESSAGE_CHAT
                            || message->type == XMPP_MESSAGE_NORMAL)
                        && node_child (x, NS_MUC_USER, "decline") == NULL;
}

static void
read_receipts (Stanza *self, const xmlNode *node)
{
  xmlNode *received = node_child (node, NS_RECEIPTS, "received");

  self->message.wants_receipt
      = node_child (node, NS_RECEIPTS, "request") != NULL;
  if (received != NULL)
    self->message.receipt = attribute (self, received, "id");
}

static void
read_message (Stanza *self, const xmlNode *node, const char *type)
{
  XmppMessage *message = &self->message;
  const char *ns = (const char *)node->ns->href;

  message->type = words_message (type);
  message->subject = leaf (self, node, "subject");
  message->body = leaf (self, node, "body");
  message->thread = leaf (self, node, "thread");
  message->lang = language (self, node_child (node, ns, "body"));
  if (message->lang == NULL)
    message->lang = language (self, node);
  message->chat = chat_state (node);
  message->stamp = stamp (node);
  read_receipts (self, node);
  if (message->type == XMPP_MESSAGE_ERROR)
    message->error = read_error (self, node, &message->error_text);
  read_room_mark (self, node);
}

static void
read_occupant (Stanza *self, const xmlNode *node)
{
  xmlNode *x = node_child (node, NS_MUC_USER, "x"), *item, *actor, *reason;
  XmppOccupant *occupant = &self->occupant;

  if (x == NULL)
    return;
  self->presence.occupant = occupant;
  read_codes (x, occupant->codes, XMPP_MAX_CODES);
  item = node_child (x, NS_MUC_USER, "item");
  if (item == NULL)
    return;
  occupant->affiliation = attribute (self, item, "affiliation");
  occupant->role = attribute (self, item, "role");
  occupant->nick = attribute (self, item, "nick");
  if (!address (self, item, "jid", &occupant->jid))
    occupant->jid = NULL;
  actor = node_child (item, NS_MUC_USER, "actor");
  if (actor != NULL) {
    occupant->actor = attribute (self, actor, "nick");
    if (occupant->actor == NULL)
      occupant->actor = attribute (self, actor, "jid");
  }
  reason = node_child (item, NS_MUC_USER, "reason");
  if (reason != NULL)
    occupant->reason = keep (self, node_text (reason));
}

static void
read_join (Stanza *self, const xmlNode *node)
{
  xmlNode *x = node_child (node, NS_MUC, "x"), *child;
  g_autofree char *most = NULL;
  guint64 value;

  if (x == NULL)
    return;
  self->join = (XmppJoin){ NULL, -1 };
  self->presence.join = &self->join;
  child = node_child (x, NS_MUC, "password");
  if (child != NULL)
    self->join.password = keep (self, node_text (child));
  child = node_child (x, NS_MUC, "history");
  most = child != NULL ? node_attribute (child, "maxstanzas") : NULL;
  if (most != NULL
      && g_ascii_string_to_unsigned (most, 10, 0, G_MAXINT, &value, NULL))
    self->join.history = (int)value;
}

static int
read_priority (const xmlNode *node)
{
  xmlNode *child = node_child (node, (const char *)node->ns->href, "priority");
  g_autofree char *text = child != NULL ? node_text (child) : NULL;
  gint64 value = 0;

  if (text == NULL
      || !g_ascii_string_to_signed (g_strstrip (text), 10, G_MININT, G_MAXINT,
                                    &value, NULL))
    return 0;
  return (int)CLAMP (value, -128, 127);
}

static XmppError
read_presence (Stanza *self, const xmlNode *node, const char *type)
{
  XmppPresence *presence = &self->presence;

  if (!words_presence (type, &presence->type))
    return XMPP_BAD_REQUEST;
  presence->show = words_show (leaf (self, node, "show"));
  presence->status = leaf (self, node, "status");
  presence->lang = language (self, node);
  presence->priority = read_priority (node);
  presence->stamp = stamp (node);
  if (presence->type == XMPP_PRESENCE_ERROR)
    presence->error = read_error (self, node, &presence->error_text);
  read_occupant (self, node);
  read_join (self, node);
  return XMPP_NO_ERROR;
}

/* A request has one child, a result at most one (RFC 6120 8.2.3). */
static XmppError
read_iq (Stanza *self, xmlNode *node, const char *type)
{
  XmppIq *iq = &self->iq;
  guint n = 0;

  if (iq->id == NULL || !words_iq (type, &iq->type))
    return XMPP_BAD_REQUEST;
  for (xmlNode *child = node->children; child != NULL; child = child->next)
    if (child->type == XML_ELEMENT_NODE && n++ == 0)
      iq->payload = child;
  if (iq->type == IQ_ERROR)
    iq->error = read_error (self, node, &iq->error_text);
  return iq->type <= IQ_SET && n != 1 ? XMPP_BAD_REQUEST : XMPP_NO_ERROR;
}

static StanzaKind
kind_of (const xmlNode *node)
{
  static const char *const names[] = { [STANZA_MESSAGE] = "message",
                                       [STANZA_PRESENCE] = "presence",
                                       [STANZA_IQ] = "iq" };

  for (StanzaKind kind = STANZA_MESSAGE; kind <= STANZA_IQ; kind++)
    if (node_is (node, NS_COMPONENT, names[kind]))
      return kind;
  return STANZA_OTHER;
}

/* from, to and id stand first in all three. */
G_STATIC_ASSERT (offsetof (XmppMessage, id) == offsetof (XmppPresence, id));
G_STATIC_ASSERT (offsetof (XmppMessage, id) == offsetof (XmppIq, id));

static gboolean
read_addresses (Stanza *self, const xmlNode *node)
{
  XmppMessage *any = &self->message;
  gboolean has_from = address (self, node, "from", &any->from);
  gboolean has_to = address (self, node, "to", &any->to);

  any->id = attribute (self, node, "id");
  return has_from && has_to;
}

XmppError
stanza_read (xmlNode *element, Stanza *out, gboolean *refusable_out)
{
  gboolean has_addresses;
  g_autofree char *type = NULL;

  *out = (Stanza){ .kind = kind_of (element),
                   .strings = g_ptr_array_new_with_free_func (g_free) };
  *refusable_out = FALSE;
  if (out->kind == STANZA_OTHER)
    return XMPP_NO_ERROR;
  has_addresses = read_addresses (out, element);
  type = node_attribute (element, "type");
  *refusable_out
      = out->message.from != NULL && out->message.to != NULL
        && g_strcmp0 (type, "error") != 0
        && (out->kind != STANZA_IQ
            || (g_strcmp0 (type, "result") != 0 && out->message.id != NULL));
  if (!has_addresses)
    return XMPP_JID_MALFORMED;
  if (out->kind == STANZA_MESSAGE)
    read_message (out, element, type);
  else
    return out->kind == STANZA_IQ ? read_iq (out, element, type)
                                  : read_presence (out, element, type);
  return XMPP_NO_ERROR;
}

void
stanza_clear (Stanza *self)
{
  g_clear_pointer (&self->strings, g_ptr_array_unref);
}

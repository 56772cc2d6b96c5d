/* SPDX-License-Identifier: ISC
 *
 * From values to bytes. */
#include "codec/xml-text.h"
#include "xmpp/words.h"

static void
put_attribute (GString *out, const char *name, const char *value)
{
  if (value != NULL)
    xml_put_attribute (out, name, value);
}

static void
put_head (GString *out, const char *kind, const char *type, const char *from,
          const char *to, const char *id)
{
  g_string_append_printf (out, "<%s", kind);
  put_attribute (out, "from", from);
  put_attribute (out, "to", to);
  put_attribute (out, "id", id);
  put_attribute (out, "type", type);
}

static void
put_error (GString *out, XmppError error, const char *text)
{
  if (error == XMPP_NO_ERROR)
    error = XMPP_UNDEFINED_CONDITION;
  g_string_append_printf (out,
                          "<error type=\"%s\"><%s xmlns=\"" NS_STANZAS "\"/>",
                          words_error_type (error), stanza_error_name (error));
  if (text != NULL) {
    g_string_append (out, "<text xmlns=\"" NS_STANZAS "\">");
    xml_put_text (out, text);
    g_string_append (out, "</text>");
  }
  g_string_append (out, "</error>");
}

static void
put_stamp (GString *out, gint64 stamp)
{
  g_autoptr (GDateTime) time = NULL;
  g_autofree char *text = NULL;

  if (stamp <= 0)
    return;
  time = g_date_time_new_from_unix_utc (stamp);
  if (time == NULL)
    return;
  text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
  g_string_append_printf (out, "<delay xmlns=\"" NS_DELAY "\" stamp=\"%s\"/>",
                          text);
}

static void
put_codes (GString *out, const guint *codes, guint n)
{
  for (guint i = 0; i < n && codes[i] != 0; i++)
    g_string_append_printf (out, "<status code=\"%u\"/>", codes[i]);
}

static void
put_room_mark (GString *out, const XmppMessage *message)
{
  if (!message->is_private && message->invite_from == NULL
      && !message->has_status)
    return;
  g_string_append (out, "<x xmlns=\"" NS_MUC_USER "\">");
  if (message->invite_from != NULL) {
    g_string_append (out, "<invite");
    put_attribute (out, "from", message->invite_from);
    g_string_append_c (out, '>');
    xml_put_leaf (out, "reason", message->invite_reason);
    g_string_append (out, "</invite>");
  }
  if (message->has_status)
    put_codes (out, message->codes, G_N_ELEMENTS (message->codes));
  g_string_append (out, "</x>");
}

static void
put_receipts (GString *out, const XmppMessage *message)
{
  if (message->wants_receipt)
    g_string_append (out, "<request xmlns=\"" NS_RECEIPTS "\"/>");
  if (message->receipt == NULL)
    return;
  g_string_append (out, "<received xmlns=\"" NS_RECEIPTS "\"");
  put_attribute (out, "id", message->receipt);
  g_string_append (out, "/>");
}

void
stanza_put_message (GString *out, const XmppMessage *message)
{
  const char *chat = words_of_chat (message->chat);

  put_head (out, "message", words_of_message (message->type), message->from,
            message->to, message->id);
  put_attribute (out, "xml:lang", message->lang);
  g_string_append_c (out, '>');
  if (message->type == XMPP_MESSAGE_ERROR)
    put_error (out, message->error, message->error_text);
  xml_put_leaf (out, "subject", message->subject);
  xml_put_leaf (out, "body", message->body);
  xml_put_leaf (out, "thread", message->thread);
  if (chat != NULL)
    g_string_append_printf (out, "<%s xmlns=\"" NS_CHAT_STATES "\"/>", chat);
  put_receipts (out, message);
  put_room_mark (out, message);
  put_stamp (out, message->stamp);
  g_string_append (out, "</message>");
}

static void
put_occupant (GString *out, const XmppOccupant *occupant)
{
  g_string_append (out, "<x xmlns=\"" NS_MUC_USER "\"><item");
  put_attribute (out, "affiliation", occupant->affiliation);
  put_attribute (out, "role", occupant->role);
  put_attribute (out, "jid", occupant->jid);
  put_attribute (out, "nick", occupant->nick);
  g_string_append_c (out, '>');
  if (occupant->actor != NULL) {
    g_string_append (out, "<actor");
    put_attribute (out, "nick", occupant->actor);
    g_string_append (out, "/>");
  }
  xml_put_leaf (out, "reason", occupant->reason);
  g_string_append (out, "</item>");
  put_codes (out, occupant->codes, XMPP_MAX_CODES);
  g_string_append (out, "</x>");
}

static void
put_join (GString *out, const XmppJoin *join)
{
  g_string_append (out, "<x xmlns=\"" NS_MUC "\">");
  xml_put_leaf (out, "password", join->password);
  if (join->history >= 0)
    g_string_append_printf (out, "<history maxstanzas=\"%d\"/>", join->history);
  g_string_append (out, "</x>");
}

void
stanza_put_presence (GString *out, const XmppPresence *presence)
{
  put_head (out, "presence", words_of_presence (presence->type), presence->from,
            presence->to, presence->id);
  put_attribute (out, "xml:lang", presence->lang);
  g_string_append_c (out, '>');
  if (presence->type == XMPP_PRESENCE_ERROR)
    put_error (out, presence->error, presence->error_text);
  xml_put_leaf (out, "show", words_of_show (presence->show));
  xml_put_leaf (out, "status", presence->status);
  if (presence->priority != 0)
    g_string_append_printf (out, "<priority>%d</priority>",
                            CLAMP (presence->priority, -128, 127));
  if (presence->occupant != NULL)
    put_occupant (out, presence->occupant);
  if (presence->join != NULL)
    put_join (out, presence->join);
  put_stamp (out, presence->stamp);
  g_string_append (out, "</presence>");
}

void
stanza_put_iq (GString *out, IqType type, const char *from, const char *to,
               const char *id, const char *payload)
{
  put_head (out, "iq", words_of_iq (type), from, to, id);
  if (payload == NULL)
    g_string_append (out, "/>");
  else
    g_string_append_printf (out, ">%s</iq>", payload);
}

void
stanza_put_iq_error (GString *out, const char *from, const char *to,
                     const char *id, XmppError error, const char *text)
{
  put_head (out, "iq", "error", from, to, id);
  g_string_append_c (out, '>');
  put_error (out, error, text);
  g_string_append (out, "</iq>");
}

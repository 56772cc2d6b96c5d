/* SPDX-License-Identifier: ISC */
#include "xmpp/words.h"

static const struct {
  const char *name, *type;
} errors[XMPP_N_ERRORS] = {
  [XMPP_BAD_REQUEST] = { "bad-request", "modify" },
  [XMPP_CONFLICT] = { "conflict", "cancel" },
  [XMPP_FEATURE_NOT_IMPLEMENTED] = { "feature-not-implemented", "cancel" },
  [XMPP_FORBIDDEN] = { "forbidden", "auth" },
  [XMPP_GONE] = { "gone", "cancel" },
  [XMPP_INTERNAL_SERVER_ERROR] = { "internal-server-error", "cancel" },
  [XMPP_ITEM_NOT_FOUND] = { "item-not-found", "cancel" },
  [XMPP_JID_MALFORMED] = { "jid-malformed", "modify" },
  [XMPP_NOT_ACCEPTABLE] = { "not-acceptable", "modify" },
  [XMPP_NOT_ALLOWED] = { "not-allowed", "cancel" },
  [XMPP_NOT_AUTHORIZED] = { "not-authorized", "auth" },
  [XMPP_POLICY_VIOLATION] = { "policy-violation", "modify" },
  [XMPP_RECIPIENT_UNAVAILABLE] = { "recipient-unavailable", "wait" },
  [XMPP_REDIRECT] = { "redirect", "modify" },
  [XMPP_REGISTRATION_REQUIRED] = { "registration-required", "auth" },
  [XMPP_REMOTE_SERVER_NOT_FOUND] = { "remote-server-not-found", "cancel" },
  [XMPP_REMOTE_SERVER_TIMEOUT] = { "remote-server-timeout", "wait" },
  [XMPP_RESOURCE_CONSTRAINT] = { "resource-constraint", "wait" },
  [XMPP_SERVICE_UNAVAILABLE] = { "service-unavailable", "cancel" },
  [XMPP_SUBSCRIPTION_REQUIRED] = { "subscription-required", "auth" },
  [XMPP_UNDEFINED_CONDITION] = { "undefined-condition", "cancel" },
  [XMPP_UNEXPECTED_REQUEST] = { "unexpected-request", "wait" },
};

static const char *const messages[] = { [XMPP_MESSAGE_NORMAL] = NULL,
                                        [XMPP_MESSAGE_CHAT] = "chat",
                                        [XMPP_MESSAGE_GROUPCHAT] = "groupchat",
                                        [XMPP_MESSAGE_HEADLINE] = "headline",
                                        [XMPP_MESSAGE_ERROR] = "error" };

static const char *const presences[] = { [XMPP_AVAILABLE] = NULL,
                                         [XMPP_UNAVAILABLE] = "unavailable",
                                         [XMPP_SUBSCRIBE] = "subscribe",
                                         [XMPP_SUBSCRIBED] = "subscribed",
                                         [XMPP_UNSUBSCRIBE] = "unsubscribe",
                                         [XMPP_UNSUBSCRIBED] = "unsubscribed",
                                         [XMPP_PROBE] = "probe",
                                         [XMPP_PRESENCE_ERROR] = "error" };

static const char *const shows[] = { [XMPP_SHOW_NONE] = NULL,
                                     [XMPP_SHOW_CHAT] = "chat",
                                     [XMPP_SHOW_AWAY] = "away",
                                     [XMPP_SHOW_XA] = "xa",
                                     [XMPP_SHOW_DND] = "dnd" };

static const char *const chats[] = { [XMPP_CHAT_NONE] = NULL,
                                     [XMPP_CHAT_ACTIVE] = "active",
                                     [XMPP_CHAT_COMPOSING] = "composing",
                                     [XMPP_CHAT_PAUSED] = "paused",
                                     [XMPP_CHAT_INACTIVE] = "inactive",
                                     [XMPP_CHAT_GONE] = "gone" };

static const char *const iqs[] = { [IQ_GET] = "get",
                                   [IQ_SET] = "set",
                                   [IQ_RESULT] = "result",
                                   [IQ_ERROR] = "error" };

/* -1: it is none of them. */
static int
find (const char *const *words, guint n, const char *word)
{
  for (guint i = 0; i < n; i++)
    if (g_strcmp0 (words[i], word) == 0)
      return (int)i;
  return -1;
}
#define FIND(words, word) find (words, G_N_ELEMENTS (words), word)

XmppError
words_error (const char *name)
{
  for (XmppError i = XMPP_BAD_REQUEST; i < XMPP_N_ERRORS; i++)
    if (g_str_equal (errors[i].name, name))
      return i;
  return XMPP_UNDEFINED_CONDITION;
}

XmppMessageType
words_message (const char *type)
{
  return (XmppMessageType)MAX (FIND (messages, type), 0);
}

XmppShow
words_show (const char *text)
{
  return (XmppShow)MAX (FIND (shows, text), 0);
}

XmppChatState
words_chat (const char *name)
{
  return (XmppChatState)MAX (FIND (chats, name), 0);
}

gboolean
words_presence (const char *type, XmppPresenceType *out)
{
  int found = FIND (presences, type);

  *out = (XmppPresenceType)MAX (found, 0);
  return found >= 0;
}

gboolean
words_iq (const char *type, IqType *out)
{
  int found = FIND (iqs, type);

  *out = (IqType)MAX (found, 0);
  return found >= 0;
}

const char *
words_of_message (XmppMessageType type)
{
  return messages[type];
}

const char *
words_of_presence (XmppPresenceType type)
{
  return presences[type];
}

const char *
words_of_show (XmppShow show)
{
  return shows[show];
}

const char *
words_of_chat (XmppChatState chat)
{
  return chats[chat];
}

const char *
words_of_iq (IqType type)
{
  return iqs[type];
}

const char *
words_error_type (XmppError error)
{
  return errors[error].type;
}

const char *
stanza_error_name (XmppError error)
{
  return errors[error].name;
}

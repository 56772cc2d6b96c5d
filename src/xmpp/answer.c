/* SPDX-License-Identifier: ISC
 *
 * Answers as a table. */
#include "config.h"

#include "xmpp/answer.h"

#include <string.h>

#include "codec/xml-text.h"
#include "xmpp/queries.h"

#define NS_VERSION "jabber:iq:version"

/* The component is a gateway; behind an address stands somebody's account, at a
 * resource a device of his. */
static const char *
identity (const char *to)
{
  if (strchr (to, '@') == NULL)
    return "<identity category=\"gateway\" type=\"simple\" name=\"SIP\"/>";
  return strchr (to, '/') == NULL
             ? "<identity category=\"account\" type=\"registered\"/>"
             : "<identity category=\"client\" type=\"phone\"/>";
}

static void
put_features (GString *out, const char *const *features)
{
  for (; *features != NULL; features++) {
    g_string_append (out, "<feature");
    xml_put_attribute (out, "var", *features);
    g_string_append (out, "/>");
  }
}

static XmppError
info (GString *out, const XmppIq *iq)
{
  static const char *const all[]
      = { NS_DISCO_INFO, NS_DISCO_ITEMS, NS_PING, NULL };
  static const char *const gateway[] = { NS_VERSION, "jid\\20escaping", NULL };
  static const char *const person[] = { NS_CHAT_STATES, NS_RECEIPTS, NULL };

  g_string_append (out, "<query xmlns=\"" NS_DISCO_INFO "\">");
  g_string_append (out, identity (iq->to));
  put_features (out, all);
  put_features (out, strchr (iq->to, '@') == NULL ? gateway : person);
  g_string_append (out, "</query>");
  return XMPP_NO_ERROR;
}

static XmppError
items (GString *out, const XmppIq *iq)
{
  g_string_append (out, "<query xmlns=\"" NS_DISCO_ITEMS "\"/>");
  return XMPP_NO_ERROR;
}

static XmppError
ping (GString *out, const XmppIq *iq)
{
  return XMPP_NO_ERROR;
}

static XmppError
version (GString *out, const XmppIq *iq)
{
  if (strchr (iq->to, '@') != NULL)
    return XMPP_SERVICE_UNAVAILABLE;
  g_string_append (out, "<query xmlns=\"" NS_VERSION "\"><name>Rollcall</name>"
                        "<version>" PACKAGE_VERSION "</version></query>");
  return XMPP_NO_ERROR;
}

static const struct {
  const char *ns, *name;
  XmppError (*put) (GString *out, const XmppIq *iq);
  gboolean has_nodes; /* a node of ours that there is not is asked for */
} rows[] = {
  { NS_DISCO_INFO, "query", info, TRUE },
  { NS_DISCO_ITEMS, "query", items, TRUE },
  { NS_PING, "ping", ping, FALSE },
  { NS_VERSION, "query", version, FALSE },
};

static XmppError
put_payload (GString *out, const XmppIq *iq)
{
  for (guint i = 0; iq->type == IQ_GET && i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *node = NULL;

    if (!node_is (iq->payload, rows[i].ns, rows[i].name))
      continue;
    node = node_attribute (iq->payload, "node");
    if (rows[i].has_nodes && node != NULL && *node != '\0')
      return XMPP_ITEM_NOT_FOUND;
    return rows[i].put (out, iq);
  }
  return XMPP_SERVICE_UNAVAILABLE;
}

void
answer_iq (GString *out, const XmppIq *iq)
{
  g_autoptr (GString) payload = g_string_new (NULL);
  XmppError error = put_payload (payload, iq);

  if (error != XMPP_NO_ERROR)
    stanza_put_iq_error (out, iq->to, iq->from, iq->id, error, NULL);
  else
    stanza_put_iq (out, IQ_RESULT, iq->to, iq->from, iq->id,
                   payload->len > 0 ? payload->str : NULL);
}

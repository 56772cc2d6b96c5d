/* SPDX-License-Identifier: ISC
 *
 * The elements in the order of the schema (RFC 4575 6). */
#include "codec/conference-info.h"

#include "codec/xml-priv.h"

#define NS "urn:ietf:params:xml:ns:conference-info"

/* How available somebody is has no place in RFC 4575; its users may carry
 * elements of other namespaces, and RPID has the words (RFC 4480 3.2). */
static const char *const activities[] = {
  [CONFERENCE_CONNECTED] = NULL,
  [CONFERENCE_AWAY] = "away",
  [CONFERENCE_BUSY] = "busy",
  [CONFERENCE_UNKNOWN] = NULL,
};

static void
put_endpoint (GString *out, const ConferenceUser *user)
{
  g_string_append (out, "<endpoint");
  xml_put_attribute (out, "entity", user->entity);
  g_string_append (out, ">");
  if (user->state != CONFERENCE_UNKNOWN)
    g_string_append (out, "<status>connected</status>");
  g_string_append (out, "<media id=\"1\"><type>message</type></media>"
                        "</endpoint>");
}

void
conference_put_user (GString *out, const ConferenceUser *user)
{
  g_string_append (out, "<user");
  xml_put_attribute (out, "entity", user->entity);
  if (user->state == CONFERENCE_GONE) {
    g_string_append (out, " state=\"deleted\"/>");
    return;
  }
  g_string_append (out, " state=\"full\">");
  xml_put_leaf (out, "display-text", user->nick);
  if (user->role != NULL) {
    g_string_append (out, "<roles>");
    xml_put_leaf (out, "entry", user->role);
    g_string_append (out, "</roles>");
  }
  put_endpoint (out, user);
  if (activities[user->state] != NULL)
    g_string_append_printf (out,
                            "<rpid:activities><rpid:%s/></rpid:activities>",
                            activities[user->state]);
  g_string_append (out, "</user>");
}

static void
put_description (GString *out, const ConferenceHead *head)
{
  if (!head->is_full && !head->has_subject)
    return;
  g_string_append (out, "<conference-description>");
  xml_put_leaf (out, "display-text", head->display);
  if (head->has_subject)
    xml_put_leaf (out, "subject", head->subject != NULL ? head->subject : "");
  if (head->is_full) {
    g_string_append (out, "<conf-uris><entry>");
    xml_put_leaf (out, "uri", head->entity);
    g_string_append (out, "</entry></conf-uris><available-media>"
                          "<entry label=\"1\"><type>message</type></entry>"
                          "</available-media>");
  }
  g_string_append (out, "</conference-description>");
}

static void
put_state (GString *out, const ConferenceHead *head)
{
  g_string_append (out, "<conference-state>");
  if (head->has_count)
    g_string_append_printf (out, "<user-count>%u</user-count>", head->n_users);
  g_string_append_printf (out, "<active>%s</active></conference-state>",
                          head->is_active ? "true" : "false");
}

GBytes *
conference_write (const ConferenceHead *head, const GString *users)
{
  gboolean has_users = users != NULL && users->len > 0;
  GString *out = g_string_sized_new (1024 + (users != NULL ? users->len : 0));

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<conference-info");
  xml_put_attribute (out, "xmlns", NS);
  xml_put_attribute (out, "xmlns:rpid", NS_RPID);
  xml_put_attribute (out, "entity", head->entity);
  g_string_append_printf (out, " state=\"%s\" version=\"%u\">",
                          head->is_full ? "full" : "partial", head->version);
  put_description (out, head);
  put_state (out, head);
  if (has_users || head->is_full)
    g_string_append_printf (out, "<users%s>",
                            head->is_full ? "" : " state=\"partial\"");
  if (has_users)
    g_string_append_len (out, users->str, (gssize)users->len);
  if (has_users || head->is_full)
    g_string_append (out, "</users>");
  g_string_append (out, "</conference-info>\n");
  return g_string_free_to_bytes (out);
}

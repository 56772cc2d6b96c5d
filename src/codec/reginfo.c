/* SPDX-License-Identifier: ISC
 *
 * Writing application/reginfo+xml, in the order of the schema (RFC 3680 5.4). */
#include "codec/reginfo.h"

#include "codec/xml-priv.h"

#include <string.h>

#define NS "urn:ietf:params:xml:ns:reginfo"
#define NS_GRUU "urn:ietf:params:xml:ns:gruuinfo"

struct ReginfoWriter {
  GString *out;
};

ReginfoWriter *
reginfo_start (guint32 version, gboolean is_full, const char *aor,
               const char *id, const char *state)
{
  ReginfoWriter *self = g_new (ReginfoWriter, 1);
  GString *out = self->out = g_string_sized_new (1024);

  g_string_append (out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                        "<reginfo");
  xml_put_attribute (out, "xmlns", NS);
  xml_put_attribute (out, "xmlns:gr", NS_GRUU);
  g_string_append_printf (out, " version=\"%u\" state=\"%s\"><registration",
                          version, is_full ? "full" : "partial");
  xml_put_attribute (out, "aor", aor);
  xml_put_attribute (out, "id", id);
  xml_put_attribute (out, "state", state);
  g_string_append_c (out, '>');
  return self;
}

static void
put_q (GString *out, guint q)
{
  char text[8];

  if (q >= 1000)
    return;
  g_snprintf (text, sizeof text, "0.%03u", q);
  for (gsize n = strlen (text); n > 3 && text[n - 1] == '0'; n--)
    text[n - 1] = '\0';
  xml_put_attribute (out, "q", text);
}

static void
put_attributes (GString *out, const ReginfoContact *contact)
{
  xml_put_attribute (out, "id", contact->id);
  xml_put_attribute (out, "state",
                     contact->is_active ? "active" : "terminated");
  xml_put_attribute (out, "event", contact->event);
  if (contact->is_active && contact->expires >= 0)
    g_string_append_printf (out, " expires=\"%" G_GINT64_FORMAT "\"",
                            contact->expires);
  put_q (out, contact->q);
  if (contact->call_id != NULL) {
    xml_put_attribute (out, "callid", contact->call_id);
    g_string_append_printf (out, " cseq=\"%u\"", contact->cseq);
  }
}

static void
put_param (GString *out, const char *name, const char *value)
{
  g_string_append (out, "<unknown-param");
  xml_put_attribute (out, "name", name);
  g_string_append_c (out, '>');
  xml_put_text (out, value);
  g_string_append (out, "</unknown-param>");
}

/* Where the next parameter begins: the first ";" outside quotes. */
static const char *
next_param (const char *text)
{
  gboolean is_quoted = FALSE;

  for (; *text != '\0' && (is_quoted || *text != ';'); text++) {
    if (*text == '\\' && is_quoted && text[1] != '\0')
      text++;
    else if (*text == '"')
      is_quoted = !is_quoted;
  }
  return text;
}

static void
put_params (GString *out, const char *params)
{
  const char *at = params != NULL ? params : "";

  while (*at == ';') {
    const char *end = next_param (++at);
    g_autofree char *param = g_strstrip (g_strndup (at, end - at));
    char *equals = strchr (param, '=');

    if (equals != NULL)
      *equals = '\0';
    if (*param != '\0')
      put_param (out, g_strchomp (param),
                 equals != NULL ? g_strchug (equals + 1) : "");
    at = end;
  }
}

void
reginfo_add (ReginfoWriter *self, const ReginfoContact *contact)
{
  GString *out = self->out;

  g_string_append (out, "<contact");
  put_attributes (out, contact);
  g_string_append_c (out, '>');
  xml_put_leaf (out, "uri", contact->uri);
  if (contact->instance != NULL) {
    g_autofree char *value = g_strdup_printf ("\"<%s>\"", contact->instance);

    put_param (out, "+sip.instance", value);
  }
  put_params (out, contact->params);
  if (contact->pub_gruu != NULL) {
    g_string_append (out, "<gr:pub-gruu");
    xml_put_attribute (out, "uri", contact->pub_gruu);
    g_string_append (out, "/>");
  }
  g_string_append (out, "</contact>");
}

GBytes *
reginfo_end (ReginfoWriter *self)
{
  GString *out = self->out;

  g_free (self);
  g_string_append (out, "</registration></reginfo>\n");
  return g_string_free_to_bytes (out);
}

/* SPDX-License-Identifier: ISC
 *
 * Conflict reports (RFC 4825 section 11). */
#include "codec/xcap-error.h"
#include "codec/xml-priv.h"

#include <string.h>

#define NS_ERROR "urn:ietf:params:xml:ns:xcap-error"

static const char *const names[] = {
  [XCAP_NOT_WELL_FORMED] = "not-well-formed",
  [XCAP_NOT_XML_FRAG] = "not-xml-frag",
  [XCAP_NOT_UTF_8] = "not-utf-8",
  [XCAP_NOT_XML_ATT_VALUE] = "not-xml-att-value",
  [XCAP_NO_PARENT] = "no-parent",
  [XCAP_CANNOT_INSERT] = "cannot-insert",
  [XCAP_CANNOT_DELETE] = "cannot-delete",
  [XCAP_SCHEMA_VALIDATION_ERROR] = "schema-validation-error",
  [XCAP_UNIQUENESS_FAILURE] = "uniqueness-failure",
  [XCAP_CONSTRAINT_FAILURE] = "constraint-failure",
  [XCAP_EXTENSION] = "extension",
};

static void
exists_free (gpointer data)
{
  XcapExists *self = data;

  g_free (self->field);
  g_ptr_array_unref (self->alternatives);
  g_free (self);
}

XcapError *
xcap_error_new (XcapErrorKind kind, const char *phrase)
{
  XcapError *self = g_new0 (XcapError, 1);

  self->kind = kind;
  self->phrase = g_strdup (phrase);
  self->exists = g_ptr_array_new_with_free_func (exists_free);
  return self;
}

XcapError *
xcap_error_new_printf (XcapErrorKind kind, const char *format, ...)
{
  XcapError *self = xcap_error_new (kind, NULL);
  va_list args;

  va_start (args, format);
  self->phrase = g_strdup_vprintf (format, args);
  va_end (args);
  return self;
}

void
xcap_error_add_exists (XcapError *self, const char *field,
                       const char *const *alternatives)
{
  XcapExists *exists = g_new0 (XcapExists, 1);

  exists->field = g_strdup (field);
  exists->alternatives = g_ptr_array_new_with_free_func (g_free);
  for (; alternatives != NULL && *alternatives != NULL; alternatives++)
    g_ptr_array_add (exists->alternatives, g_strdup (*alternatives));
  g_ptr_array_add (self->exists, exists);
}

void
xcap_error_free (XcapError *self)
{
  if (self == NULL)
    return;
  g_free (self->phrase);
  g_free (self->ancestor);
  g_ptr_array_unref (self->exists);
  g_free (self);
}

const char *
xcap_error_name (XcapErrorKind kind)
{
  return names[kind];
}

static void
put_exists (GString *out, const XcapExists *exists)
{
  g_string_append (out, "<exists");
  xml_put_attribute (out, "field", exists->field);
  if (exists->alternatives->len == 0) {
    g_string_append (out, "/>");
    return;
  }
  g_string_append_c (out, '>');
  for (guint i = 0; i < exists->alternatives->len; i++)
    xml_put_leaf (out, "alt-value", exists->alternatives->pdata[i]);
  g_string_append (out, "</exists>");
}

GBytes *
xcap_error_document (const XcapError *self)
{
  GString *out = g_string_new ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                               "<xcap-error xmlns=\"" NS_ERROR "\"><");

  g_string_append (out, names[self->kind]);
  /* The schema gives <extension> no phrase. */
  if (self->phrase != NULL && self->kind != XCAP_EXTENSION)
    xml_put_attribute (out, "phrase", self->phrase);
  g_string_append_c (out, '>');
  xml_put_leaf (out, "ancestor", self->ancestor);
  for (guint i = 0; i < self->exists->len; i++)
    put_exists (out, self->exists->pdata[i]);
  g_string_append_printf (out, "</%s></xcap-error>\n", names[self->kind]);
  return g_string_free_to_bytes (out);
}

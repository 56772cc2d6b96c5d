/* SPDX-License-Identifier: ISC
 *
 * Writing XML text that is escaped, for all who write XML. */
#pragma once
#include <glib.h>

/* Appends text, or ` name="value"`, escaped; what XML cannot carry is left out.
 * name is ours. */
void xml_put_text (GString *out, const char *text);
void xml_put_attribute (GString *out, const char *name, const char *value);
/* Appends <name>text</name>; nothing when text is NULL. */
void xml_put_leaf (GString *out, const char *name, const char *text);

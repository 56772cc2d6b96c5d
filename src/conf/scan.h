/* SPDX-License-Identifier: ISC
 *
 * The lines of a configuration file: GKeyFile does not say where a key stands
 * and takes the last of two without a word.  Never leaves conf/. */
#pragma once
#include <glib.h>

typedef struct {
  GHashTable *keys;   /* "group.key" -> line number */
  GHashTable *groups; /* "group" -> line number of its first header */
  guint n_lines;
} ConfLines;

/* Checks the file's form, and that its groups and keys are in the option table
 * and come once.  Otherwise RC_ERROR_CONFIG with "name:LINE: ...". */
ConfLines *conf_lines_new (const char *text, gsize len, const char *name,
                           GError **error);
void conf_lines_free (ConfLines *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ConfLines, conf_lines_free)

/* Where the key stands; 0: nowhere. */
guint conf_lines_key (const ConfLines *self, const char *group,
                      const char *key);
/* The line to name when a group lacks something: its header, or the file's last
 * line. */
guint conf_lines_group (const ConfLines *self, const char *group);

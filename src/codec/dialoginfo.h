/* SPDX-License-Identifier: ISC
 *
 * application/dialog-info+xml (RFC 4235 4): which calls somebody is in. */
#pragma once
#include <glib.h>

#define DIALOGINFO_TYPE "application/dialog-info+xml"

typedef struct {
  char *id;
  char *direction; /* "initiator", "recipient"; or NULL */
  char *call_id, *local_tag, *remote_tag; /* or NULL */
  char *state; /* "trying", ... "confirmed", "terminated" */
  char *
      rest; /* XML: what follows <dialog and its id, to the end of the element */
} DialogInfoDialog;

typedef struct {
  GPtrArray *dialogs; /* DialogInfoDialog */
} DialogInfo;

DialogInfo *dialoginfo_new (void);
void dialoginfo_free (DialogInfo *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (DialogInfo, dialoginfo_free)

/* Reads a document (bytes and depth bounded as in pidf_parse, 100 dialogs).
 * That it calls itself partial is not looked at: a publication is all there is.
 * Session descriptions are left out: nobody is authorized to see them (RFC 4235
 * 3.3).
 * A dialog without an id or a known state is RC_ERROR_SYNTAX. */
gboolean dialoginfo_parse (const char *bytes, gsize len, DialogInfo **out,
                           GError **error);
/* Moves the dialogs of from to self; an id that is taken gets a suffix of key,
 * or a number. */
void dialoginfo_add (DialogInfo *self, DialogInfo *from, const char *key);
/* Leaves those with this Call-ID and these tags alone (RFC 4235 3.2); a NULL tag
 * is any. */
void dialoginfo_choose (DialogInfo *self, const char *call_id,
                        const char *local_tag, const char *remote_tag);
/* Is one of them confirmed? */
gboolean dialoginfo_is_talking (const DialogInfo *self);

/* The dialogs as elements, for dialoginfo_write; is_brief: their id, direction
 * and state alone (RFC 4235 3.6).  The caller frees. */
char *dialoginfo_elements (const DialogInfo *self, gboolean is_brief);
/* A document of full state. */
GBytes *dialoginfo_write (const char *entity, guint32 version,
                          const char *elements);

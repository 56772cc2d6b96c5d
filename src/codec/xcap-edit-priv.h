/* SPDX-License-Identifier: ISC
 *
 * What the two files of xcap-edit share. */
#pragma once
#include "codec/xcap-edit.h"
#include "codec/xcap-schema-priv.h"
#include "codec/xcap-tree-priv.h"

/* Where a path led. */
typedef struct {
  const XcapNode *node;
  const XcapAttribute *attribute; /* of an attribute selector */
} XcapPlace;

/* NULL: it is not well formed.  The tree borrows the bytes. */
XcapTree *xcap_edit_read (GBytes *document);
/* The whole selector of edit's path. */
XcapMatch xcap_edit_find (const XcapEdit *edit, const XcapTree *tree,
                          XcapPlace *out);
/* The bytes of tree with text instead of [from, to). */
GBytes *xcap_edit_splice (const XcapTree *tree, gsize from, gsize to,
                          const char *text);
/* Bounds, structure and constraints of what would be stored; NULL: fine. */
XcapError *xcap_edit_check (const XcapEdit *edit, const XcapTree *tree);
/* Sets *error; XCAP_CONFLICT. */
XcapOutcome xcap_edit_conflict (XcapError **error, XcapErrorKind kind,
                                const char *phrase);
/* Appends ` xmlns:prefix="..."` for all that is in scope. */
void xcap_edit_put_scope (GString *out, const XcapBinding *scope);

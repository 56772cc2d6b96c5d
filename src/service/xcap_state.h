/* SPDX-License-Identifier: ISC
 *
 * What a list of XCAP URIs selects (RFC 5875 4.4): documents with their entity
 * tags, elements and attributes with their content, as the store has them at one
 * moment; and what a NOTIFY says of the way from one moment to a later one (RFC
 * 5874).  Knows no subscription. */
#pragma once
#include "codec/xcap-diff.h"
#include "port/documents.h"

/* A user's list: what of it may be read (RFC 4825 5.7: the own tree and the
 * global documents).  Counted, never changes. */
typedef struct {
  char *owner;        /* AoR */
  GPtrArray *targets; /* XcapDiffTarget */
} XcapList;
/* body: application/resource-lists+xml, with at most max URIs relative to root or
 * below it; NULL: all documents.  NULL with xcap_diff_parse's errors. */
XcapList *xcap_list_new (const char *owner, GBytes *body, const char *root,
                         guint max, GError **error);
XcapList *xcap_list_ref (XcapList *self);
void xcap_list_unref (XcapList *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapList, xcap_list_unref)

/* Does a change concern it?  Arguments as documents_changed of port/store.h has
 * them, but that the owner is the list's, or NULL. */
gboolean xcap_list_selects (const XcapList *self, const char *auid,
                            const char *owner, const char *name);

/* Counted, never changes. */
typedef struct XcapState XcapState;
XcapState *xcap_state_ref (XcapState *self);
/* Takes NULL. */
void xcap_state_unref (XcapState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XcapState, xcap_state_unref)

/* state is borrowed; NULL: the store is away. */
typedef void (*XcapStateFn) (XcapState *state, gpointer data);
/* Reads what the list selects now; fn is called exactly once, inside the call or
 * later, unless the store is freed before. */
void xcap_state_read (DocumentsPort *port, XcapList *list, XcapStateFn fn,
                      gpointer data);

/* Of the same list. */
gboolean xcap_state_equal (const XcapState *a, const XcapState *b);

/* The xcap-diff document that tells after to who knows before; before NULL:
 * everything there is.  New.  Elements above a bound are named without their
 * content (RFC 5875 4.7). */
GBytes *xcap_state_tell (const char *root, const XcapState *before,
                         const XcapState *after);

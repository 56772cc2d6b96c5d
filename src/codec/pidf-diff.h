/* SPDX-License-Identifier: ISC
 *
 * Partial presence (RFC 5262): application/pidf-diff+xml with the whole document
 * or with what changed, as patch operations (RFC 5261). */
#pragma once
#include <glib.h>

#define PIDF_DIFF_TYPE "application/pidf-diff+xml"

/* A document but for its version, which belongs to the dialog that it is sent
 * in: one is shared by all watchers. */
typedef struct {
  GBytes *bytes;
  gsize version_at; /* where its digits go */
} PidfPartial;

void pidf_partial_free (PidfPartial *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PidfPartial, pidf_partial_free)

/* As it is sent.  The caller unrefs. */
GBytes *pidf_partial_write (const PidfPartial *self, guint32 version);

/* <pidf-full> of a document that pidf_write (or filter_set_apply) made; NULL: it
 * is no PIDF. */
PidfPartial *pidf_full_of (GBytes *pidf);

/* <pidf-diff> that makes `from` to `to`, both such documents.  NULL: it would
 * be no smaller than the whole, or they are of different entities. */
PidfPartial *pidf_diff_between (GBytes *from, GBytes *to);

/* What <pidf-diff> or <pidf-full> in patch makes of the document base
 * (application/pidf+xml; NULL: none, only pidf-full is possible): PIDF of at
 * most 64 kB, new.  NULL with the errors of xml_patch_apply, and RC_ERROR_SYNTAX
 * for what is no such document. */
GBytes *pidf_patched (GBytes *base, GBytes *patch, GError **error);

/* SPDX-License-Identifier: ISC
 *
 * What shapes share: entity tags, diffs, filtered documents and parsed filters,
 * each made once for all who want the same.  Documents are known by their
 * GBytes, which the caches keep. */
#pragma once
#include "service/shape.h"

#include "codec/pidf-diff.h"

/* The entity tag of a document (NULL: of an empty one) as a token in out. */
void shapes_tag (Service *service, const Package *package, GBytes *document,
                 char out[24]);
/* bytes as filters of package, shared with all who have the same; the caller
 * unrefs.  NULL: they are none. */
FilterSet *shapes_filters (Service *service, const Package *package,
                           GBytes *bytes);
/* document, of the dialog's presentity, through set; NULL: nothing is left of
 * it.  The caller unrefs. */
GBytes *shapes_filtered (Service *service, FilterSet *set,
                         const SubsDialog *dialog, GBytes *document);

/* filters.c: the filters in body that concern the dialog's presentity; NULL:
 * none.  The caller unrefs. */
FilterSet *filters_of (Service *service, const Package *package,
                       const SubsDialog *dialog, const SubsBody *body);
/* filter_set_apply and filter_set_fires for the dialog's presentity. */
GBytes *filters_apply (FilterSet *set, const SubsDialog *dialog,
                       GBytes *document);
gboolean filters_fire (FilterSet *set, const SubsDialog *dialog, GBytes *before,
                       GBytes *after);

/* What makes `from` to `to`; borrowed, NULL: the whole does. */
const PidfPartial *shapes_diff (Service *service, GBytes *from, GBytes *to);

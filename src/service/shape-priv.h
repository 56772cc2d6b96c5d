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
/* What makes `from` to `to`; borrowed, NULL: the whole does. */
const PidfPartial *shapes_diff (Service *service, GBytes *from, GBytes *to);

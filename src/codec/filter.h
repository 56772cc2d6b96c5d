/* SPDX-License-Identifier: ISC
 *
 * Event filters (RFC 4661): what of a document a watcher wants, and which
 * changes of it.  Knows presence and watcher information: what is mandatory in
 * these stays in what is left (RFC 4660 5.3.1). */
#pragma once
#include <glib.h>

/* At most so many <what>, <changed>, <added> and <removed> (RFC 4660 8), and
 * <include> and <exclude>, in one set. */
#define FILTER_RULES_MAX 40
#define FILTER_SELECTIONS_MAX 100

/* The filters of one subscription; counted, immutable. */
typedef struct FilterSet FilterSet;

/* Reads an application/simple-filter+xml document for package ("presence",
 * "presence.winfo").  RC_ERROR_SYNTAX for what is no such document, is of
 * another package, has two filters for one resource or domain, or an expression
 * that is none; RC_ERROR_UNSUPPORTED for more of XPath than RFC 4661 5 has;
 * RC_ERROR_BOUND above the bounds.  The message is for the watcher. */
FilterSet *filter_set_parse (GBytes *bytes, const char *package,
                             GError **error);
FilterSet *filter_set_ref (FilterSet *self);
void filter_set_unref (FilterSet *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FilterSet, filter_set_unref)

/* What is in force when a SUBSCRIBE in a dialog whose filters are old (NULL:
 * none) brings new (RFC 4660 3.3.3): each filter replaces the one of its id, is
 * added, removes, disables or enables it.  A document for filter_set_parse, with
 * which it was tried; it may have no filter left.  NULL with its errors, and
 * RC_ERROR_SYNTAX for a filter without content that is not known, and for a
 * prefix that an old filter uses for another namespace. */
GBytes *filter_set_merge (GBytes *old, GBytes *new, const char *package,
                          GError **error);

/* Does an enabled filter concern resource, a URI that is told of in a
 * subscription to the URI request (the same, or a list that resource is in)?
 * That is (RFC 4660 3.3.1): the one that names it, else the one for its domain;
 * then the one that names request, or nothing. */
gboolean filter_set_concerns (const FilterSet *self, const char *request,
                              const char *resource);

/* document (of resource, as above) through these filters; new.  NULL: nothing is
 * left of it.  One that is neither presence nor watcher information stays as it
 * is. */
GBytes *filter_set_apply (const FilterSet *self, const char *request,
                          const char *resource, GBytes *document);

/* Do their triggers let a change from before to after, both unfiltered, be
 * told?  TRUE where they have none. */
gboolean filter_set_fires (const FilterSet *self, const char *request,
                           const char *resource, GBytes *before, GBytes *after);

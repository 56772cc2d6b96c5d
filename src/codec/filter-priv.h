/* SPDX-License-Identifier: ISC
 *
 * Parsed filters: what the reader (filter.c) gives to those who apply them
 * (filter-what.c, filter-trigger.c). */
#pragma once
#include "codec/filter.h"
#include "codec/xml-path.h"

/* Nodes that all expressions of a filter together may look at in a document. */
#define FILTER_BUDGET 30000

/* <include> or <exclude>. */
typedef struct {
  char *ns;      /* of type namespace; or NULL, and... */
  XmlPath *path; /* ...what is selected */
} FilterSelection;

typedef enum { FILTER_CHANGED, FILTER_ADDED, FILTER_REMOVED } FilterChange;

typedef struct {
  FilterChange change;
  XmlPath *path;
  char *from, *to; /* or NULL */
  gdouble by;      /* NAN: not given */
} FilterCondition;

#define NS_FILTER "urn:ietf:params:xml:ns:simple-filter"

typedef struct {
  char *uri, *domain; /* or NULL */
  gboolean is_enabled;
  GArray *includes, *excludes; /* FilterSelection */
  GPtrArray *triggers;         /* GArray of FilterCondition */
} Filter;

/* Reads a filter set; NULL with an error. */
xmlDoc *filter_read_set (GBytes *bytes, GError **error);
/* A document read for a filter; NULL: it is none that we know. */
xmlDoc *filter_read (GBytes *document);

/* Leaves in doc what the filter wants; FALSE: nothing. */
gboolean filter_cut (const Filter *self, xmlDoc *doc);
/* Does one of its triggers fire? */
gboolean filter_fires (const Filter *self, xmlDoc *before, xmlDoc *after);

/* SPDX-License-Identifier: ISC
 *
 * How a watcher wants to be told: as what changed (RFC 5263), through a filter
 * (RFC 4660), not what it has already (RFC 5839).  Nearly all want nothing of it
 * and have no shape; what is made for one is shared with all who want the
 * same. */
#pragma once
#include "service/packages.h"

#include "codec/filter.h"

Shapes *shapes_new (void);
void shapes_free (Shapes *self);

/* What a SUBSCRIBE asks for in sub, which has it accepted (or a row from the
 * store has); suppress: the Suppress-If-Match of that SUBSCRIBE, or NULL. */
void shape_attach (Service *service, Sub *sub, const char *suppress);

/* The body that is in force when a SUBSCRIBE brings new (NULL: none) in a dialog
 * that has old (NULL: none, or no dialog yet): a filter is merged with the one
 * there was (RFC 4660 3.3.3), beside a list (RFC 5367) that stays.  NULL for no
 * body, or with *error, which is for the watcher (488).  The caller unrefs. */
SubsBody *filters_merge (const Package *package, SubsBody *old, SubsBody *new,
                         GError **error);

/* The filters in body, shared; NULL: there are none.  The caller unrefs. */
FilterSet *filters_in (Service *service, const Package *package,
                       const SubsBody *body);

/* Does suppress, of a SUBSCRIBE in the dialog of sub with this Accept and body
 * (NULL: as before), name what the watcher would be told, so that it is told
 * nothing (RFC 5839 6.3)?  *etag_out: the entity tag then, new. */
gboolean shape_matches (Service *service, Sub *sub, const char *suppress,
                        const char *accept, SubsBody *body, char **etag_out);

/* What a NOTIFY carries.  Of one that is cleared, NULL everywhere. */
typedef struct {
  GBytes *body;             /* NULL: none */
  const char *content_type; /* of it */
  char *own_type;           /* content_type where it is not the package's */
  char *rates;              /* for Subscription-State */
  char etag[24];            /* "": none */
} Shaped;
void shaped_clear (Shaped *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shaped, shaped_clear)

/* Makes what action sends; package is that of its sub.  FALSE: it would say
 * nothing that the watcher has not or wants, and is to be skipped. */
gboolean shape_compose (Service *service, const Package *package,
                        const SubsAction *action, Shaped *out);

/* The same for a list, whose members are filtered one by one. */
gboolean shape_list (Service *service, const SubsAction *action, Shaped *out);

/* The NOTIFY of sub ended; is_known: 2xx, the watcher has it. */
void shape_notified (Sub *sub, gboolean is_known);

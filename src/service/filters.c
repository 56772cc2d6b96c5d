/* SPDX-License-Identifier: ISC
 *
 * The filters in the bodies of SUBSCRIBEs (RFC 4660): how a later one changes
 * them, and what they leave of a document. */
#define G_LOG_DOMAIN "service"
#include "service/shape-priv.h"

#include "service/bodies.h"

#include "addr/aor.h"

/* The filter that body has; NULL with or without *error. */
static GBytes *
part_of (const SubsBody *body, GError **error)
{
  return body_part (body, FILTER_TYPE, error);
}

SubsBody *
filters_merge (const Package *package, SubsBody *old, SubsBody *new,
               GError **error)
{
  g_autoptr (GBytes) before = NULL, brought = NULL, merged = NULL;
  g_autoptr (GError) wrong = NULL;

  if (new == NULL || !package->is_filtered)
    return subs_body_ref (new);
  before = part_of (old, NULL);
  brought = part_of (new, &wrong);
  if (wrong != NULL) {
    g_propagate_error (error, g_steal_pointer (&wrong));
    return NULL;
  }
  if (brought == NULL)
    return before == NULL ? subs_body_ref (new)
                          : body_with (new, FILTER_TYPE, before);
  merged = filter_set_merge (before, brought, package->name, error);
  if (merged == NULL)
    return NULL;
  return body_with (body_has_more (new, FILTER_TYPE) ? new : old, FILTER_TYPE,
                    merged);
}

FilterSet *
filters_in (Service *service, const Package *package, const SubsBody *body)
{
  g_autoptr (GBytes) part = NULL;

  if (body == NULL || !package->is_filtered)
    return NULL;
  part = part_of (body, NULL);
  return part != NULL ? shapes_filters (service, package, part) : NULL;
}

FilterSet *
filters_of (Service *service, const Package *package, const SubsDialog *dialog,
            const SubsBody *body)
{
  g_autoptr (FilterSet) set = filters_in (service, package, body);
  g_autofree char *uri = NULL;

  if (set == NULL)
    return NULL;
  uri = aor_to_uri (dialog->presentity);
  return filter_set_concerns (set, uri, uri) ? g_steal_pointer (&set) : NULL;
}

GBytes *
filters_apply (FilterSet *set, const SubsDialog *dialog, GBytes *document)
{
  g_autofree char *uri = aor_to_uri (dialog->presentity);

  return filter_set_apply (set, uri, uri, document);
}

gboolean
filters_fire (FilterSet *set, const SubsDialog *dialog, GBytes *before,
              GBytes *after)
{
  g_autofree char *uri = aor_to_uri (dialog->presentity);

  return filter_set_fires (set, uri, uri, before, after);
}

/* SPDX-License-Identifier: ISC
 *
 * What one watcher is told, and whether: see shape.h. */
#define G_LOG_DOMAIN "service"
#include "service/shape-priv.h"

#include "service/lists.h"

#include <string.h>

#define ANY "*" /* RFC 5839 5.2: whatever it is */

/* What a watcher was told last. */
typedef struct {
  GBytes *raw;      /* before any filter; NULL: it is not known what he has */
  GBytes *document; /* what was left of it; NULL: nothing */
  char etag[24];
} Told;

typedef struct {
  gboolean is_partial;
  FilterSet *filters; /* or NULL */
  char *suppress;     /* the condition while it holds, or NULL */
  Told base;          /* what the watcher has */
  Told sent;          /* of the NOTIFY in flight, before it is there */
} Shape;

static void
told_clear (Told *self)
{
  g_clear_pointer (&self->raw, g_bytes_unref);
  g_clear_pointer (&self->document, g_bytes_unref);
}

static void
shape_free (gpointer data)
{
  Shape *self = data;

  filter_set_unref (self->filters);
  g_free (self->suppress);
  told_clear (&self->base);
  told_clear (&self->sent);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Shape, shape_free)

void
shaped_clear (Shaped *self)
{
  g_clear_pointer (&self->body, g_bytes_unref);
  g_clear_pointer (&self->own_type, g_free);
  g_clear_pointer (&self->rates, g_free);
}

/* NULL: it wants nothing of all this. */
static Shape *
shape_of (Service *service, const Package *package, const SubsDialog *dialog,
          const char *suppress)
{
  gboolean is_partial
      = package->is_partial && package_prefers_partial (dialog->accept);
  FilterSet *filters = filters_of (service, package, dialog, dialog->body);
  Shape *self;

  if (!package->has_etag)
    suppress = NULL;
  if (!is_partial && suppress == NULL && filters == NULL)
    return NULL;
  self = g_new0 (Shape, 1);
  self->is_partial = is_partial;
  self->filters = filters;
  self->suppress = g_strdup (suppress);
  return self;
}

void
shape_attach (Service *service, Sub *sub, const char *suppress)
{
  const SubsDialog *dialog = sub_dialog (sub);
  const Package *package = package_find (dialog->package);
  Shape *old = sub_extra (sub), *self;

  if (package == NULL || lists_is_list (dialog))
    return;
  self = shape_of (service, package, dialog, suppress);
  if (self != NULL && old != NULL) {
    self->base = old->base;
    self->sent = old->sent;
    old->base = old->sent = (Told){ 0 };
  }
  sub_set_extra (sub, self, shape_free);
}

/* --- What there is --- */

static GBytes *
look (Service *service, const Package *package, Sub *sub)
{
  return package->look != NULL ? package->look (service, sub)
                               : package->compose (service, sub);
}

/* What is left of raw for this watcher; NULL: nothing. */
static GBytes *
filter (Service *service, const Package *package, const Shape *self, Sub *sub,
        GBytes *raw)
{
  const SubsDialog *dialog = sub_dialog (sub);

  if (self->filters == NULL)
    return g_bytes_ref (raw);
  if (package->look != NULL) /* no other watcher has the same */
    return filters_apply (self->filters, dialog, raw);
  return shapes_filtered (service, self->filters, dialog, raw);
}

/* What is told in another format is another entity (RFC 5839 4). */
static void
put_tag (Service *service, const Package *package, const Shape *self,
         GBytes *document, char out[24])
{
  if (!package->has_etag) {
    *out = '\0';
    return;
  }
  shapes_tag (service, package, document, out);
  if (self != NULL && self->is_partial)
    g_strlcat (out, "d", 24);
}

static gboolean
is_suppressed (const Shape *self, const char *etag)
{
  return self->suppress != NULL
         && (strcmp (self->suppress, ANY) == 0
             || strcmp (self->suppress, etag) == 0);
}

gboolean
shape_matches (Service *service, Sub *sub, const char *suppress,
               const char *accept, SubsBody *body, char **etag_out)
{
  SubsDialog dialog = *sub_dialog (sub);
  const Package *package = package_find (dialog.package);
  g_autoptr (Shape) self = NULL;
  g_autoptr (GBytes) raw = NULL, document = NULL;
  char etag[24] = "";

  *etag_out = NULL;
  if (suppress == NULL || package == NULL || !package->has_etag
      || sub_is_owed (sub))
    return FALSE;
  dialog.accept = accept != NULL ? accept : dialog.accept;
  dialog.body = body != NULL ? body : dialog.body;
  self = shape_of (service, package, &dialog, suppress);
  if (sub_state (sub) == SUBS_ACTIVE) {
    raw = look (service, package, sub);
    document = filter (service, package, self, sub, raw);
    put_tag (service, package, self, document, etag);
  }
  if (!is_suppressed (self, etag))
    return FALSE;
  *etag_out = *etag != '\0' ? g_strdup (etag) : NULL;
  return TRUE;
}

/* --- What is told of it --- */

/* Would the NOTIFY say something?  The presentity's state changed, or a rate
 * asks.  A trigger compares with what was told last, unfiltered (RFC 4661
 * 3.6.1). */
static gboolean
says_something (const Shape *self, const SubsAction *action, GBytes *raw,
                const char *etag)
{
  if (is_suppressed (self, etag))
    return FALSE;
  if (action->is_periodic || self->base.raw == NULL
      || (!self->is_partial && self->filters == NULL))
    return TRUE;
  return strcmp (self->base.etag, etag) != 0
         && (self->filters == NULL
             || filters_fire (self->filters, sub_dialog (action->sub),
                              self->base.raw, raw));
}

/* FALSE: it is no presence document. */
static gboolean
put_partial (Service *service, const Shape *self, const SubsAction *action,
             GBytes *document, Shaped *out)
{
  g_autoptr (PidfPartial) full = NULL;
  const PidfPartial *diff = NULL;

  if (!action->must && self->base.document != NULL)
    diff = shapes_diff (service, self->base.document, document);
  if (diff == NULL)
    full = pidf_full_of (document);
  if (diff == NULL && full == NULL)
    return FALSE;
  out->body = pidf_partial_write (diff != NULL ? diff : full,
                                  sub_next_version (action->sub) + 1);
  out->content_type = PIDF_DIFF_TYPE; /* RFC 5263 4.4: from 1 on */
  return TRUE;
}

static void
put_body (Service *service, const Package *package, const Shape *self,
          const SubsAction *action, GBytes *document, Shaped *out)
{
  out->content_type = package->content_type;
  if (package->type != NULL) {
    out->own_type = package->type (service, action->sub);
    out->content_type = out->own_type;
  }
  if ((self == NULL || !self->is_partial || document == NULL
       || !put_partial (service, self, action, document, out))
      && document != NULL)
    out->body = g_bytes_ref (document);
  if (out->body == NULL)
    out->content_type = NULL;
}

static void
remember (Shape *self, GBytes *raw, GBytes *document, const char *etag)
{
  told_clear (&self->sent);
  self->sent.raw = g_bytes_ref (raw);
  self->sent.document = document != NULL ? g_bytes_ref (document) : NULL;
  g_strlcpy (self->sent.etag, etag, sizeof self->sent.etag);
}

/* With a condition that does not hold any more the default is in force again
 * (RFC 5839 5.2). */
static gboolean
compose_shaped (Service *service, const Package *package, Shape *self,
                const SubsAction *action, Shaped *out)
{
  Sub *sub = action->sub;
  g_autoptr (GBytes) raw = look (service, package, sub);
  g_autoptr (GBytes) document = filter (service, package, self, sub, raw);

  put_tag (service, package, self, document, out->etag);
  if (!action->must && !says_something (self, action, raw, out->etag))
    return FALSE;
  if (is_suppressed (self, out->etag))
    return TRUE; /* RFC 5839 6.2: without body */
  g_clear_pointer (&self->suppress, g_free);
  if (package->look != NULL && document != NULL) {
    g_clear_pointer (&raw, g_bytes_unref);
    g_clear_pointer (&document, g_bytes_unref);
    raw = package->compose (service, sub);
    document = filter (service, package, self, sub, raw);
  }
  put_body (service, package, self, action, document, out);
  remember (self, raw, document, out->etag);
  return TRUE;
}

gboolean
shape_compose (Service *service, const Package *package,
               const SubsAction *action, Shaped *out)
{
  Shape *self = sub_extra (action->sub);
  g_autoptr (GBytes) document = NULL;

  *out = (Shaped){ 0 };
  if (sub_is_shaped (action->sub))
    out->rates = sub_rates (action->sub);
  if (!action->wants_body)
    return TRUE;
  if (self != NULL)
    return compose_shaped (service, package, self, action, out);
  document = package->compose (service, action->sub);
  put_tag (service, package, NULL, document, out->etag);
  put_body (service, package, NULL, action, document, out);
  return TRUE;
}

gboolean
shape_list (Service *service, const SubsAction *action, Shaped *out)
{
  *out = (Shaped){ 0 };
  if (sub_is_shaped (action->sub))
    out->rates = sub_rates (action->sub);
  if (!action->wants_body)
    return TRUE;
  if (lists_is_suppressed (service, action->sub, out->etag))
    return action->must;
  out->body = lists_document (service, action->sub, &out->own_type, out->etag);
  out->content_type = out->own_type;
  return TRUE;
}

void
shape_notified (Sub *sub, gboolean is_known)
{
  Shape *self = sub_extra (sub);

  if (self == NULL || (is_known && self->sent.raw == NULL))
    return; /* it said nothing about the presentity */
  told_clear (&self->base);
  if (is_known) {
    self->base = self->sent;
    self->sent = (Told){ 0 };
  }
  told_clear (&self->sent);
}

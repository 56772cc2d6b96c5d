/* SPDX-License-Identifier: ISC
 *
 * What one watcher is told, and whether: see shape.h. */
#define G_LOG_DOMAIN "service"
#include "service/shape-priv.h"

#include <string.h>

#define ANY "*" /* RFC 5839 5.2: whatever it is */

typedef struct {
  gboolean is_partial;
  char *suppress; /* the condition while it holds, or NULL */
  GBytes *base;   /* the document that the watcher has; NULL: not known */
  GBytes *sent;   /* of the NOTIFY in flight, before it is known to be there */
} Shape;

static void
shape_free (gpointer data)
{
  Shape *self = data;

  g_free (self->suppress);
  g_clear_pointer (&self->base, g_bytes_unref);
  g_clear_pointer (&self->sent, g_bytes_unref);
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
shape_of (Service *service, const Package *package, const char *accept,
          const SubsBody *body, const char *suppress)
{
  gboolean is_partial = package->is_partial && package_prefers_partial (accept);
  Shape *self;

  if (!package->has_etag)
    suppress = NULL;
  if (!is_partial && suppress == NULL)
    return NULL;
  self = g_new0 (Shape, 1);
  self->is_partial = is_partial;
  self->suppress = g_strdup (suppress);
  return self;
}

void
shape_attach (Service *service, Sub *sub, const char *suppress)
{
  const SubsDialog *dialog = sub_dialog (sub);
  const Package *package = package_find (dialog->package);
  Shape *old = sub_extra (sub), *self;

  if (package == NULL)
    return;
  self = shape_of (service, package, dialog->accept, dialog->body, suppress);
  if (self != NULL && old != NULL) {
    self->base = g_steal_pointer (&old->base);
    self->sent = g_steal_pointer (&old->sent);
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
  const SubsDialog *dialog = sub_dialog (sub);
  const Package *package = package_find (dialog->package);
  g_autoptr (Shape) self = NULL;
  g_autoptr (GBytes) document = NULL;
  char etag[24] = "";

  *etag_out = NULL;
  if (suppress == NULL || package == NULL || !package->has_etag
      || sub_is_owed (sub))
    return FALSE;
  self = shape_of (service, package, accept != NULL ? accept : dialog->accept,
                   body != NULL ? body : dialog->body, suppress);
  if (sub_state (sub) == SUBS_ACTIVE) {
    document = look (service, package, sub);
    put_tag (service, package, self, document, etag);
  }
  if (!is_suppressed (self, etag))
    return FALSE;
  *etag_out = *etag != '\0' ? g_strdup (etag) : NULL;
  return TRUE;
}

/* --- What is told of it --- */

/* Would the NOTIFY say something?  The presentity's state changed, or a rate
 * asks. */
static gboolean
says_something (const Shape *self, const SubsAction *action, GBytes *document,
                const char *etag)
{
  if (is_suppressed (self, etag))
    return FALSE;
  if (action->is_periodic || !self->is_partial)
    return TRUE;
  return self->base == NULL || !g_bytes_equal (self->base, document);
}

static void
put_partial (Service *service, const Shape *self, const SubsAction *action,
             GBytes *document, Shaped *out)
{
  guint32 version = sub_next_version (action->sub) + 1; /* RFC 5263 4.4 */
  g_autoptr (PidfPartial) full = NULL;
  const PidfPartial *diff = NULL;

  if (!action->must && self->base != NULL)
    diff = shapes_diff (service, self->base, document);
  if (diff == NULL)
    full = pidf_full_of (document);
  out->body = pidf_partial_write (diff != NULL ? diff : full, version);
  out->content_type = PIDF_DIFF_TYPE;
}

static void
put_body (Service *service, const Package *package, Shape *self,
          const SubsAction *action, GBytes *document, Shaped *out)
{
  out->content_type = package->content_type;
  if (package->type != NULL) {
    out->own_type = package->type (service, action->sub);
    out->content_type = out->own_type;
  }
  if (self != NULL && self->is_partial && document != NULL)
    put_partial (service, self, action, document, out);
  else
    out->body = document != NULL ? g_bytes_ref (document) : NULL;
  if (self == NULL)
    return;
  g_clear_pointer (&self->sent, g_bytes_unref);
  self->sent = document != NULL ? g_bytes_ref (document) : NULL;
}

/* With a condition that does not hold any more the default is in force again
 * (RFC 5839 5.2). */
static gboolean
compose_shaped (Service *service, const Package *package, Shape *self,
                const SubsAction *action, Shaped *out)
{
  g_autoptr (GBytes) document = look (service, package, action->sub);

  put_tag (service, package, self, document, out->etag);
  if (!action->must && !says_something (self, action, document, out->etag))
    return FALSE;
  if (is_suppressed (self, out->etag))
    return TRUE; /* RFC 5839 6.2: without body */
  g_clear_pointer (&self->suppress, g_free);
  if (package->look != NULL) {
    g_clear_pointer (&document, g_bytes_unref);
    document = package->compose (service, action->sub);
  }
  put_body (service, package, self, action, document, out);
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

void
shape_notified (Sub *sub, gboolean is_known)
{
  Shape *self = sub_extra (sub);

  if (self == NULL)
    return;
  if (self->sent == NULL && is_known)
    return;
  g_clear_pointer (&self->base, g_bytes_unref);
  if (is_known)
    self->base = g_steal_pointer (&self->sent);
  g_clear_pointer (&self->sent, g_bytes_unref);
}

/* SPDX-License-Identifier: ISC
 *
 * The body of a NOTIFY for a list: RLMI and the documents of the members that
 * it names (RFC 4662 5). */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

#include "service/packages.h"
#include "service/shape.h"

#include "addr/aor.h"
#include "codec/rlmi.h"

/* Of a resource there is one instance: nothing forks here. */
#define INSTANCE "1"

typedef struct {
  Service *service;
  const SubsDialog *dialog;
  char *before;       /* an id's number, and... */
  const char *domain; /* ...after it */
  const char *uri;    /* of the list */
  FilterSet *filters; /* NULL: none */
  RlmiDoc *doc;
  GArray *parts; /* RlmiPart; cid and body are its own */
} Composing;

GBytes *
lists_member_document (Service *service, const SubsDialog *dialog,
                       const char *presentity, const char *view,
                       const char **content_type_out)
{
  const Package *package = package_find (dialog->package);

  *content_type_out = package->content_type;
  return package->member (service, dialog->watcher, presentity, view);
}

static void
part_clear (gpointer data)
{
  RlmiPart *part = data;

  g_free ((char *)part->cid);
  g_bytes_unref (part->body);
}

/* Unique: no other NOTIFY has both tag and version. */
static char *
id_of (const Composing *self, guint number)
{
  char text[12];

  g_snprintf (text, sizeof text, "%u", number);
  return g_strconcat (self->before, text, "@", self->domain, NULL);
}

/* NULL: there is nothing to show. */
static GBytes *
foreign_document (const Composing *self, const Member *member,
                  const char **type)
{
  const ListsForeign *foreign = self->service->lists->foreign;
  ListsForeignState state = { 0 };

  if (member->foreign == NULL)
    return NULL;
  if (!foreign_is_shared (member))
    return lists_member_document (self->service, self->dialog, member->base.key,
                                  NULL, type);
  foreign->state (foreign->self, member->foreign, &state);
  *type = state.content_type;
  return state.body != NULL ? g_bytes_ref (state.body) : NULL;
}

static GBytes *
document_of (const Composing *self, const Member *member, const char **type)
{
  const StoreUser *user;

  if (member->is_foreign)
    return foreign_document (self, member, type);
  user = service_user (self->service, member->base.key);
  return user != NULL ? lists_member_document (self->service, self->dialog,
                                               user->aor, member->view, type)
                      : NULL;
}

/* Takes document; NULL: the filters (RFC 4660) leave nothing of it. */
static GBytes *
filtered (const Composing *self, const Member *member, GBytes *document)
{
  g_autoptr (GBytes) whole = document;
  const char *uri = member->base.uri;

  if (whole == NULL || self->filters == NULL
      || !filter_set_concerns (self->filters, self->uri, uri))
    return g_steal_pointer (&whole);
  return filter_set_apply (self->filters, self->uri, uri, whole);
}

static void
add_active (Composing *self, const Member *member, RlmiResource *resource)
{
  RlmiPart part = { 0 };
  GBytes *document = document_of (self, member, &part.content_type);

  if (document == NULL)
    return;
  part.body = filtered (self, member, document);
  if (part.body == NULL) {
    rlmi_resource_add (resource, INSTANCE, RLMI_ACTIVE, NULL, NULL);
    return;
  }
  part.cid = id_of (self, self->parts->len + 1);
  rlmi_resource_add (resource, INSTANCE, RLMI_ACTIVE, NULL, part.cid);
  g_array_append_val (self->parts, part);
}

static void
add_member (Composing *self, const Member *member)
{
  RlmiResource *resource
      = rlmi_doc_add (self->doc, member->base.uri, member->base.name);

  switch ((SubsMemberState)member->base.state) {
  case SUBS_MEMBER_UNKNOWN:
    break;
  case SUBS_MEMBER_PENDING:
    rlmi_resource_add (resource, INSTANCE, RLMI_PENDING, NULL, NULL);
    break;
  case SUBS_MEMBER_ACTIVE:
    add_active (self, member, resource);
    break;
  case SUBS_MEMBER_ENDED:
    rlmi_resource_add (resource, INSTANCE, RLMI_TERMINATED,
                       subs_reason_name (member->base.reason), NULL);
    break;
  }
}

static GBytes *
compose (Composing *self, GPtrArray *members, char **content_type_out)
{
  g_autofree char *before
      = g_strdup_printf ("%s.%u.", self->dialog->local_tag, self->doc->version);
  g_autofree char *root_id = NULL;
  g_autoptr (GBytes) root = NULL;

  self->before = before;
  root_id = id_of (self, 0);
  for (guint i = 0; i < members->len; i++)
    add_member (self, members->pdata[i]);
  root = rlmi_write (self->doc);
  return rlmi_pack (root, root_id, (RlmiPart *)self->parts->data,
                    self->parts->len, content_type_out);
}

GBytes *
lists_document (Service *service, Sub *sub, char **content_type_out)
{
  List *list = list_of (service, sub);
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (RlmiPart));
  g_autoptr (RlmiDoc) doc = NULL;
  const SubsDialog *dialog = sub_dialog (sub);
  Composing composing = { .service = service, .dialog = dialog };
  g_autoptr (FilterSet) filters = NULL;
  gboolean is_full;

  if (list == NULL || !list->is_read)
    return NULL;
  g_array_set_clear_func (parts, part_clear);
  is_full = subs_list_take (list->members, members);
  doc = rlmi_doc_new (list->uri, list->name, sub_next_version (sub), is_full);
  composing.domain = aor_domain (list->watcher);
  composing.doc = doc;
  composing.uri = list->uri;
  composing.filters = filters
      = filters_in (service, package_find (dialog->package), dialog->body);
  composing.parts = parts;
  return compose (&composing, members, content_type_out);
}

void
lists_notified (Service *service, Sub *sub, gboolean is_told)
{
  List *list = list_of (service, sub);

  if (list != NULL)
    subs_list_told (list->members, is_told);
}

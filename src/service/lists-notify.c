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

#include <string.h>

/* Of a resource there is one instance: nothing forks here. */
#define INSTANCE "1"

typedef struct {
  Service *service;
  const SubsDialog *dialog;
  const Package *package;
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

static gboolean
is_filtered (const Composing *self, const Member *member)
{
  return self->filters != NULL
         && filter_set_concerns (self->filters, self->uri, member->base.uri);
}

/* NULL: the filters (RFC 4660) leave nothing of it. */
static GBytes *
filtered (const Composing *self, const Member *member, GBytes *document)
{
  return is_filtered (self, member) ? filter_set_apply (
             self->filters, self->uri, member->base.uri, document)
                                    : g_bytes_ref (document);
}

/* What is shown of an active member, and what it is made of; body NULL: the
 * filters leave nothing, or there is nothing. */
typedef struct {
  const char *type;
  GBytes *document, *body;
} Shown;

static void
shown_clear (Shown *self)
{
  g_clear_pointer (&self->document, g_bytes_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Shown, shown_clear)

static void
look (const Composing *self, const Member *member, Shown *out)
{
  *out = (Shown){ 0 };
  if (member->base.state == SUBS_MEMBER_ACTIVE)
    out->document = document_of (self, member, &out->type);
  if (out->document != NULL)
    out->body = filtered (self, member, out->document);
}

static void
add_active (Composing *self, RlmiResource *resource, const Shown *shown)
{
  RlmiPart part = { .content_type = shown->type };

  if (shown->document == NULL)
    return;
  if (shown->body == NULL) {
    rlmi_resource_add (resource, INSTANCE, RLMI_ACTIVE, NULL, NULL);
    return;
  }
  part.body = g_bytes_ref (shown->body);
  part.cid = id_of (self, self->parts->len + 1);
  rlmi_resource_add (resource, INSTANCE, RLMI_ACTIVE, NULL, part.cid);
  g_array_append_val (self->parts, part);
}

/* What is told of it now. */
static void
remember (Composing *self, Member *member, const Shown *shown)
{
  guint64 mark;

  if (self->package->has_etag) {
    mark = member_mark (self->service, self->package, member, shown->body);
    member->list->marks += mark - member->mark;
    member->mark = mark;
  }
  g_clear_pointer (&member->told, g_bytes_unref);
  if (shown->document != NULL && is_filtered (self, member))
    member->told = g_bytes_ref (shown->document);
}

static void
add_member (Composing *self, Member *member)
{
  RlmiResource *resource
      = rlmi_doc_add (self->doc, member->base.uri, member->base.name);
  g_auto (Shown) shown = { 0 };

  look (self, member, &shown);
  remember (self, member, &shown);
  switch ((SubsMemberState)member->base.state) {
  case SUBS_MEMBER_UNKNOWN:
    break;
  case SUBS_MEMBER_PENDING:
    rlmi_resource_add (resource, INSTANCE, RLMI_PENDING, NULL, NULL);
    break;
  case SUBS_MEMBER_ACTIVE:
    add_active (self, resource, &shown);
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

static Composing
composing_of (Service *service, const List *list, const SubsDialog *dialog)
{
  const Package *package = package_find (dialog->package);

  return (Composing){ .service = service,
                      .dialog = dialog,
                      .package = package,
                      .domain = aor_domain (list->watcher),
                      .uri = list->uri,
                      .filters = filters_in (service, package, dialog->body) };
}

/* Full state: whatever was told before. */
static void
forget_marks (List *list, const GPtrArray *members)
{
  list->marks = 0;
  for (guint i = 0; i < members->len; i++)
    ((Member *)members->pdata[i])->mark = 0;
}

GBytes *
lists_document (Service *service, Sub *sub, char **content_type_out,
                char etag_out[24])
{
  List *list = list_of (service, sub);
  g_autoptr (GPtrArray) members = g_ptr_array_new ();
  g_autoptr (GArray) parts = g_array_new (FALSE, FALSE, sizeof (RlmiPart));
  g_autoptr (RlmiDoc) doc = NULL;
  Composing composing;
  gboolean is_full;
  GBytes *body;

  *etag_out = '\0';
  if (list == NULL || !list->is_read)
    return NULL;
  g_array_set_clear_func (parts, part_clear);
  is_full = subs_list_take (list->members, members);
  if (is_full)
    forget_marks (list, members);
  doc = rlmi_doc_new (list->uri, list->name, sub_next_version (sub), is_full);
  composing = composing_of (service, list, sub_dialog (sub));
  composing.doc = doc;
  composing.parts = parts;
  body = compose (&composing, members, content_type_out);
  filter_set_unref (composing.filters);
  if (composing.package->has_etag)
    list_tag (service, list, list->marks, etag_out);
  return body;
}

static gboolean
says_something (const Composing *self, const Member *member)
{
  g_auto (Shown) shown = { 0 };

  look (self, member, &shown);
  if (shown.document == NULL || !is_filtered (self, member))
    return TRUE;
  if (member->told != NULL
      && !filter_set_fires (self->filters, self->uri, member->base.uri,
                            member->told, shown.document))
    return FALSE;
  return !self->package->has_etag
         || member_mark (self->service, self->package, member, shown.body)
                != member->mark;
}

gboolean
member_has_news (const Member *self)
{
  const List *list = self->list;
  Composing composing;
  gboolean has_news;

  if (list->sub == NULL || sub_dialog (list->sub)->body == NULL)
    return TRUE;
  composing = composing_of (list->service, list, sub_dialog (list->sub));
  has_news = composing.filters == NULL || says_something (&composing, self);
  filter_set_unref (composing.filters);
  return has_news;
}

/* --- Conditions (RFC 5839) --- */

/* Of the state as it is, told or not.  FALSE: there is none yet. */
static gboolean
tag_now (Service *service, Sub *sub, char out[24])
{
  const List *list = list_of (service, sub);
  const GPtrArray *members;
  Composing composing;
  guint64 marks = 0;

  if (list == NULL || !list_is_ready (list)
      || !package_find (sub_dialog (sub)->package)->has_etag)
    return FALSE;
  composing = composing_of (service, list, sub_dialog (sub));
  members = subs_list_members (list->members);
  for (guint i = 0; i < members->len; i++) {
    const Member *member = members->pdata[i];
    g_auto (Shown) shown = { 0 };

    look (&composing, member, &shown);
    marks += member_mark (service, composing.package, member, shown.body);
  }
  filter_set_unref (composing.filters);
  list_tag (service, list, marks, out);
  return TRUE;
}

static gboolean
names (const char *suppress, const char *tag)
{
  return strcmp (suppress, "*") == 0 || strcmp (suppress, tag) == 0;
}

void
lists_condition (Service *service, Sub *sub, const char *suppress)
{
  List *list = list_of (service, sub);

  if (list == NULL)
    return;
  g_free (list->suppress);
  list->suppress = g_strdup (suppress);
}

gboolean
lists_is_suppressed (Service *service, Sub *sub, char out[24])
{
  List *list = list_of (service, sub);

  if (list == NULL || list->suppress == NULL)
    return FALSE;
  if (tag_now (service, sub, out) && names (list->suppress, out)) {
    subs_list_pass (list->members);
    return TRUE;
  }
  g_clear_pointer (&list->suppress, g_free);
  return FALSE;
}

gboolean
lists_matches (Service *service, Sub *sub, const char *suppress,
               char **etag_out)
{
  char tag[24];

  *etag_out = NULL;
  if (suppress == NULL || sub_is_owed (sub) || sub_state (sub) != SUBS_ACTIVE
      || !tag_now (service, sub, tag) || !names (suppress, tag))
    return FALSE;
  *etag_out = g_strdup (tag);
  return TRUE;
}

void
lists_notified (Service *service, Sub *sub, gboolean is_told)
{
  List *list = list_of (service, sub);

  if (list != NULL)
    subs_list_told (list->members, is_told);
}

/* SPDX-License-Identifier: ISC
 *
 * The record of one subscription, kept small: strings that many dialogs share
 * are interned with a count, those of one device and those of one kind of client
 * are one Shared each, and the dialog's ids stand behind the struct. */
#include "subs/subs-priv.h"

#include "base/ids.h"

#include <string.h>

static char *
intern (const char *text)
{
  return text == NULL ? NULL : g_ref_string_new_intern (text);
}

static void
unintern (const char *text)
{
  if (text != NULL)
    g_ref_string_release ((char *)text);
}

static gsize
packed_size (const char *text)
{
  return text == NULL ? 1 : strlen (text) + 1;
}

/* Copies text, NULL as an empty one, to *at and moves *at behind it. */
static void
pack (char **at, const char *text)
{
  gsize size = packed_size (text);

  memcpy (*at, text == NULL ? "" : text, size);
  *at += size;
}

/* strings may be those of *slot. */
static void
set_shared (Shared **slot, GHashTable *registry, const char *name,
            const char *const *strings, guint n)
{
  Shared *old = *slot;

  *slot = shared_get (registry, name, strings, n);
  if (old != NULL)
    shared_unref (old);
}

SubsBody *
subs_body_new (const char *type, GBytes *bytes)
{
  SubsBody *self = g_rc_box_new0 (SubsBody);

  self->type = g_strdup (type);
  self->bytes = g_bytes_ref (bytes);
  return self;
}

SubsBody *
subs_body_ref (SubsBody *self)
{
  return self == NULL ? NULL : g_rc_box_acquire (self);
}

static void
body_clear (gpointer data)
{
  SubsBody *self = data;

  g_free (self->type);
  g_bytes_unref (self->bytes);
}

void
subs_body_unref (SubsBody *self)
{
  if (self != NULL)
    g_rc_box_release_full (self, body_clear);
}

SubShape *
sub_need_shape (Sub *sub)
{
  if (sub->shape == NULL) {
    sub->shape = g_new0 (SubShape, 1);
    rate_begin (sub->shape);
  }
  return sub->shape;
}

static void
drop_shape (Sub *sub)
{
  SubShape *shape = sub->shape;

  if (shape == NULL || shape->data != NULL || rates_are_any (&shape->asked))
    return;
  sub->shape = NULL;
  g_free (shape);
}

void
sub_take_rates (Sub *sub, const char *event)
{
  SubsRates rates;
  g_autofree char *rest = rates_take (event, &rates);

  if (event == NULL || (sub->shape == NULL && !rates_are_any (&rates)))
    return;
  sub_need_shape (sub)->asked = rates;
  drop_shape (sub);
}

void
sub_grant_rates (Subs *self, Sub *sub, gint64 now)
{
  SubShape *shape = sub->shape;

  if (shape == NULL)
    return;
  if (shape->rates.adaptive != shape->asked.adaptive)
    rate_begin (shape);
  shape->rates = rates_granted (&shape->asked, &self->limits,
                                sub_seconds_left (sub->expires_at, now));
}

gpointer
sub_extra (const Sub *sub)
{
  return sub->shape != NULL ? sub->shape->data : NULL;
}

void
sub_set_extra (Sub *sub, gpointer data, GDestroyNotify free_data)
{
  SubShape *shape = sub->shape;

  if (shape == NULL && data == NULL)
    return;
  shape = sub_need_shape (sub);
  if (shape->data != NULL && shape->data != data)
    shape->free_data (shape->data);
  shape->data = data;
  shape->free_data = free_data;
  drop_shape (sub);
}

gboolean
sub_is_shaped (const Sub *sub)
{
  return sub->shape != NULL;
}

char *
sub_rates (const Sub *sub)
{
  GString *text;

  if (sub->shape == NULL || !rates_are_any (&sub->shape->rates))
    return NULL;
  text = g_string_new (NULL);
  rates_write (&sub->shape->rates, text);
  return g_string_free (text, FALSE);
}

gboolean
sub_is_owed (const Sub *sub)
{
  return sub->must || sub->must_sent;
}

/* event: without the rates. */
static void
share_strings (Subs *self, Sub *sub, const SubsDialog *dialog,
               const char *event)
{
  const char *const place[N_PLACE] = {
    [PLACE_TARGET] = dialog->target,
    [PLACE_INSTANCE] = dialog->instance,
    [PLACE_SOURCE] = dialog->source,
    [PLACE_REMOTE_URI] = dialog->remote_uri,
  };
  const char *const manner[N_MANNER] = {
    [MANNER_EVENT] = event,
    [MANNER_ROUTE_SET] = dialog->route_set,
    [MANNER_ACCEPT] = dialog->accept,
    [MANNER_LOCAL_CONTACT] = dialog->local_contact,
  };

  set_shared (&sub->place, self->shared, NULL, place, N_PLACE);
  set_shared (&sub->manner, self->shared, g_intern_string (dialog->package),
              manner, N_MANNER);
  sub->presentity = intern (dialog->presentity);
  sub->watcher = intern (dialog->watcher);
  sub->local_uri = intern (dialog->local_uri);
}

Sub *
sub_new (Subs *self, const SubsDialog *dialog, gint64 now)
{
  char made[RC_TOKEN_DATE + TAG_BITS / 5 + 1];
  const char *tag = dialog->local_tag;
  SubsRates rates;
  g_autofree char *event = rates_take (dialog->event, &rates);
  Sub *sub;
  char *at;

  if (tag == NULL) {
    rc_token_fill_dated (made, TAG_BITS, now / G_USEC_PER_SEC);
    tag = made;
  }
  sub = g_malloc0 (G_STRUCT_OFFSET (Sub, ids) + packed_size (dialog->call_id)
                   + packed_size (tag) + packed_size (dialog->remote_tag));
  at = sub->ids;
  pack (&at, tag);
  pack (&at, dialog->remote_tag);
  pack (&at, dialog->call_id);
  sub->refs = 1;
  sub->created_at = (gint32)(now / G_USEC_PER_SEC);
  sub->body = subs_body_ref (dialog->body);
  sub->is_trusted = dialog->is_trusted;
  sub->limit_at = dialog->limit_at;
  share_strings (self, sub, dialog, event != NULL ? event : dialog->event);
  if (rates_are_any (&rates))
    sub_need_shape (sub)->asked = rates;
  return sub;
}

Sub *
sub_ref (Sub *sub)
{
  sub->refs++;
  return sub;
}

void
sub_unref (Sub *sub)
{
  if (sub == NULL || --sub->refs > 0)
    return;
  unintern (sub->presentity);
  unintern (sub->watcher);
  unintern (sub->local_uri);
  unintern (sub->view);
  subs_body_unref (sub->body);
  while (sub->writes != NULL)
    write_free (write_take (sub, sub->writes->ticket));
  shared_unref (sub->place);
  shared_unref (sub->manner);
  if (sub->shape != NULL && sub->shape->data != NULL)
    sub->shape->free_data (sub->shape->data);
  g_free (sub->shape);
  g_free (sub);
}

/* newer, or what of it is given, instead of what is in *slot. */
static void
replace_shared (Shared **slot, const char *const *newer, guint n)
{
  const char **strings = g_newa (const char *, n);
  gboolean is_same = TRUE;

  for (guint i = 0; i < n; i++) {
    const char *old = shared_string (*slot, i);

    strings[i] = newer[i] != NULL ? newer[i] : old;
    is_same = is_same && g_strcmp0 (strings[i], old) == 0;
  }
  if (!is_same)
    set_shared (slot, shared_registry (*slot), shared_name (*slot), strings, n);
}

void
sub_take_place (Sub *sub, const SubsDialog *dialog)
{
  const char *const place[N_PLACE] = {
    [PLACE_TARGET] = dialog->target,
    [PLACE_INSTANCE] = dialog->instance,
    [PLACE_SOURCE] = dialog->source,
  };
  const char *const manner[N_MANNER] = {
    [MANNER_ACCEPT] = dialog->accept,
    [MANNER_LOCAL_CONTACT] = dialog->local_contact,
  };

  replace_shared (&sub->place, place, N_PLACE);
  replace_shared (&sub->manner, manner, N_MANNER);
}

void
sub_set_body (Sub *sub, SubsBody *body)
{
  SubsBody *old = sub->body;

  sub->body = subs_body_ref (body);
  subs_body_unref (old);
}

void
sub_set_source (Sub *sub, const char *source)
{
  sub_take_place (sub, &(SubsDialog){ .source = source });
}

SubsAction *
sub_act (const Turn *turn, Sub *sub, SubsActionKind kind)
{
  SubsAction action = { .kind = kind, .sub = sub };

  g_array_append_val (turn->actions, action);
  return &g_array_index (turn->actions, SubsAction, turn->actions->len - 1);
}

guint
sub_seconds_left (gint64 until, gint64 now)
{
  return until <= now ? 0 : (guint)((until - now) / G_USEC_PER_SEC);
}

guint
sub_bound (guint seconds, guint32 limit_at, gint64 now)
{
  gint64 left = limit_at - now / G_USEC_PER_SEC;

  if (seconds == 0 || limit_at == 0 || limit_at == SUBS_NO_END
      || left >= seconds)
    return seconds;
  return (guint)MAX (left, 1);
}

const char *
sub_view (const Sub *sub)
{
  return sub->view;
}

void
sub_set_view (Sub *sub, const char *view)
{
  char *old = sub->view;

  sub->view = intern (view);
  unintern (old);
}

void
sub_touch (Subs *self, Sub *sub)
{
  gint64 due = life_deadline (sub);

  if (sub->retry_at != 0 && (due == 0 || sub->retry_at < due))
    due = sub->retry_at;
  if (due == 0)
    wheel_cancel (self->wheel, &sub->timer);
  else if (!wheel_is_armed (&sub->timer) || sub->timer.due != due)
    wheel_arm (self->wheel, &sub->timer, due);
}

static const char *
string_behind (const char *text)
{
  return text + strlen (text) + 1;
}

const char *
sub_remote_tag (const Sub *sub)
{
  const char *tag = string_behind (sub->ids);

  return *tag == '\0' ? NULL : tag;
}

const char *
sub_call_id (const Sub *sub)
{
  return string_behind (string_behind (sub->ids));
}

const char *
sub_event (const Sub *sub)
{
  return shared_string (sub->manner, MANNER_EVENT);
}

const char *
sub_package (const Sub *sub)
{
  return shared_name (sub->manner);
}

const char *
sub_source (const Sub *sub)
{
  return shared_string (sub->place, PLACE_SOURCE);
}

const SubsDialog *
sub_dialog_fill (const Sub *sub, SubsDialog *out)
{
  const Shared *place = sub->place, *manner = sub->manner;

  *out = (SubsDialog){
    .presentity = sub->presentity,
    .watcher = sub->watcher,
    .package = sub_package (sub),
    .event = sub_event (sub),
    .call_id = sub_call_id (sub),
    .local_tag = sub_local_tag (sub),
    .remote_tag = sub_remote_tag (sub),
    .local_uri = sub->local_uri,
    .remote_uri = shared_string (place, PLACE_REMOTE_URI),
    .target = shared_string (place, PLACE_TARGET),
    .instance = shared_string (place, PLACE_INSTANCE),
    .route_set = shared_string (manner, MANNER_ROUTE_SET),
    .accept = shared_string (manner, MANNER_ACCEPT),
    .source = shared_string (place, PLACE_SOURCE),
    .local_contact = shared_string (manner, MANNER_LOCAL_CONTACT),
    .body = sub->body,
    .flow = sub->flow,
    .is_trusted = sub->is_trusted,
    .limit_at = sub->limit_at,
  };
  return out;
}

SubsState
sub_state (const Sub *sub)
{
  return sub->life <= LIFE_CLOSING ? sub->granted : SUBS_TERMINATED;
}

gboolean
sub_is_approved (const Sub *sub)
{
  return sub->is_approved;
}

gint64
sub_expires_at (const Sub *sub)
{
  return sub->expires_at;
}

gint64
sub_created_at (const Sub *sub)
{
  return (gint64)sub->created_at * G_USEC_PER_SEC;
}

guint32
sub_remote_cseq (const Sub *sub)
{
  return sub->remote_cseq;
}

const char *
sub_id (const Sub *sub)
{
  return sub_local_tag (sub);
}

gboolean
sub_is_fetch (const Sub *sub)
{
  return sub->is_fetch;
}

gboolean
sub_is_settled (const Sub *sub)
{
  return write_newest (sub, WRITE_SUBSCRIBE) == NULL
         && write_newest (sub, WRITE_CLOSE) == NULL;
}

gboolean
sub_is_gone (const Sub *sub)
{
  return sub->life == LIFE_GONE;
}

gboolean
sub_is_suspended (const Sub *sub)
{
  return sender_is_suspended (sub);
}

void
sub_note_answer (Sub *sub, guint status, gint64 now)
{
  sub->answered = status;
  sub->answered_at = (guint32)(now / G_USEC_PER_SEC);
}

gint64
sub_answered_at (const Sub *sub, guint *status_out)
{
  *status_out = sub->answered;
  return (gint64)sub->answered_at * G_USEC_PER_SEC;
}

guint32
sub_cseq_reserved (const Sub *sub)
{
  return sub->limit + (sub->is_reserving ? RANGE_CHUNK : 0);
}

guint32
sub_version_reserved (const Sub *sub)
{
  return sub_cseq_reserved (sub);
}

/* SPDX-License-Identifier: ISC
 *
 * Flows that close and devices that come back: which dialogs a request of a
 * device belongs to, and the way their NOTIFYs take from then on. */
#define G_LOG_DOMAIN "subs"
#include "subs/subs-priv.h"

#include "addr/uri.h"

void
subs_flow_closed (Subs *self, guint64 flow, gint64 now, GArray *actions)
{
  Flow *closed;

  /* The record of the flow goes with its last subscription. */
  while (flow != 0 && (closed = table_flow (self, flow)) != NULL) {
    Sub *sub = SUB_OF (closed->subs, in_flow);
    table_set_flow (self, sub, 0);
    sender_move (TURN (self, now, actions), sub, SENDER_CUT);
    sub_touch (self, sub);
  }
}

static char *
contact_key (const char *contact)
{
  g_autoptr (Uri) uri = NULL;

  if (contact == NULL || !uri_parse (contact, -1, &uri, NULL))
    return NULL;
  return uri_key (uri);
}

static gboolean
is_udp (const char *source)
{
  return source != NULL && g_str_has_prefix (source, "udp:");
}

static gboolean
is_of_device (const Sub *sub, const SubsDevice *device, const char *key)
{
  const SubsDialog *dialog = sub_dialog (sub);
  g_autofree char *own = NULL;

  if (dialog->instance != NULL && device->instance != NULL)
    return g_str_equal (dialog->instance, device->instance);
  if (is_udp (device->source)
      && g_strcmp0 (dialog->source, device->source) == 0)
    return TRUE;
  if (key == NULL)
    return FALSE;
  own = contact_key (dialog->target);
  return own != NULL && g_str_equal (own, key);
}

/* A dialog with a way of its own keeps it.  One whose NOTIFY is in flight on a
 * way that has closed or changed, or whose flow closed unnoticed, does not. */
static gboolean
needs_way (const Sub *sub, const SubsDevice *device)
{
  const SubsDialog *dialog = sub_dialog (sub);

  if (sender_is_suspended (sub))
    return TRUE;
  if (dialog->flow != 0
      || (device->flow == 0 && g_strcmp0 (dialog->source, device->source) == 0))
    return FALSE;
  return sender_is_in_flight (sub) || !is_udp (dialog->source);
}

static void
resume (const Turn *turn, Sub *sub, const SubsDevice *device)
{
  gboolean is_moved = device->source != NULL
                      && g_strcmp0 (sub_source (sub), device->source) != 0;

  table_set_flow (turn->subs, sub, device->flow);
  if (is_moved)
    sub_set_source (sub, device->source);
  if (is_moved && life_is_live (sub))
    write_begin (turn, sub, WRITE_OTHER, sub->remote_cseq);
  if (device->may_tell == NULL || device->may_tell (sub, device->data))
    sender_move (turn, sub, SENDER_RESUMED);
  sub_touch (turn->subs, sub);
}

void
subs_resume (Subs *self, const SubsDevice *device, gint64 now, GArray *actions)
{
  Person *person = table_person (self, device->watcher);
  SubLink *link = person == NULL ? NULL : person->watching;
  g_autofree char *key = NULL;

  if (link != NULL)
    key = contact_key (device->contact);
  for (; link != NULL; link = link->next) { /* nothing ends by resuming */
    Sub *sub = SUB_OF (link, in_watcher);
    if (needs_way (sub, device) && is_of_device (sub, device, key))
      resume (TURN (self, now, actions), sub, device);
  }
}

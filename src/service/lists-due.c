/* SPDX-License-Identifier: ISC
 *
 * When changes of members are told: the delay is the same for all lists, so they
 * are due in the order in which they changed, and one timer serves them. */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

static void show_due (gpointer data);

static void
arm_due (Lists *self)
{
  LoopPort *loop = self->service->loop;
  const List *first = g_queue_peek_head (&self->due);
  gint64 wait;

  if (first == NULL || self->timer != NULL)
    return;
  wait = subs_list_due (first->members) - service_now (self->service);
  self->timer = loop->after (loop->self, (guint)(MAX (wait, 0) + 999) / 1000,
                             show_due, self);
}

void
list_touch (List *self)
{
  Lists *lists;

  if (self->service == NULL || self->is_due || self->sub == NULL
      || !list_is_ready (self) || subs_list_due (self->members) == 0)
    return;
  lists = self->service->lists;
  self->is_due = TRUE;
  g_queue_push_tail_link (&lists->due, &self->due);
  arm_due (lists);
}

static void
show (List *self)
{
  Service *service = self->service;
  GArray *actions = subs_actions_new ();

  subs_show (service->subs, self->sub, service_now (service), actions);
  service_act (service, actions);
}

/* A NOTIFY that left meanwhile had it all. */
static void
show_due (gpointer data)
{
  Lists *self = data;
  gint64 now = service_now (self->service);
  List *list;

  self->timer = NULL;
  while ((list = g_queue_peek_head (&self->due)) != NULL
         && subs_list_due (list->members) <= now) {
    g_queue_unlink (&self->due, &list->due);
    list->is_due = FALSE;
    if (subs_list_due (list->members) != 0)
      show (list);
  }
  arm_due (self);
}

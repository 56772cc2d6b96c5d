/* SPDX-License-Identifier: ISC
 *
 * How the subscriptions of XMPP users last as long as XMPP has them (RFC 8048
 * 5.2.2): each is for weeks, and renewed at any sign of its watcher.  Where none
 * comes, his server is probed first, so that whoever subscribes costs his own side
 * as much as ours (RFC 8048 8.1).  Prosody keeps its "unsubscribed" to itself:
 * where no error comes, nothing is wrong. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-presence-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"

#define DAY (86400 * (gint64)G_USEC_PER_SEC)
/* How old a subscription gets before it is renewed, in days, and how often those
 * are looked for. */
#define RENEW_DAYS 1
#define RENEW_EVERY (6 * 3600 * (gint64)G_USEC_PER_SEC)
#define PROBED_AT_ONCE 20
/* How long an error may take to come. */
#define GUARD_WAIT (60 * (gint64)G_USEC_PER_SEC)
/* While PostgreSQL is away a subscription is granted for minutes. */
#define BRIEF_EXPIRES 86400
#define HURRY_EVERY (30 * (gint64)G_USEC_PER_SEC)

void
from_renew (XmppPresences *self, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  gint64 left = sub_expires_at (sub) - service_now (self->service);

  if (left < (FROM_LIFE_DAYS - RENEW_DAYS) * DAY)
    from_send (self, FROM_RENEW, dialog->presentity, dialog->watcher, sub,
               NULL);
}

void
from_granted (XmppPresences *self, const char *user, const char *contact,
              guint expires)
{
  if (expires >= BRIEF_EXPIRES)
    return;
  g_queue_push_tail (&self->hurried, g_strdup (user));
  g_queue_push_tail (&self->hurried, g_strdup (contact));
}

static void
collect_cb (RosterPair *roster, gpointer data)
{
  XmppPresences *self = data;
  Pair *pair = roster_data (roster);
  gint64 old
      = service_now (self->service) + (FROM_LIFE_DAYS - RENEW_DAYS) * DAY;

  if (pair != NULL && pair->watcher != NULL
      && sub_expires_at (pair->watcher) < old)
    g_queue_push_tail (&self->renewing, g_strdup (roster_contact (roster)));
}

static void
note_domain_cb (RosterPair *roster, gpointer data)
{
  *(const char **)data = aor_domain (roster_user (roster));
}

/* From a domain of ours: he is to show that he is there, not how he is. */
static gboolean
send_guard (XmppPresences *self, const char *contact)
{
  XmppPresence probe = { .type = XMPP_PROBE };
  g_autofree char *to = NULL;

  roster_foreach_contact (self->roster, contact, note_domain_cb, &probe.from);
  if (probe.from == NULL || !jid_from_aor (contact, NULL, &to, NULL))
    return TRUE;
  probe.to = to;
  return xmpp_send_presence (self->xmpp, &probe);
}

static void
ask_some (XmppPresences *self)
{
  gint64 now = service_now (self->service);

  for (guint i = 0; i < PROBED_AT_ONCE && self->renewing.length > 0; i++) {
    g_autofree char *contact = g_queue_pop_head (&self->renewing);

    if (g_hash_table_contains (self->guards, contact))
      continue;
    if (!send_guard (self, contact))
      break; /* in the next round */
    g_hash_table_insert (self->guards, g_steal_pointer (&contact),
                         g_memdup2 (&now, sizeof now));
  }
}

static void
renew_cb (RosterPair *roster, gpointer data)
{
  XmppPresences *self = data;
  Pair *pair = roster_data (roster);

  if (pair != NULL && pair->watcher != NULL)
    from_renew (self, pair->watcher);
}

static void
renew_all (XmppPresences *self, const char *contact)
{
  presences_foreach_contact (self, contact, renew_cb);
}

/* Those who were asked long enough ago; TRUE: some still wait. */
static gboolean
end_guards (XmppPresences *self, gint64 now)
{
  GHashTableIter iter;
  gpointer contact, asked;

  g_hash_table_iter_init (&iter, self->guards);
  while (g_hash_table_iter_next (&iter, &contact, &asked)) {
    g_autofree char *name = NULL;

    if (*(gint64 *)asked + GUARD_WAIT > now)
      continue;
    name = g_strdup (contact);
    g_hash_table_iter_remove (&iter);
    renew_all (self, name);
    break; /* one at a time: the table may be another now */
  }
  return g_hash_table_size (self->guards) > 0;
}

void
from_link_down (XmppPresences *self)
{
  g_hash_table_remove_all (self->guards);
}

/* Until they are granted their time. */
static void
hurry (XmppPresences *self, gint64 now)
{
  guint n = self->hurried.length / 2;

  self->hurry_at = now + HURRY_EVERY;
  while (n-- > 0) {
    g_autofree char *user = g_queue_pop_head (&self->hurried);
    g_autofree char *contact = g_queue_pop_head (&self->hurried);
    Sub *sub = from_find (self, user, contact);

    if (sub != NULL)
      from_renew (self, sub);
  }
}

void
from_advance (XmppPresences *self)
{
  gint64 now = service_now (self->service);

  if (self->hurried.length > 0 && now >= self->hurry_at)
    hurry (self, now);
  if (!xmpp_is_up (self->xmpp))
    return;
  if (self->renewing.length > 0) {
    ask_some (self);
    return;
  }
  if (end_guards (self, now) || now < self->renew_at)
    return;
  self->renew_at = now + RENEW_EVERY;
  roster_foreach (self->roster, collect_cb, self);
}

void
from_heard (XmppPresences *self, const char *contact)
{
  if (g_hash_table_remove (self->guards, contact))
    renew_all (self, contact);
}

void
from_renew_free (XmppPresences *self)
{
  g_queue_clear_full (&self->renewing, g_free);
  g_queue_clear_full (&self->hurried, g_free);
  g_hash_table_unref (self->guards);
}

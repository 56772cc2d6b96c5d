/* SPDX-License-Identifier: ISC
 *
 * Presence between users of ours and XMPP users: what comes over the link goes to
 * roster/, what that owes goes out, newest state only where the link is slow. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-presence-priv.h"

#include "addr/aor.h"
#include "addr/xmpp.h"

#include <string.h>

#define PACE_MS 50
/* A NOTIFY, which follows the answer to a probe, costs so many stanzas. */
#define NOTIFY_COST 4
/* What is kept of a status. */
#define STATUS_MAX 1024

static const RosterLimits limits = { .probe_wait = 12 * (gint64)G_USEC_PER_SEC,
                                     .first_wait = G_USEC_PER_SEC,
                                     .ask_again = 3600 * (gint64)G_USEC_PER_SEC,
                                     .retry = 300 * (gint64)G_USEC_PER_SEC,
                                     .max_resources = 20 };

/* Subscription requests: of a user of ours a whole contact list at once and one
 * in a second, of an XMPP user likewise. */
#define ASKS_RATE 1
#define ASKS_BURST 200
#define ASKS_NAMES 1024
#define ASKS_LATER (5 * (gint64)G_USEC_PER_SEC)

XmppPresences *
presences_of (Service *service)
{
  return service->xmpp->presence_part;
}

/* --- Pairs --- */

Pair *
pair_peek (XmppPresences *self, const char *user, const char *contact)
{
  RosterPair *roster = roster_find (self->roster, user, contact);

  return roster != NULL ? roster_data (roster) : NULL;
}

static Pair *
data_of (XmppPresences *self, RosterPair *roster)
{
  Pair *pair = roster_data (roster);

  if (pair != NULL)
    return pair;
  pair = g_new0 (Pair, 1);
  pair->part = self;
  pair->roster = roster;
  roster_set_data (roster, pair);
  return pair;
}

Pair *
pair_of (XmppPresences *self, const char *user, const char *contact)
{
  return data_of (self, roster_need (self->roster, user, contact));
}

static void
pair_free (Pair *pair)
{
  if (pair == NULL)
    return;
  g_clear_pointer (&pair->subs, g_ptr_array_unref);
  g_clear_pointer (&pair->document, g_bytes_unref);
  g_clear_pointer (&pair->shown, g_bytes_unref);
  g_free (pair);
}

/* Does nobody here have to do with it, and is nothing to be remembered? */
static gboolean
is_idle (const Pair *pair)
{
  return !pair->is_asking && pair->wish == PAIR_CONTENT && pair->watcher == NULL
         && (pair->subs == NULL || pair->subs->len == 0)
         && pair->lists.length == 0
         && roster_to (pair->roster) == ROSTER_TO_NONE;
}

static void
tidy (XmppPresences *self, RosterPair *roster)
{
  Pair *pair = roster_data (roster);

  if (pair != NULL && is_idle (pair)) {
    roster_set_data (roster, NULL);
    pair_free (pair);
  }
  roster_tidy (self->roster, roster);
}

/* While things are being settled somebody may have it in his hands: then it is
 * looked at among the news. */
void
pair_done (XmppPresences *self, RosterPair *roster)
{
  Pair *pair = roster_data (roster);

  if (pair != NULL && !is_idle (pair))
    return;
  if (self->is_settling)
    roster_note (self->roster, roster);
  else
    tidy (self, roster);
}

/* --- What is owed --- */

gboolean
presences_send (XmppPresences *self, RosterPair *roster, const char *resource,
                XmppPresence *presence)
{
  g_autofree char *from = NULL, *to = NULL;

  if (!jid_from_aor (roster_user (roster), resource, &from, NULL)
      || !jid_from_aor (roster_contact (roster), NULL, &to, NULL))
    return TRUE; /* it has no name there */
  presence->from = from;
  if (presence->to == NULL)
    presence->to = to;
  return xmpp_send_presence (self->xmpp, presence);
}

static gboolean
send_one (XmppPresences *self, RosterPair *roster, RosterOwed owed)
{
  static const struct {
    RosterOwed owed;
    XmppPresenceType type;
  } types[] = {
    { ROSTER_OWES_UNSUBSCRIBE, XMPP_UNSUBSCRIBE },
    { ROSTER_OWES_SUBSCRIBE, XMPP_SUBSCRIBE },
    { ROSTER_OWES_PROBE, XMPP_PROBE },
    { ROSTER_OWES_SUBSCRIBED, XMPP_SUBSCRIBED },
    { ROSTER_OWES_UNSUBSCRIBED, XMPP_UNSUBSCRIBED },
  };

  if (owed == ROSTER_OWES_SHOW)
    return from_show (self, roster);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].owed == owed) {
      XmppPresence presence = { .type = types[i].type };

      return presences_send (self, roster, NULL, &presence);
    }
  return TRUE;
}

/* FALSE: the link takes no more. */
static gboolean
send_owed (XmppPresences *self, RosterPair *roster)
{
  gint64 now = service_now (self->service);

  for (guint bit = 1; bit <= ROSTER_OWES_UNSUBSCRIBED; bit <<= 1) {
    if ((roster_owes (roster) & bit) == 0)
      continue;
    if (bit == ROSTER_OWES_SUBSCRIBE
        && !limit_take (self->asks, roster_user (roster), now))
      continue;
    if (!send_one (self, roster, (RosterOwed)bit))
      return FALSE;
    roster_sent (self->roster, roster, (RosterOwed)bit, now);
  }
  if (roster_owes (roster) != 0) {
    g_info ("%s asks too many XMPP users: %s waits", roster_user (roster),
            roster_contact (roster));
    roster_postpone (self->roster, roster, now + ASKS_LATER);
  }
  return TRUE;
}

static void
pump (XmppPresences *self)
{
  RosterPair *roster;

  while (xmpp_is_up (self->xmpp) && (roster = roster_due (self->roster)) != NULL
         && send_owed (self, roster))
    pair_done (self, roster);
}

/* What it tells may bring it here again. */
static void
settle (XmppPresences *self, gboolean is_paced)
{
  RosterPair *roster;

  if (self->is_settling)
    return; /* whoever does goes on until nothing is left */
  self->is_settling = TRUE;
  pump (self);
  while ((roster = roster_take_news (self->roster)) != NULL) {
    Pair *pair = roster_data (roster);

    if (pair != NULL)
      to_tell (self, pair, is_paced);
    tidy (self, roster);
    pump (self);
  }
  self->is_settling = FALSE;
  if (is_paced)
    service_pace_start (self->service);
}

void
presences_settle (XmppPresences *self)
{
  settle (self, FALSE);
}

void
presences_settle_paced (XmppPresences *self)
{
  settle (self, TRUE);
}

/* Nobody tidies meanwhile. */
void
presences_foreach_contact (XmppPresences *self, const char *contact,
                           RosterPairFn fn)
{
  gboolean was_settling = self->is_settling;

  self->is_settling = TRUE;
  roster_foreach_contact (self->roster, contact, fn, self);
  self->is_settling = was_settling;
}

/* --- The link --- */

static void
stop_pacer (XmppPresences *self)
{
  LoopPort *loop = self->service->loop;

  if (self->pacer != NULL)
    loop->remove_timer (loop->self, g_steal_pointer (&self->pacer));
}

/* No faster than the link takes it. */
static void
pace_cb (gpointer data)
{
  XmppPresences *self = data;
  guint left
      = MAX (1, self->service->limits.wake_rate * PACE_MS / 1000) * NOTIFY_COST;
  RosterPair *pair;

  while (left > 0 && roster_due (self->roster) == NULL
         && (pair = roster_next_paced (self->roster)) != NULL) {
    left -= MIN (left, roster_n_holders (pair) > 0 ? NOTIFY_COST : 1);
    pump (self);
  }
  if (roster_n_paced (self->roster) == 0)
    stop_pacer (self);
}

void
xmpp_presences_link (Xmpp *xmpp, gboolean is_up)
{
  XmppPresences *self = xmpp->presence_part;
  LoopPort *loop = self->service->loop;

  roster_advance (self->roster, service_now (self->service));
  roster_set_up (self->roster, is_up, service_now (self->service));
  presences_settle_paced (self);
  if (!is_up) {
    stop_pacer (self);
    from_link_down (self);
  } else if (self->pacer == NULL && roster_n_paced (self->roster) > 0)
    self->pacer = loop->every (loop->self, PACE_MS, pace_cb, self);
}

void
xmpp_presences_has_room (Xmpp *xmpp)
{
  presences_settle (xmpp->presence_part);
}

void
xmpp_presences_advance (Xmpp *xmpp)
{
  XmppPresences *self = xmpp->presence_part;

  roster_advance (self->roster, service_now (self->service));
  from_advance (self);
  presences_settle (self);
}

/* --- What comes --- */

/* The newest that he said, to a bound. */
static void
read_presence (XmppPresences *self, const XmppPresence *presence,
               const char *name, RosterResource *out)
{
  gint64 at = presence->stamp > 0 ? presence->stamp * G_USEC_PER_SEC
                                  : clock_wall (self->service->clock);
  const char *status = presence->status;
  gboolean has_lang
      = presence->lang != NULL && xmpp_is_language (presence->lang);

  *out = (RosterResource){ .name = (char *)name,
                           .show = (RosterShow)presence->show,
                           .lang = has_lang ? (char *)presence->lang : NULL,
                           .priority = CLAMP (presence->priority, -128, 127),
                           .at = at };
  if (status == NULL)
    return;
  out->status = g_strndup (status, STATUS_MAX);
  if (!g_utf8_validate (out->status, -1, NULL)) { /* cut within a character */
    char *end = g_utf8_find_prev_char (out->status,
                                       out->status + strlen (out->status));

    if (end != NULL)
      *end = '\0';
  }
}

static void
take_presence (XmppPresences *self, const XmppPresence *presence,
               RosterPair *roster)
{
  g_autofree char *name = jid_resource (presence->from);
  RosterResource resource;
  gint64 now = service_now (self->service);

  read_presence (self, presence, name, &resource);
  if (presence->type == XMPP_AVAILABLE)
    roster_seen (self->roster, roster, &resource, now);
  else
    roster_left (self->roster, roster, &resource, now);
  g_free (resource.status);
}

/* RFC 7247 table 1, and what RFC 6665 4.1.3 makes of such a status. */
static RosterAnswer
answer_of (XmppError error)
{
  switch (error) {
  case XMPP_GONE:
  case XMPP_ITEM_NOT_FOUND:
  case XMPP_JID_MALFORMED:
    return ROSTER_NOT_THERE;
  case XMPP_BAD_REQUEST:
  case XMPP_FEATURE_NOT_IMPLEMENTED:
  case XMPP_FORBIDDEN:
  case XMPP_NOT_ACCEPTABLE:
  case XMPP_NOT_ALLOWED:
  case XMPP_NOT_AUTHORIZED:
  case XMPP_POLICY_VIOLATION:
  case XMPP_REGISTRATION_REQUIRED:
  case XMPP_SUBSCRIPTION_REQUIRED:
    return ROSTER_FORBIDDEN;
  default:
    return ROSTER_NOT_NOW;
  }
}

static void
take_error (XmppPresences *self, const XmppPresence *presence,
            RosterPair *roster, const char *contact)
{
  RosterAnswer answer = answer_of (presence->error);

  g_info ("XMPP presence for %s came back: %s", contact,
          presence->error_text != NULL ? presence->error_text : "no reason");
  if (roster != NULL)
    roster_answered (self->roster, roster, answer, service_now (self->service));
  if (answer == ROSTER_NOT_THERE)
    from_gone (self, contact);
}

static void
take_answer (XmppPresences *self, RosterPair *roster, RosterAnswer answer)
{
  if (roster != NULL)
    roster_answered (self->roster, roster, answer, service_now (self->service));
}

static void
dispatch (XmppPresences *self, const XmppPresence *presence, const char *user,
          const char *contact)
{
  RosterPair *roster = roster_find (self->roster, user, contact);

  switch (presence->type) {
  case XMPP_AVAILABLE:
  case XMPP_UNAVAILABLE:
    if (roster != NULL)
      take_presence (self, presence, roster);
    break;
  case XMPP_SUBSCRIBE:
    from_subscribe (self, presence, user, contact);
    break;
  case XMPP_UNSUBSCRIBE:
    from_unsubscribe (self, user, contact);
    break;
  case XMPP_PROBE:
    from_probe (self, presence, user, contact);
    break;
  case XMPP_SUBSCRIBED:
    take_answer (self, roster, ROSTER_GRANTED);
    break;
  case XMPP_UNSUBSCRIBED:
    take_answer (self, roster, ROSTER_DENIED);
    break;
  case XMPP_PRESENCE_ERROR:
    take_error (self, presence, roster, contact);
    break;
  }
}

/* To the domain itself, which nobody watches. */
static void
refuse_domain (XmppPresences *self, const XmppPresence *presence)
{
  const XmppPresence refusal = { .from = presence->to,
                                 .to = presence->from,
                                 .type = XMPP_UNSUBSCRIBED };

  if (presence->type == XMPP_SUBSCRIBE || presence->type == XMPP_PROBE)
    xmpp_send_presence (self->xmpp, &refusal);
}

void
xmpp_presence_in (Xmpp *xmpp, const XmppPresence *presence)
{
  XmppPresences *self = xmpp->presence_part;
  g_autofree char *user = NULL, *contact = NULL;
  RosterPair *roster;

  if (presence->from == NULL || presence->to == NULL
      || !jid_to_aor (presence->from, &contact, NULL))
    return;
  from_heard (self, contact);
  if (!jid_to_aor (presence->to, &user, NULL))
    refuse_domain (self, presence);
  else
    dispatch (self, presence, user, contact);
  presences_settle (self);
  if (user == NULL)
    return;
  roster = roster_find (self->roster, user, contact);
  if (roster != NULL)
    pair_done (self, roster);
}

/* --- Its life --- */

void
xmpp_presence_ended (Service *service, Sub *sub)
{
  XmppPresences *self = presences_of (service);

  if (xmpp_presence_is_watcher (sub_dialog (sub)))
    from_ended (self, sub);
  else
    to_ended (self, sub);
}

void
xmpp_presence_size (Service *service, XmppPresenceSize *out)
{
  XmppPresences *self = presences_of (service);

  *out = (XmppPresenceSize){ roster_size (self->roster),
                             roster_n_paced (self->roster) };
}

XmppPresences *
xmpp_presences_new (Xmpp *xmpp)
{
  XmppPresences *self = g_new0 (XmppPresences, 1);

  self->xmpp = xmpp;
  self->service = xmpp->service;
  self->roster = roster_new (&limits, service_now (self->service));
  self->watching = g_hash_table_new (NULL, NULL);
  self->told = g_hash_table_new (NULL, NULL);
  self->guards = g_hash_table_new_full (aor_hash, aor_equal, g_free, g_free);
  self->asks = limit_new (ASKS_RATE, ASKS_BURST, ASKS_NAMES);
  self->requests = limit_new (ASKS_RATE, ASKS_BURST, ASKS_NAMES);
  return self;
}

static void
free_pair_cb (RosterPair *roster, gpointer data)
{
  pair_free (roster_data (roster));
}

void
xmpp_presences_free (XmppPresences *self)
{
  if (self == NULL)
    return;
  stop_pacer (self);
  from_free (self);
  to_free (self);
  roster_foreach (self->roster, free_pair_cb, NULL);
  roster_free (self->roster);
  limit_free (self->asks);
  limit_free (self->requests);
  g_hash_table_unref (self->watching);
  g_hash_table_unref (self->told);
  g_free (self);
}

void
xmpp_presences_detach (Xmpp *xmpp)
{
  stop_pacer (xmpp->presence_part);
}

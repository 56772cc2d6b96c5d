/* SPDX-License-Identifier: ISC
 *
 * XMPP users who watch users of ours (RFC 8048 5.2, 6.3, 7.1): each has a
 * subscription in subs/, made by the use case SUBSCRIBE.  It is renewed here for
 * as long as XMPP has it: before that his server is probed, so that whoever
 * subscribes costs his own side as much as ours (RFC 8048 8.1).  Prosody
 * keeps its "unsubscribed" to itself: where no error comes, nothing is wrong. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-presence-priv.h"

#include "service/documents.h"

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "codec/pidf.h"

#include <string.h>

#define SOURCE "xmpp:"
#define PRESENCE "presence"
#define DAY (86400 * (gint64)G_USEC_PER_SEC)
/* How long a subscription outlives the last sign of its watcher, in days, and
 * how old it gets before one is asked for. */
#define LIFE_DAYS 30
#define RENEW_DAYS 1
/* PostgreSQL is away: what is granted then is for minutes. */
#define BRIEF_EXPIRES 86400
#define HURRY_EVERY (30 * (gint64)G_USEC_PER_SEC)
/* How many users of ours one XMPP user may watch. */
#define WATCHED_MAX 2000
#define RENEW_EVERY (6 * 3600 * (gint64)G_USEC_PER_SEC)
#define RENEWED_AT_ONCE 20
/* How long an error may take to come. */
#define GUARD_WAIT (60 * (gint64)G_USEC_PER_SEC)

gboolean
xmpp_presence_is_watcher (const SubsDialog *dialog)
{
  return dialog->source != NULL && strcmp (dialog->source, SOURCE) == 0;
}

/* --- The subscription --- */

typedef struct {
  const char *user;
  Sub *sub;
  guint n; /* that he has in all */
} Finding;

static void
find_cb (Sub *sub, gpointer data)
{
  Finding *finding = data;
  const SubsDialog *dialog = sub_dialog (sub);

  if (!xmpp_presence_is_watcher (dialog)
      || strcmp (dialog->package, PRESENCE) != 0)
    return;
  finding->n++;
  if (aor_equal (dialog->presentity, finding->user))
    finding->sub = sub;
}

/* The live one, or NULL. */
static Sub *
find_sub (XmppPresences *self, const char *user, const char *contact)
{
  Pair *pair = pair_peek (self, user, contact);
  Finding finding = { user, NULL, 0 };

  if (pair != NULL && pair->watcher != NULL
      && sub_state (pair->watcher) != SUBS_TERMINATED)
    return pair->watcher;
  subs_foreach_watched (self->service->subs, contact, find_cb, &finding);
  return finding.sub;
}

static gboolean
has_too_many (XmppPresences *self, const char *user, const char *contact)
{
  Finding finding = { user, NULL, 0 };

  subs_foreach_watched (self->service->subs, contact, find_cb, &finding);
  return finding.n >= WATCHED_MAX;
}

typedef enum { ASK_BEGIN, ASK_END, ASK_RENEW } Ask;

/* A SUBSCRIBE of his on its way. */
typedef struct {
  GList link; /* in self->asking */
  XmppPresences *part;
  Ask ask;
  char *user, *contact;
  char *jid; /* who asked; NULL: nobody waits for an answer */
} Asking;

static void
asking_free (Asking *self)
{
  g_queue_unlink (&self->part->asking, &self->link);
  g_free (self->user);
  g_free (self->contact);
  g_free (self->jid);
  g_free (self);
}

static void begin (XmppPresences *self, Pair *pair, const char *jid);

/* 403, 489 and 603 are for good, anything else is not (RFC 8048 5.2.2). */
static gboolean
is_for_good (ServiceVerdict verdict)
{
  return verdict == SERVICE_FORBIDDEN || verdict == SERVICE_NOT_FOUND
         || verdict == SERVICE_BAD_EVENT;
}

static void
refuse (const Asking *self, RosterPair *roster, const SubscribeAnswer *answer)
{
  XmppPresences *part = self->part;
  g_autofree char *from = NULL;
  XmppPresence asked = { .from = self->jid, .type = XMPP_SUBSCRIBE };

  if (is_for_good (answer->verdict)) {
    g_info ("%s may not watch %s: %s", self->contact, self->user,
            answer->text != NULL ? answer->text : "refused");
    roster_end (part->roster, roster);
    return;
  }
  roster_unask (part->roster, roster);
  if (self->jid == NULL || !jid_from_aor (self->user, NULL, &from, NULL))
    return;
  asked.to = from;
  xmpp_refuse_presence (part->xmpp, &asked, XMPP_RESOURCE_CONSTRAINT,
                        answer->text);
}

/* What he wanted meanwhile: an end is for when the subscription is there. */
static void
go_on (const Asking *self, Pair *pair, const SubscribeAnswer *answer)
{
  PairWish wish = pair->wish;

  pair->is_asking = FALSE;
  if (answer->verdict != SERVICE_OK)
    refuse (self, pair->roster, answer);
  if (answer->verdict != SERVICE_OK || wish != PAIR_WANTS_END)
    pair->wish = PAIR_CONTENT;
  if (self->ask == ASK_END && wish == PAIR_WANTS_BEGIN)
    begin (self->part, pair, NULL);
}

static void
answered_cb (const SubscribeAnswer *answer, gpointer data)
{
  Asking *asking = data;
  XmppPresences *self = asking->part;
  Pair *pair = pair_of (self, asking->user, asking->contact);
  gboolean is_ok = answer->verdict == SERVICE_OK;

  if (asking->ask != ASK_RENEW)
    go_on (asking, pair, answer);
  if (asking->ask != ASK_END && is_ok && answer->expires < BRIEF_EXPIRES) {
    g_queue_push_tail (&self->hurried, g_strdup (asking->user));
    g_queue_push_tail (&self->hurried, g_strdup (asking->contact));
  }
  asking_free (asking);
  pair_done (self, pair->roster);
  presences_settle (self);
}

static SubsDialog
dialog_of (const Sub *sub, const char *user, const char *contact,
           const char *call_id, const char *uri, const char *target)
{
  SubsDialog dialog = { .presentity = user,
                        .watcher = contact,
                        .package = PRESENCE,
                        .event = PRESENCE,
                        .call_id = call_id,
                        .remote_tag = "xmpp",
                        .local_uri = uri,
                        .remote_uri = target,
                        .target = target,
                        .source = SOURCE,
                        .local_contact = uri,
                        .is_lasting = TRUE };

  if (sub != NULL) {
    dialog.call_id = sub_dialog (sub)->call_id;
    dialog.local_tag = sub_dialog (sub)->local_tag;
    dialog.remote_tag = sub_dialog (sub)->remote_tag;
  }
  return dialog;
}

/* No number comes twice: a new subscription is none that was. */
static guint32
next_cseq (XmppPresences *self, const Sub *sub)
{
  gint64 wall = clock_wall (self->service->clock) / G_USEC_PER_SEC;

  self->cseq = MAX (self->cseq + 1, (guint32)(wall & 0x3fffffff));
  if (sub != NULL && self->cseq <= sub_remote_cseq (sub))
    self->cseq = sub_remote_cseq (sub) + 1;
  return self->cseq;
}

/* sub: NULL to begin, or the one that ends or is renewed. */
static void
send_subscribe (XmppPresences *self, Ask ask, const char *user,
                const char *contact, const Sub *sub, const char *jid)
{
  /* the answer may come in this call, and be the end of who gave the names */
  g_autofree char *from = g_strdup (contact), *to = g_strdup (user);
  g_autofree char *call_id = g_strdup_printf ("%s>%s", contact, user);
  g_autofree char *uri = aor_to_uri (user), *target = aor_to_uri (contact);
  const SubscribeCommand command
      = { .dialog = dialog_of (sub, to, from, call_id, uri, target),
          .expires = ask == ASK_END ? 0 : LIFE_DAYS * 86400 };
  const ServiceCaller caller = { .user = from,
                                 .source = SOURCE,
                                 .call_id = command.dialog.call_id,
                                 .from_tag = command.dialog.remote_tag,
                                 .cseq = next_cseq (self, sub),
                                 .contact = target };
  Asking *asking = g_new0 (Asking, 1);

  asking->part = self;
  asking->ask = ask;
  asking->user = g_strdup (user);
  asking->contact = g_strdup (contact);
  asking->jid = g_strdup (jid);
  asking->link.data = asking;
  g_queue_push_tail_link (&self->asking, &asking->link);
  service_subscribe (self->service, &caller, &command, answered_cb, asking);
}

/* jid: who asks, or NULL. */
static void
begin (XmppPresences *self, Pair *pair, const char *jid)
{
  roster_asked_anew (self->roster, pair->roster);
  pair->is_asking = TRUE;
  send_subscribe (self, ASK_BEGIN, roster_user (pair->roster),
                  roster_contact (pair->roster), NULL, jid);
}

/* --- What he asks --- */

static void
refuse_rate (XmppPresences *self, const XmppPresence *presence)
{
  g_info ("too many subscription requests of %s", presence->from);
  counters_add (self->service->counters, "rate_limited_total{by=\"xmpp\"}", 1);
  xmpp_refuse_presence (self->xmpp, presence, XMPP_RESOURCE_CONSTRAINT, NULL);
}

void
from_subscribe (XmppPresences *self, const XmppPresence *presence,
                const char *user, const char *contact)
{
  const StoreUser *known = service_enabled_user (self->service, user);
  gint64 now = service_now (self->service);
  Pair *pair;

  if (!limit_take (self->requests, contact, now)) {
    refuse_rate (self, presence);
    return;
  }
  pair = pair_of (self, known != NULL ? known->aor : user, contact);
  if (known == NULL) {
    roster_end (self->roster, pair->roster);
    return;
  }
  if (pair->is_asking)
    pair->wish = PAIR_WANTS_BEGIN;
  else if (find_sub (self, user, contact) != NULL)
    roster_asked (self->roster, pair->roster);
  else if (has_too_many (self, user, contact))
    refuse_rate (self, presence);
  else
    begin (self, pair, presence->from);
}

void
from_unsubscribe (XmppPresences *self, const char *user, const char *contact)
{
  Pair *pair = pair_of (self, user, contact);
  Sub *sub = find_sub (self, user, contact);

  if (pair->is_asking) {
    pair->wish = PAIR_WANTS_END;
  } else if (sub != NULL) {
    pair->is_asking = TRUE;
    send_subscribe (self, ASK_END, sub_dialog (sub)->presentity, contact, sub,
                    NULL);
  } else {
    roster_end (self->roster, pair->roster);
  }
}

/* --- What he sees --- */

/* Watchers who see the same share the bytes. */
static const XmppPidf *
read_document (XmppPresences *self, GBytes *bytes)
{
  g_autoptr (PresenceDoc) doc = NULL;
  gsize len;
  const char *text = g_bytes_get_data (bytes, &len);

  if (self->seen_from == bytes)
    return &self->seen;
  xmpp_pidf_clear (&self->seen);
  g_clear_pointer (&self->seen_from, g_bytes_unref);
  if (!pidf_parse (text, len, &doc, NULL))
    return NULL;
  xmpp_pidf_read (doc, &self->seen);
  self->seen_from = g_bytes_ref (bytes);
  return &self->seen;
}

/* NULL: nothing. */
static const XmppPidf *
seen_by (XmppPresences *self, Sub *sub)
{
  g_autoptr (GBytes) bytes = NULL;

  if (sub == NULL || sub_state (sub) != SUBS_ACTIVE)
    return NULL;
  bytes = documents_presence (self->service, sub);
  return read_document (self, bytes);
}

typedef struct {
  XmppPresences *part;
  RosterPair *roster;
  const char *to; /* NULL: the contact */
} Showing;

static gboolean
show_cb (const RosterResource *resource, gboolean is_available, gpointer data)
{
  const Showing *showing = data;
  XmppPresence presence
      = { .to = showing->to,
          .type = is_available ? XMPP_AVAILABLE : XMPP_UNAVAILABLE,
          .show = (XmppShow)resource->show,
          .status = resource->status,
          .lang = resource->lang,
          .priority = resource->priority };

  return presences_send (showing->part, showing->roster, resource->name,
                         &presence);
}

gboolean
from_show (XmppPresences *self, RosterPair *roster)
{
  Pair *pair = roster_data (roster);
  const XmppPidf *seen = seen_by (self, pair != NULL ? pair->watcher : NULL);
  RosterShown shown = { 0 };
  Showing showing = { self, roster, NULL };

  if (seen != NULL)
    shown = (RosterShown){ seen->resources, seen->last };
  return roster_tell (roster, &shown, show_cb, &showing);
}

/* All at once, to whom asked (RFC 6121 4.3.2). */
static void
answer_probe (XmppPresences *self, RosterPair *roster, Sub *sub,
              const char *jid)
{
  const XmppPidf *seen = seen_by (self, sub);
  Showing showing = { self, roster, jid };
  RosterResource nobody = { 0 };
  gboolean is_sent = TRUE;

  if (seen != NULL && seen->last != NULL) {
    nobody.status = seen->last->status;
    nobody.lang = seen->last->lang;
  }
  if (seen == NULL || seen->resources->len == 0)
    is_sent = show_cb (&nobody, FALSE, &showing);
  else
    for (guint i = 0; i < seen->resources->len && is_sent; i++)
      is_sent = show_cb (seen->resources->pdata[i], TRUE, &showing);
  if (!is_sent)
    roster_asked (self->roster, roster);
}

static void
renew (XmppPresences *self, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  gint64 left = sub_expires_at (sub) - service_now (self->service);

  if (left < (LIFE_DAYS - RENEW_DAYS) * DAY)
    send_subscribe (self, ASK_RENEW, dialog->presentity, dialog->watcher, sub,
                    NULL);
}

/* Who waits for a decision hears nothing: that would take his request back; and
 * who was not judged yet after a start will be told of it. */
void
from_probe (XmppPresences *self, const XmppPresence *presence, const char *user,
            const char *contact)
{
  Sub *sub = find_sub (self, user, contact);
  Pair *pair = pair_of (self, user, contact);

  if (sub == NULL && !pair->is_asking) {
    roster_end (self->roster, pair->roster);
  } else if (sub != NULL && sub_state (sub) == SUBS_ACTIVE
             && sub_view (sub) != NULL) {
    answer_probe (self, pair->roster, sub, presence->from);
    renew (self, sub);
  }
}

/* --- NOTIFYs --- */

/* A restored one may have been replaced by another. */
static void
link_sub (XmppPresences *self, Pair *pair, Sub *sub)
{
  if (pair->watcher == sub)
    return;
  if (pair->watcher != NULL)
    g_hash_table_remove (self->told, pair->watcher);
  pair->watcher = sub;
  g_hash_table_insert (self->told, sub, pair);
}

void
from_ended (XmppPresences *self, Sub *sub)
{
  Pair *pair = g_hash_table_lookup (self->told, sub);

  if (pair == NULL)
    return;
  g_hash_table_remove (self->told, sub);
  pair->watcher = NULL;
  roster_end (self->roster, pair->roster);
  pair_done (self, pair->roster);
}

/* Not where another one is there by now, or on its way: he would take it for the
 * end of that (RFC 6121 A.3.4). */
static void
end (XmppPresences *self, Pair *pair, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);

  if (pair->watcher == sub) {
    g_hash_table_remove (self->told, sub);
    pair->watcher = NULL;
  }
  if (pair->watcher == NULL && !pair->is_asking
      && find_sub (self, dialog->presentity, dialog->watcher) == NULL)
    roster_end (self->roster, pair->roster);
}

/* Now that it is there: he does not want it any more. */
static void
follow_wish (XmppPresences *self, Pair *pair)
{
  if (pair == NULL || pair->is_asking || pair->wish != PAIR_WANTS_END)
    return;
  pair->wish = PAIR_CONTENT;
  from_unsubscribe (self, roster_user (pair->roster),
                    roster_contact (pair->roster));
}

void
xmpp_presence_notify (Service *service, const SubsAction *action)
{
  XmppPresences *self = presences_of (service);
  Sub *sub = sub_ref (action->sub);
  const SubsDialog *dialog = sub_dialog (sub);
  Pair *pair = pair_of (self, dialog->presentity, dialog->watcher);
  GArray *actions = subs_actions_new ();

  if (action->state == SUBS_TERMINATED) {
    end (self, pair, action->sub);
  } else {
    link_sub (self, pair, action->sub);
    if (action->state == SUBS_ACTIVE)
      roster_allow (self->roster, pair->roster);
    else
      roster_wait (self->roster, pair->roster);
  }
  sub_note_answer (sub, 200, service_now (service));
  subs_notified (service->subs, sub, action->cseq, SUBS_NOTIFY_OK, 0,
                 service_now (service), actions);
  service_act (service, actions);
  follow_wish (self, pair_peek (self, dialog->presentity, dialog->watcher));
  presences_settle (self);
  sub_unref (sub);
}

/* --- Renewal --- */

static void
collect_cb (RosterPair *roster, gpointer data)
{
  XmppPresences *self = data;
  Pair *pair = roster_data (roster);
  gint64 old = service_now (self->service) + (LIFE_DAYS - RENEW_DAYS) * DAY;

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

  for (guint i = 0; i < RENEWED_AT_ONCE && self->renewing.length > 0; i++) {
    g_autofree char *contact = g_queue_pop_head (&self->renewing);

    if (g_hash_table_contains (self->guards, contact))
      continue;
    if (!send_guard (self, contact))
      break; /* in the next round */
    g_hash_table_insert (self->guards, g_steal_pointer (&contact),
                         g_memdup2 (&now, sizeof now));
  }
}

static void renew_all (XmppPresences *self, const char *contact);

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
    Sub *sub = find_sub (self, user, contact);

    if (sub != NULL)
      renew (self, sub);
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

static void
renew_cb (RosterPair *roster, gpointer data)
{
  XmppPresences *self = data;
  Pair *pair = roster_data (roster);

  if (pair != NULL && pair->watcher != NULL)
    renew (self, pair->watcher);
}

static void
renew_all (XmppPresences *self, const char *contact)
{
  presences_foreach_contact (self, contact, renew_cb);
}

void
from_heard (XmppPresences *self, const char *contact)
{
  if (g_hash_table_remove (self->guards, contact))
    renew_all (self, contact);
}

static void
gone_cb (RosterPair *roster, gpointer data)
{
  XmppPresences *self = data;
  Pair *pair = roster_data (roster);
  GArray *actions;

  if (pair == NULL || pair->watcher == NULL)
    return;
  actions = subs_actions_new ();
  subs_decide (self->service->subs, pair->watcher, SUBS_TERMINATED,
               SUBS_NORESOURCE, service_now (self->service), actions);
  service_act (self->service, actions);
}

void
from_gone (XmppPresences *self, const char *contact)
{
  presences_foreach_contact (self, contact, gone_cb);
}

void
from_free (XmppPresences *self)
{
  while (self->asking.head != NULL)
    asking_free (self->asking.head->data);
  g_queue_clear_full (&self->renewing, g_free);
  g_queue_clear_full (&self->hurried, g_free);
  g_hash_table_unref (self->guards);
  xmpp_pidf_clear (&self->seen);
  g_clear_pointer (&self->seen_from, g_bytes_unref);
}

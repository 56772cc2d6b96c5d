/* SPDX-License-Identifier: ISC
 *
 * XMPP users who watch users of ours (RFC 8048 5.2, 6.3, 7.1): each has a
 * subscription in subs/, made by the use case SUBSCRIBE. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-presence-priv.h"

#include "service/documents.h"

#include "addr/aor.h"
#include "addr/xmpp.h"
#include "codec/pidf.h"

#include <string.h>

#define SOURCE "xmpp:"
#define PRESENCE "presence"
/* How many users of ours one XMPP user may watch. */
#define WATCHED_MAX 2000

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
Sub *
from_find (XmppPresences *self, const char *user, const char *contact)
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

/* A SUBSCRIBE of his on its way. */
typedef struct {
  GList link; /* in self->asking */
  XmppPresences *part;
  FromAsk ask;
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
  if (self->ask == FROM_END && wish == PAIR_WANTS_BEGIN)
    begin (self->part, pair, NULL);
}

static void
answered_cb (const SubscribeAnswer *answer, gpointer data)
{
  Asking *asking = data;
  XmppPresences *self = asking->part;
  Pair *pair = pair_of (self, asking->user, asking->contact);
  gboolean is_ok = answer->verdict == SERVICE_OK;

  if (asking->ask != FROM_RENEW)
    go_on (asking, pair, answer);
  if (asking->ask != FROM_END && is_ok)
    from_granted (self, asking->user, asking->contact, answer->expires);
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
void
from_send (XmppPresences *self, FromAsk ask, const char *user,
           const char *contact, const Sub *sub, const char *jid)
{
  /* the answer may come in this call, and be the end of who gave the names */
  g_autofree char *from = g_strdup (contact), *to = g_strdup (user);
  g_autofree char *call_id = g_strdup_printf ("%s>%s", contact, user);
  g_autofree char *uri = aor_to_uri (user), *target = aor_to_uri (contact);
  const SubscribeCommand command
      = { .dialog = dialog_of (sub, to, from, call_id, uri, target),
          .expires = ask == FROM_END ? 0 : FROM_LIFE_DAYS * 86400 };
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
  from_send (self, FROM_BEGIN, roster_user (pair->roster),
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
  else if (from_find (self, user, contact) != NULL)
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
  Sub *sub = from_find (self, user, contact);

  if (pair->is_asking) {
    pair->wish = PAIR_WANTS_END;
  } else if (sub != NULL) {
    pair->is_asking = TRUE;
    from_send (self, FROM_END, sub_dialog (sub)->presentity, contact, sub,
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
    for (guint i = 0; i < seen->resources->len && is_sent; i++) {
      is_sent = show_cb (seen->resources->pdata[i], TRUE, &showing);
      if (is_sent)
        roster_told (roster, seen->resources->pdata[i]);
    }
  if (!is_sent)
    roster_asked (self->roster, roster);
}

/* Who waits for a decision hears nothing: that would take his request back; and
 * who was not judged yet after a start will be told of it. */
void
from_probe (XmppPresences *self, const XmppPresence *presence, const char *user,
            const char *contact)
{
  Sub *sub = from_find (self, user, contact);
  Pair *pair = pair_of (self, user, contact);

  if (sub == NULL && !pair->is_asking) {
    roster_end (self->roster, pair->roster);
  } else if (sub != NULL && sub_state (sub) == SUBS_ACTIVE
             && sub_view (sub) != NULL) {
    answer_probe (self, pair->roster, sub, presence->from);
    from_renew (self, sub);
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
      && from_find (self, dialog->presentity, dialog->watcher) == NULL)
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
  from_renew_free (self);
  xmpp_pidf_clear (&self->seen);
  g_clear_pointer (&self->seen_from, g_bytes_unref);
}

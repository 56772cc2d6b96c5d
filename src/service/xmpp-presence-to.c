/* SPDX-License-Identifier: ISC
 *
 * Users of ours who watch XMPP users (RFC 8048 5.3, 6.2, 7.2): by dialogs of
 * their own and through lists.  What each sees is made of what the XMPP user's
 * server tells him, and is nobody else's. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-presence-priv.h"

#include "service/judge.h"

#include "addr/aor.h"
#include "addr/uri.h"
#include "codec/pidf.h"

#include <string.h>

#define PRESENCE "presence"

struct XmppWatch {
  Service *service; /* NULL: it ended before this */
  Pair *pair;
  GList link; /* in pair->lists */
  GList news; /* in part->changed, if it has data */
  void (*changed) (gpointer data);
  gpointer data;
};

gboolean
xmpp_presence_is_contact (Service *service, const char *aor)
{
  return strchr (aor, '@') != NULL && strchr (aor, ';') == NULL
         && xmpp_has_domain (service, aor_domain (aor));
}

/* --- The policy --- */

/* The contact rule (DESIGN section 4); FALSE: refused. */
static gboolean
may_watch (Service *service, const char *watcher, const char *contact,
           const Sub *but, PolicyAnswer *answer)
{
  const PolicySettings *settings = &service->settings;
  PolicyQuestion question = judge_question (service, watcher, contact, but);

  answer->is_adhoc = !policy_user_has_contact (question.of_watcher, contact);
  if (!answer->is_adhoc)
    return TRUE;
  answer->step = POLICY_BY_ADHOC_OFF;
  if (!settings->adhoc_enabled)
    return FALSE;
  if (settings->adhoc_max == POLICY_NO_LIMIT)
    return TRUE;
  answer->step = POLICY_BY_ADHOC_MAX;
  return question.adhoc_in_use < (guint)settings->adhoc_max;
}

/* What the XMPP user decided, as far as that is known. */
static PolicyDecision
decision_of (XmppPresences *self, const char *watcher, const char *contact,
             const Sub *but)
{
  RosterPair *roster = roster_find (self->roster, watcher, contact);
  RosterTo to = roster != NULL ? roster_to (roster) : ROSTER_TO_NONE;

  if (roster != NULL && !roster_may_ask (roster))
    return POLICY_BLOCK;
  if (to == ROSTER_TO_ON)
    return POLICY_ALLOW;
  if (to == ROSTER_TO_ASKED || to == ROSTER_TO_REFUSED)
    return POLICY_PENDING;
  return but != NULL && sub_state (but) == SUBS_ACTIVE ? POLICY_ALLOW
                                                       : POLICY_PENDING;
}

PolicyAnswer
xmpp_presence_judge (Service *service, const char *watcher, const char *contact,
                     const char *package, const Sub *but)
{
  PolicyAnswer answer = { .decision = POLICY_BLOCK, .step = POLICY_BY_NOBODY };

  if (strcmp (package, PRESENCE) != 0
      || service_enabled_user (service, watcher) == NULL)
    return answer;
  answer.is_unknown = !judge_shares (service, watcher, contact);
  if (facts_peek (service->facts, watcher) == NULL) {
    answer.decision = POLICY_PENDING;
    answer.step = POLICY_BY_NOT_KNOWN;
    return answer;
  }
  if (!may_watch (service, watcher, contact, but, &answer))
    return answer;
  answer.decision = decision_of (presences_of (service), watcher, contact, but);
  answer.step = answer.decision == POLICY_PENDING ? POLICY_BY_APPROVAL
                : answer.decision == POLICY_ALLOW ? POLICY_BY_DEFAULT
                                                  : POLICY_BY_ROW;
  return answer;
}

/* --- Who watches --- */

static void
note_contact (Pair *pair)
{
  PolicyUser *user
      = facts_peek (pair->part->service->facts, roster_user (pair->roster));

  if (user != NULL
      && policy_user_has_contact (user, roster_contact (pair->roster)))
    pair->was_contact = TRUE;
}

static void
hold (Pair *pair, RosterHold how)
{
  XmppPresences *self = pair->part;

  note_contact (pair);
  roster_hold (self->roster, pair->roster, how, service_now (self->service));
}

void
xmpp_presence_watch (Service *service, Sub *sub)
{
  XmppPresences *self = presences_of (service);
  const SubsDialog *dialog = sub_dialog (sub);
  Pair *pair = g_hash_table_lookup (self->watching, sub);

  if (pair != NULL) {
    note_contact (pair);
    return;
  }
  pair = pair_of (self, dialog->watcher, dialog->presentity);
  if (pair->subs == NULL)
    pair->subs = g_ptr_array_new ();
  g_ptr_array_add (pair->subs, sub);
  g_hash_table_insert (self->watching, sub, pair);
  hold (pair, sub_is_fetch (sub)               ? ROSTER_FETCH
              : sub_state (sub) == SUBS_ACTIVE ? ROSTER_RESUME
                                               : ROSTER_ASK);
  presences_settle (self);
}

void
to_ended (XmppPresences *self, Sub *sub)
{
  Pair *pair = g_hash_table_lookup (self->watching, sub);

  if (pair == NULL)
    return;
  g_hash_table_remove (self->watching, sub);
  g_ptr_array_remove_fast (pair->subs, sub);
  roster_release (self->roster, pair->roster, !sub_is_fetch (sub),
                  service_now (self->service));
  pair_done (self, pair->roster);
}

/* --- Documents --- */

static GBytes *
write_doc (PresenceDoc *made)
{
  g_autoptr (PresenceDoc) doc = made;

  return pidf_write (doc);
}

static GBytes *
document_of (Pair *pair)
{
  const char *contact = roster_contact (pair->roster);

  if (!roster_is_known (pair->roster))
    return write_doc (presence_unknown (contact));
  if (pair->document == NULL)
    pair->document = write_doc (xmpp_pidf_write (
        contact, roster_resources (pair->roster), roster_last (pair->roster)));
  return g_bytes_ref (pair->document);
}

GBytes *
xmpp_presence_document (Service *service, const char *watcher,
                        const char *contact)
{
  Pair *pair = pair_peek (presences_of (service), watcher, contact);

  return pair != NULL ? document_of (pair)
                      : write_doc (presence_unknown (contact));
}

char *
xmpp_presence_text (Service *service, const char *watcher, const char *contact,
                    const char **state_out)
{
  static const char *const texts[] = {
    [ROSTER_TO_NONE] = "nobody has asked yet",
    [ROSTER_TO_PROBING] = "asked whether there is a subscription",
    [ROSTER_TO_ASKED] = "a request waits for the XMPP user",
    [ROSTER_TO_ON] = "subscribed",
    [ROSTER_TO_REFUSED] = "the XMPP user, or his server, refused",
    [ROSTER_TO_MISSING] = "there is no such XMPP user",
    [ROSTER_TO_TROUBLE] = "the XMPP user's server cannot be asked now",
  };
  XmppPresences *self = presences_of (service);
  RosterPair *pair = roster_find (self->roster, watcher, contact);
  RosterTo to = pair != NULL ? roster_to (pair) : ROSTER_TO_NONE;
  const GPtrArray *resources = pair != NULL ? roster_resources (pair) : NULL;

  *state_out = roster_to_name (to);
  if (!roster_is_up (self->roster))
    return g_strdup ("the link to the XMPP server is down: nothing is known");
  if (pair == NULL || !roster_is_known (pair))
    return g_strdup (texts[to]);
  return g_strdup_printf ("%s; available with %u resources", texts[to],
                          resources != NULL ? resources->len : 0);
}

/* --- What changed --- */

static void
tell_lists_cb (gpointer data)
{
  XmppPresences *self = data;
  GList *link;

  self->teller = NULL;
  while ((link = g_queue_pop_head_link (&self->changed)) != NULL) {
    XmppWatch *watch = link->data;

    link->data = NULL;
    watch->changed (watch->data);
  }
}

static void
tell_lists (XmppPresences *self, Pair *pair)
{
  LoopPort *loop = self->service->loop;

  for (GList *at = pair->lists.head; at != NULL; at = at->next) {
    XmppWatch *watch = at->data;

    if (watch->news.data != NULL)
      continue;
    watch->news.data = watch;
    g_queue_push_tail_link (&self->changed, &watch->news);
  }
  if (self->teller == NULL && self->changed.length > 0)
    self->teller = loop->after (loop->self, 0, tell_lists_cb, self);
}

/* RFC 6665 4.1.3, RFC 7247 table 1. */
static SubsReason
end_of (RosterTo to)
{
  return to == ROSTER_TO_REFUSED   ? SUBS_REJECTED
         : to == ROSTER_TO_MISSING ? SUBS_NORESOURCE
         : to == ROSTER_TO_TROUBLE ? SUBS_PROBATION
                                   : SUBS_NO_REASON;
}

static void
end_sub (XmppPresences *self, Sub *sub, SubsReason reason)
{
  GArray *actions = subs_actions_new ();

  subs_decide (self->service->subs, sub, SUBS_TERMINATED, reason,
               service_now (self->service), actions);
  service_act (self->service, actions);
}

/* Who is not to see it must not learn from the time of a NOTIFY that something
 * changed. */
static void
tell_sub (XmppPresences *self, Pair *pair, Sub *sub, gboolean is_paced)
{
  Service *service = self->service;
  const SubsDialog *dialog = sub_dialog (sub);
  SubsReason reason = end_of (roster_to (pair->roster));
  gboolean is_shown
      = judge_shares (service, dialog->watcher, dialog->presentity);

  if (sub_state (sub) == SUBS_TERMINATED)
    return;
  if (reason != SUBS_NO_REASON)
    end_sub (self, sub, reason);
  else if (!is_paced)
    judge_again (service, sub, is_shown ? JUDGE_SHOW : JUDGE_ONLY);
  else if (is_shown)
    service_pace (service, PACE_SHOW, sub);
}

static GPtrArray *
subs_of (const Pair *pair)
{
  GPtrArray *subs = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);

  for (guint i = 0; pair->subs != NULL && i < pair->subs->len; i++)
    g_ptr_array_add (subs, sub_ref (pair->subs->pdata[i]));
  return subs;
}

void
to_tell (XmppPresences *self, Pair *pair, gboolean is_paced)
{
  RosterTo to = roster_to (pair->roster);
  g_autoptr (GPtrArray) subs = subs_of (pair);

  g_clear_pointer (&pair->document, g_bytes_unref);
  if (to != ROSTER_TO_PROBING)
    pair->was_on = to == ROSTER_TO_ON;
  tell_lists (self, pair);
  for (guint i = 0; i < subs->len; i++)
    tell_sub (self, pair, subs->pdata[i], is_paced);
}

/* --- Contacts --- */

/* He is not among them any more: he is not to be bothered, and whoever still
 * watches him ends. */
static void
drop_contact (XmppPresences *self, Pair *pair)
{
  g_autoptr (GPtrArray) subs = subs_of (pair);

  g_info ("%s has no contact %s any more", roster_user (pair->roster),
          roster_contact (pair->roster));
  pair->was_contact = FALSE;
  roster_drop (self->roster, pair->roster, service_now (self->service));
  for (guint i = 0; i < subs->len; i++)
    if (sub_state (subs->pdata[i]) != SUBS_TERMINATED)
      end_sub (self, subs->pdata[i], SUBS_NORESOURCE);
  tell_lists (self, pair);
}

static void
drop_all_cb (RosterPair *roster, gpointer data)
{
  XmppPresences *self = data;
  Pair *pair = roster_data (roster);

  if (pair != NULL && roster_to (roster) != ROSTER_TO_NONE)
    drop_contact (self, pair);
}

void
xmpp_presence_user_gone (Service *service, const char *aor)
{
  XmppPresences *self = presences_of (service);
  gboolean was_settling = self->is_settling;

  self->is_settling = TRUE; /* nobody tidies meanwhile */
  roster_foreach_of (self->roster, aor, drop_all_cb, self);
  self->is_settling = was_settling;
  presences_settle (self);
}

typedef struct {
  XmppPresences *part;
  PolicyUser *user;
} Comparing;

static void
compare_cb (RosterPair *roster, gpointer data)
{
  const Comparing *comparing = data;
  Pair *pair = roster_data (roster);
  gboolean is_contact
      = policy_user_has_contact (comparing->user, roster_contact (roster));

  if (pair == NULL)
    return;
  if (pair->was_contact && !is_contact)
    drop_contact (comparing->part, pair);
  pair->was_contact = is_contact;
}

static void
read_cb (PolicyUser *user, gpointer data)
{
  XmppPresences *self = presences_of (data);
  Comparing comparing = { self, user };
  gboolean was_settling;

  if (user == NULL)
    return;
  was_settling = self->is_settling;
  self->is_settling = TRUE; /* nobody tidies meanwhile */
  roster_foreach_of (self->roster, policy_user_aor (user), compare_cb,
                     &comparing);
  self->is_settling = was_settling;
  presences_settle (self);
}

static void
collect_user_cb (RosterPair *roster, gpointer data)
{
  Pair *pair = roster_data (roster);

  if (pair != NULL && pair->was_contact)
    g_hash_table_add (data, (gpointer)roster_user (roster));
}

void
xmpp_presence_facts_changed (Service *service, const char *aor)
{
  XmppPresences *self = presences_of (service);
  g_autoptr (GHashTable) users = g_hash_table_new (aor_hash, aor_equal);
  GHashTableIter iter;
  gpointer user;

  if (aor == NULL)
    roster_foreach (self->roster, collect_user_cb, users);
  else
    roster_foreach_of (self->roster, aor, collect_user_cb, users);
  g_hash_table_iter_init (&iter, users);
  while (g_hash_table_iter_next (&iter, &user, NULL))
    facts_want (service->facts, user, read_cb, service);
}

/* --- Lists --- */

/* NULL: it names no XMPP user. */
static char *
contact_of (Service *service, const char *text)
{
  gboolean is_other = g_ascii_strncasecmp (text, "pres:", 5) == 0
                      || g_ascii_strncasecmp (text, "xmpp:", 5) == 0;
  g_autofree char *as_sip
      = is_other ? g_strconcat ("sip:", text + 5, NULL) : NULL;
  g_autoptr (Uri) uri = NULL;
  g_autofree char *aor = NULL;

  if (!uri_parse (as_sip != NULL ? as_sip : text, -1, &uri, NULL)
      || uri_scheme (uri) == URI_TEL || uri_user (uri) == NULL)
    return NULL;
  aor = uri_aor (uri);
  return xmpp_presence_is_contact (service, aor) ? g_steal_pointer (&aor)
                                                 : NULL;
}

XmppWatch *
xmpp_presence_list_watch (Service *service, const char *user, const char *uri,
                          const char *package, void (*changed) (gpointer data),
                          gpointer data)
{
  g_autofree char *contact = contact_of (service, uri);
  XmppPresences *self;
  XmppWatch *watch;

  if (contact == NULL || strcmp (package, PRESENCE) != 0)
    return NULL;
  self = presences_of (service);
  watch = g_new0 (XmppWatch, 1);
  watch->service = service;
  watch->pair = pair_of (self, user, contact);
  watch->changed = changed;
  watch->data = data;
  watch->link.data = watch;
  g_queue_push_tail_link (&watch->pair->lists, &watch->link);
  hold (watch->pair, ROSTER_ASK);
  presences_settle (self);
  return watch;
}

static void
unlink_watch (XmppWatch *watch)
{
  Pair *pair = watch->pair;

  g_queue_unlink (&pair->lists, &watch->link);
  if (watch->news.data != NULL)
    g_queue_unlink (&pair->part->changed, &watch->news);
  watch->service = NULL;
}

void
xmpp_presence_list_unwatch (XmppWatch *watch)
{
  Pair *pair;

  if (watch == NULL)
    return;
  if (watch->service != NULL) {
    pair = watch->pair;
    unlink_watch (watch);
    roster_release (pair->part->roster, pair->roster, TRUE,
                    service_now (pair->part->service));
    pair_done (pair->part, pair->roster);
  }
  g_free (watch);
}

static SubsMemberState
member_state (const Pair *pair)
{
  RosterTo to = roster_to (pair->roster);

  if (end_of (to) != SUBS_NO_REASON || to == ROSTER_TO_NONE)
    return SUBS_MEMBER_ENDED;
  if (to == ROSTER_TO_ASKED)
    return SUBS_MEMBER_PENDING;
  return to == ROSTER_TO_ON || pair->was_on ? SUBS_MEMBER_ACTIVE
                                            : SUBS_MEMBER_UNKNOWN;
}

void
xmpp_presence_list_look (XmppWatch *watch, ListsForeignState *out)
{
  Pair *pair = watch->pair;
  const char *contact;

  *out = (ListsForeignState){ .state = SUBS_MEMBER_UNKNOWN };
  if (watch->service == NULL)
    return;
  contact = roster_contact (pair->roster);
  out->state = member_state (pair);
  if (out->state == SUBS_MEMBER_ENDED)
    out->reason = roster_to (pair->roster) == ROSTER_TO_NONE
                      ? SUBS_NORESOURCE
                      : end_of (roster_to (pair->roster));
  if (out->state != SUBS_MEMBER_ACTIVE)
    return;
  out->content_type = "application/pidf+xml";
  g_clear_pointer (&pair->shown, g_bytes_unref);
  pair->shown
      = judge_shares (watch->service, roster_user (pair->roster), contact)
            ? document_of (pair)
            : write_doc (presence_unknown (contact));
  out->body = pair->shown;
}

static void
forget_lists_cb (RosterPair *roster, gpointer data)
{
  Pair *pair = roster_data (roster);

  while (pair != NULL && pair->lists.head != NULL)
    unlink_watch (pair->lists.head->data);
}

/* Lists outlive this. */
void
to_free (XmppPresences *self)
{
  LoopPort *loop = self->service->loop;

  roster_foreach (self->roster, forget_lists_cb, NULL);
  if (self->teller != NULL)
    loop->remove_timer (loop->self, self->teller);
}

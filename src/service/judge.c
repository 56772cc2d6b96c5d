/* SPDX-License-Identifier: ISC
 *
 * Questions to policy/, and what becomes of its answers. */
#define G_LOG_DOMAIN "service"
#include "service/judge-priv.h"
#include "service/calls.h"
#include "service/lists.h"
#include "service/mail.h"
#include "service/profile.h"
#include "service/registrations.h"
#include "service/renew.h"
#include "service/watchers.h"
#include "service/xcap_events.h"
#include "service/xmpp-presence.h"
#include "service/xmpp-rooms.h"

#include "addr/aor.h"

/* --- Questions --- */

static gboolean
is_local (Service *self, const char *aor)
{
  return service_has_domain (self, aor_domain (aor));
}

gboolean
judge_is_ready (Service *self, const char *watcher, const char *presentity,
                const char *package)
{
  return !policy_is_personal (package) || aor_equal (watcher, presentity)
         || ((facts_peek (self->facts, presentity) != NULL
              || xmpp_presence_is_contact (self, presentity))
             && (!is_local (self, watcher)
                 || facts_peek (self->facts, watcher) != NULL));
}

typedef struct {
  void (*fn) (gpointer data);
  gpointer data;
  guint missing;
} Preparing;

static void
prepared_cb (PolicyUser *user, gpointer data)
{
  Preparing *self = data;

  if (--self->missing > 0)
    return;
  self->fn (self->data);
  g_free (self);
}

void
judge_prepare (Service *self, const char *watcher, const char *presentity,
               void (*fn) (gpointer data), gpointer data)
{
  Preparing *preparing = g_new0 (Preparing, 1);
  gboolean wants_presentity = !xmpp_presence_is_contact (self, presentity);
  gboolean wants_watcher = !wants_presentity
                           || (is_local (self, watcher)
                               && facts_peek (self->facts, watcher) == NULL);

  preparing->fn = fn;
  preparing->data = data;
  preparing->missing = (guint)wants_presentity + (guint)wants_watcher;
  if (wants_presentity)
    facts_want (self->facts, presentity, prepared_cb, preparing);
  if (wants_watcher)
    facts_want (self->facts, watcher, prepared_cb, preparing);
}

typedef struct {
  const Sub *but;
  guint n;
} Counting;

static void
count_adhoc_cb (Sub *sub, gpointer data)
{
  Counting *counting = data;

  if (sub != counting->but && sub_dialog (sub)->limit_at != 0)
    counting->n++;
}

static guint
count_adhoc (Service *self, const char *watcher, const Sub *but)
{
  Counting counting = { but, 0 };

  subs_foreach_watched (self->subs, watcher, count_adhoc_cb, &counting);
  return counting.n + lists_n_adhoc (self, watcher);
}

static guint
adhoc_in_use (Service *self, const char *watcher, const Sub *but)
{
  return self->settings.adhoc_max == POLICY_NO_LIMIT
             ? 0
             : count_adhoc (self, watcher, but);
}

guint
judge_n_adhoc (Service *self, const char *watcher)
{
  return count_adhoc (self, watcher, NULL);
}

static PolicyQuestion
question_of (Service *self, const char *watcher, const char *presentity)
{
  PolicyUser *of_presentity = facts_peek (self->facts, presentity);
  const StoreUser *user = service_user (self, presentity);
  PolicyQuestion question = { .settings = &self->settings,
                              .watcher = watcher,
                              .presentity = presentity,
                              .is_local_watcher = is_local (self, watcher),
                              .of_presentity = of_presentity,
                              .of_watcher = facts_peek (self->facts, watcher),
                              .now = clock_wall (self->clock) };

  if (user != NULL) {
    question.share = user->share_availability;
    question.approval = user->allow_without_approval;
  }
  if (of_presentity != NULL
      && policy_rules_use_sphere (policy_user_rules (of_presentity)))
    question.sphere = renewals_sphere (self, presentity);
  return question;
}

PolicyQuestion
judge_question (Service *self, const char *watcher, const char *presentity,
                const Sub *but)
{
  PolicyQuestion question = question_of (self, watcher, presentity);

  question.adhoc_in_use = adhoc_in_use (self, watcher, but);
  return question;
}

static PolicyAnswer
ask (Service *self, PolicyQuestion *question, const char *package)
{
  PolicyAnswer answer;

  question->package = package;
  answer = policy_watch (question);
  if (answer.changes_at != 0)
    renewals_note (self, question->presentity, answer.changes_at);
  return answer;
}

PolicyAnswer
judge_watch (Service *self, const char *watcher, const char *presentity,
             const char *package, const Sub *but)
{
  PolicyQuestion question;

  if (xmpp_presence_is_contact (self, presentity))
    return xmpp_presence_judge (self, watcher, presentity, package, but);
  question = judge_question (self, watcher, presentity, but);
  return ask (self, &question, package);
}

/* A proxy that is trusted speaks for its users too; an application has a name of
 * its own in our domain, and is nobody who could register. */
PolicyAnswer
judge_dialog (Service *self, const SubsDialog *dialog, const Sub *but)
{
  PolicyQuestion question;

  if (xmpp_presence_is_contact (self, dialog->presentity))
    return xmpp_presence_judge (self, dialog->watcher, dialog->presentity,
                                dialog->package, but);
  question = judge_question (self, dialog->watcher, dialog->presentity, but);
  question.is_application = dialog->is_trusted && question.is_local_watcher
                            && service_user (self, dialog->watcher) == NULL;
  return ask (self, &question, dialog->package);
}

PolicyAnswer
judge_message (Service *self, const char *sender, const char *recipient)
{
  PolicyQuestion question = question_of (self, sender, recipient);

  return policy_message (&question);
}

gboolean
judge_shares (Service *self, const char *watcher, const char *presentity)
{
  const StoreUser *user = service_user (self, presentity);

  return aor_equal (watcher, presentity)
         || policy_override (user != NULL ? user->share_availability
                                          : POLICY_AS_SETTINGS,
                             self->settings.share_availability);
}

/* --- Limits --- */

static gboolean
has_asked (Service *self, const char *watcher, const char *presentity)
{
  PolicyUser *user = facts_peek (self->facts, presentity);

  return user != NULL
         && policy_user_row (user, watcher, NULL) != POLICY_UNDECIDED;
}

/* Has the owner to decide, and not the database to come back? */
static gboolean
waits_for_owner (const PolicyAnswer *answer)
{
  return answer->decision == POLICY_PENDING
         && answer->step != POLICY_BY_NOT_KNOWN;
}

const char *
judge_limits (Service *self, const char *watcher, const char *presentity,
              const char *package, const PolicyAnswer *answer)
{
  PolicyUser *user = facts_peek (self->facts, presentity);

  if (g_str_equal (package, XCAP_DIFF)
      && subs_count (self->subs, presentity, package)
             >= self->limits.xcap_subscriptions)
    return "too many subscriptions to the user's documents";
  if (g_ascii_strcasecmp (package, PRESENCE) != 0
      || aor_equal (watcher, presentity)
      || xmpp_presence_is_contact (self, presentity))
    return NULL;
  if (judge_is_full (self, watcher, presentity))
    return "the user has as many watchers as are allowed";
  if (waits_for_owner (answer) && user != NULL
      && policy_user_asked (user, NULL, NULL) >= self->limits.max_pending
      && !has_asked (self, watcher, presentity))
    return "too many watchers wait for the user's approval";
  return NULL;
}

/* --- What follows --- */

char *
judge_view (const PolicyAnswer *answer)
{
  if (answer->decision == POLICY_ALLOW && answer->rights != NULL)
    return policy_rights_name (answer->rights);
  return g_strdup (answer->decision == POLICY_POLITE_BLOCK ? VIEW_OFFLINE
                                                           : VIEW_ALL);
}

/* The owner, or the administrator, finds the request in `watchers`, also when
 * the watcher is gone again (RFC 3857 4.7.1: waiting). */
static void
ask_owner (Service *self, const char *watcher, const char *presentity)
{
  PolicyUser *user = facts_peek (self->facts, presentity);
  StoreWrite write = { .kind = STORE_ADD_REQUEST };

  if (user == NULL || has_asked (self, watcher, presentity))
    return;
  policy_user_add_row (user, watcher, POLICY_ASKED);
  write.request = store_request_new (presentity, watcher);
  self->store->submit (self->store->self, presentity, &write, 1, TRUE, NULL,
                       NULL);
}

/* --- Requests that are decided --- */

static void
drop_request (Service *self, PolicyUser *user, const char *watcher)
{
  const char *presentity = policy_user_aor (user);
  StoreWrite write = { .kind = STORE_DROP_REQUEST,
                       .request = store_request_new (presentity, watcher) };

  policy_user_drop_asked (user, watcher);
  self->store->submit (self->store->self, presentity, &write, 1, TRUE, NULL,
                       NULL);
}

static gboolean
is_decided (Service *self, const char *watcher, const char *presentity)
{
  PolicyQuestion question = question_of (self, watcher, presentity);

  return policy_is_decided (&question);
}

static void
collect_asked_cb (const char *watcher, gpointer data)
{
  g_ptr_array_add (data, g_strdup (watcher));
}

/* Those whose watchers are gone too. */
void
judge_facts_read (Service *self, PolicyUser *user)
{
  const char *presentity = policy_user_aor (user);
  g_autoptr (GPtrArray) asked = NULL;
  gboolean has_dropped = FALSE;

  if (!self->is_ready || policy_user_asked (user, NULL, NULL) == 0)
    return;
  asked = g_ptr_array_new_with_free_func (g_free);
  policy_user_asked (user, collect_asked_cb, asked);
  for (guint i = 0; i < asked->len; i++)
    if (is_decided (self, asked->pdata[i], presentity)) {
      drop_request (self, user, asked->pdata[i]);
      has_dropped = TRUE;
    }
  if (has_dropped)
    watchers_changed (self, presentity);
}

/* Of somebody who is judged by settings that changed. */
static void
settle_request (Service *self, const char *watcher, const char *presentity)
{
  PolicyUser *user = facts_peek (self->facts, presentity);

  if (user != NULL && policy_user_has_asked (user, watcher)
      && is_decided (self, watcher, presentity))
    drop_request (self, user, watcher);
}

void
judge_noted (Service *self, const char *watcher, const char *presentity,
             const PolicyAnswer *answer, gboolean asks)
{
  if (waits_for_owner (answer) && asks)
    ask_owner (self, watcher, presentity);
  else
    settle_request (self, watcher, presentity);
}

void
judge_made (Service *self, Sub *sub, const PolicyAnswer *answer)
{
  const SubsDialog *dialog = sub_dialog (sub);
  g_autofree char *view = judge_view (answer);

  if (answer->step != POLICY_BY_NOT_KNOWN)
    sub_set_view (sub, view);
  if (xmpp_presence_is_contact (self, dialog->presentity))
    xmpp_presence_watch (self, sub);
  else
    judge_noted (self, dialog->watcher, dialog->presentity, answer,
                 !sub_is_fetch (sub));
}

guint32
judge_limit_at (Service *self, const PolicyAnswer *answer)
{
  gint32 ttl = self->settings.adhoc_ttl;

  if (!answer->is_adhoc)
    return 0;
  return ttl == POLICY_NO_LIMIT
             ? SUBS_NO_END
             : (guint32)(service_now (self) / G_USEC_PER_SEC) + (guint32)ttl;
}

/* A longer life is for new ones. */
static guint32
limit_of (Service *self, Sub *sub, const PolicyAnswer *answer)
{
  guint32 old = sub_dialog (sub)->limit_at;
  guint32 fresh = judge_limit_at (self, answer);

  return old != 0 && fresh != 0 ? MIN (old, fresh) : fresh;
}

/* TRUE when a NOTIFY with what it sees is among the actions. */
static gboolean
let_go_on (Service *self, Sub *sub, const PolicyAnswer *answer, GArray *actions)
{
  gboolean was_active = sub_state (sub) == SUBS_ACTIVE;
  g_autofree char *view = judge_view (answer);
  gboolean is_new_view = g_strcmp0 (sub_view (sub), view) != 0;
  gint64 now = service_now (self);

  judge_made (self, sub, answer);
  subs_limit (self->subs, sub, limit_of (self, sub, answer), now, actions);
  if (answer->decision == POLICY_PENDING)
    subs_decide (self->subs, sub, SUBS_PENDING, SUBS_NO_REASON, now, actions);
  else if (!was_active)
    subs_decide (self->subs, sub, SUBS_ACTIVE, SUBS_NO_REASON, now, actions);
  else if (is_new_view)
    subs_show (self->subs, sub, now, actions);
  return !was_active || is_new_view || answer->decision == POLICY_PENDING;
}

static gboolean
apply (Service *self, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  PolicyAnswer answer = judge_dialog (self, dialog, sub);
  GArray *actions = subs_actions_new ();
  gboolean is_shown = FALSE;

  if (answer.step != POLICY_BY_NOT_KNOWN) {
    if (answer.decision == POLICY_BLOCK) {
      settle_request (self, dialog->watcher, dialog->presentity);
      subs_decide (self->subs, sub, SUBS_TERMINATED, SUBS_REJECTED,
                   service_now (self), actions);
      is_shown = TRUE;
    } else {
      is_shown = let_go_on (self, sub, &answer, actions);
    }
  }
  service_act (self, actions);
  policy_answer_clear (&answer);
  return is_shown;
}

static void
judge_now (Service *self, Sub *sub, JudgeThen then)
{
  GArray *actions = subs_actions_new ();
  gboolean is_shown = sub_state (sub) != SUBS_TERMINATED && apply (self, sub);

  if (is_shown && self->shown != NULL)
    g_hash_table_add (self->shown, sub);
  if (then == JUDGE_WAKE)
    subs_wake (self->subs, sub, service_now (self), actions);
  else if (then == JUDGE_SHOW && !is_shown)
    subs_show (self->subs, sub, service_now (self), actions);
  service_act (self, actions);
}

typedef struct {
  Service *service;
  Sub *sub;
  JudgeThen then;
} Judging;

static void
judge_cb (gpointer data)
{
  Judging *self = data;

  judge_now (self->service, self->sub, self->then);
  sub_unref (self->sub);
  g_free (self);
}

void
judge_again (Service *self, Sub *sub, JudgeThen then)
{
  const SubsDialog *dialog = sub_dialog (sub);
  Judging *judging;

  if (lists_judge (self, sub, then == JUDGE_WAKE, then == JUDGE_SHOW))
    return;
  if (sub_state (sub) == SUBS_TERMINATED
      || judge_is_ready (self, dialog->watcher, dialog->presentity,
                         dialog->package)) {
    judge_now (self, sub, then);
    return;
  }
  judging = g_new0 (Judging, 1);
  judging->service = self;
  judging->sub = sub_ref (sub);
  judging->then = then;
  judge_prepare (self, dialog->watcher, dialog->presentity, judge_cb, judging);
}

/* --- What changed --- */

static void
collect_cb (Sub *sub, gpointer data)
{
  g_ptr_array_add (data, sub_ref (sub));
}

/* Those who are judged by what he decided. */
static void
collect_watchers (Service *self, const char *presentity, GPtrArray *subs)
{
  subs_foreach (self->subs, presentity, PRESENCE, collect_cb, subs);
  subs_foreach (self->subs, presentity, g_intern_static_string (CALLS_EVENT),
                collect_cb, subs);
  subs_foreach (self->subs, presentity,
                g_intern_static_string (REGISTRATIONS_EVENT), collect_cb, subs);
}

static void
judge_all (Service *self, GPtrArray *subs)
{
  for (guint i = 0; i < subs->len; i++)
    judge_again (self, subs->pdata[i], JUDGE_ONLY);
}

void
judge_watchers (Service *self, const char *presentity)
{
  g_autoptr (GPtrArray) subs
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);

  collect_watchers (self, presentity, subs);
  judge_all (self, subs);
  lists_judge_watched (self, presentity);
}

/* Whoever cannot be judged in this turn gets nothing before he was. */
void
judge_sphere_changed (Service *self, const char *presentity)
{
  g_autoptr (GPtrArray) subs
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);

  collect_watchers (self, presentity, subs);
  for (guint i = 0; i < subs->len; i++) {
    const SubsDialog *dialog = sub_dialog (subs->pdata[i]);
    gboolean is_ready
        = judge_is_ready (self, dialog->watcher, presentity, dialog->package);

    if (!is_ready)
      g_hash_table_add (self->shown, subs->pdata[i]);
    judge_again (self, subs->pdata[i], is_ready ? JUDGE_ONLY : JUDGE_SHOW);
  }
  lists_judge_watched (self, presentity);
}

/* Those who watch have been judged by it, and requests looked at
 * (judge_facts_read): the owner hears once. */
static void
person_read_cb (PolicyUser *user, gpointer data)
{
  if (user != NULL)
    watchers_changed (data, policy_user_aor (user));
}

/* Of one user: at once. */
static void
judge_person (Service *self, const char *aor)
{
  g_autoptr (GPtrArray) subs
      = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);

  collect_watchers (self, aor, subs);
  subs_foreach_watched (self->subs, aor, collect_cb, subs);
  judge_all (self, subs);
  lists_judge_watched (self, aor);
}

static gboolean
needs_judging (const PolicySettings *a, const PolicySettings *b)
{
  return a->allow_without_approval != b->allow_without_approval
         || a->adhoc_enabled != b->adhoc_enabled
         || a->adhoc_ttl != b->adhoc_ttl;
}

void
judge_settings_changed (const PolicySettings *settings, gpointer data)
{
  Service *self = data;
  PolicySettings before = self->settings;
  guint kinds = 0;

  self->settings = *settings;
  self->policy_changes++;
  mail_settings_changed (self->mail);
  if (needs_judging (&before, settings))
    kinds |= PACE_KIND (PACE_JUDGE);
  if (before.share_availability != settings->share_availability)
    kinds |= PACE_KIND (PACE_SHOW);
  if (before.share_availability != settings->share_availability)
    xmpp_rooms_sharing_changed (self);
  if (profile_has_changed (&before, settings))
    kinds |= PACE_KIND (PACE_PROFILE);
  if (kinds != 0)
    service_sweep (self, kinds);
}

void
judge_policy_changed (const char *aor, gpointer data)
{
  Service *self = data;

  self->policy_changes++;
  facts_forget (self->facts, aor);
  if (aor == NULL)
    service_sweep (self, PACE_KIND (PACE_JUDGE));
  else {
    judge_person (self, aor);
    facts_want (self->facts, aor, person_read_cb, self);
  }
  xmpp_presence_facts_changed (self, aor);
}

static void
show_all (Service *self, const char *presentity)
{
  GArray *actions = subs_actions_new ();

  subs_changed (self->subs, presentity, g_intern_static_string (PRESENCE),
                service_now (self), actions);
  service_act (self, actions);
  calls_show (self, presentity);
  lists_show_watched (self, presentity);
}

void
judge_user_changed (Service *self, const StoreUser *before,
                    const StoreUser *after)
{
  self->policy_changes++;
  if (before->allow_without_approval != after->allow_without_approval) {
    PolicyUser *user = facts_peek (self->facts, after->aor);

    judge_person (self, after->aor);
    if (user != NULL)
      judge_facts_read (self, user);
  }
  if (before->share_availability != after->share_availability)
    show_all (self, after->aor);
  if (before->share_availability != after->share_availability)
    xmpp_rooms_sharing_changed (self);
}

static void
retry_cb (Sub *sub, gpointer data)
{
  Service *self = data;

  if (sub_view (sub) == NULL)
    service_pace (self, PACE_JUDGE, sub);
}

void
judge_retry (Service *self)
{
  subs_foreach_all (self->subs, retry_cb, self);
  lists_retry (self);
  service_pace_start (self);
}

/* SPDX-License-Identifier: ISC
 *
 * Why somebody sees what he sees: the order of DESIGN section 4, step by step,
 * and what his subscriptions got.  A report for an administrator, line by line:
 * a name, a text for people, then name=value for programs. */
#define G_LOG_DOMAIN "service"
#include "service/judge.h"
#include "service/lists.h"
#include "service/xmpp-presence.h"

#include "addr/aor.h"

#include <string.h>

#define PRESENCE "presence"

typedef struct {
  Service *service;
  char *watcher, *presentity;
  GString *lines;
  GPtrArray *subs; /* Sub: what the watcher has of the presentity */
  guint n_lists;   /* of his through which he has it */
  ServiceWhyFn fn;
  gpointer data;
} Why;

static void
why_free (Why *self)
{
  g_free (self->watcher);
  g_free (self->presentity);
  g_string_free (self->lines, TRUE);
  g_ptr_array_unref (self->subs);
  g_free (self);
}

/* --- Lines --- */

/* Text of a peer must not look like the end of a cell. */
static void
put_cell (Why *self, const char *cell)
{
  g_autofree char *plain = g_strdup (cell);

  g_string_append (self->lines, g_strdelimit (plain, "\t\r\n", ' '));
}

static void G_GNUC_PRINTF (3, 4)
    put_line (Why *self, const char *name, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  if (self->lines->len > 0)
    g_string_append_c (self->lines, '\n');
  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_string_append_printf (self->lines, "%s\t", name);
  put_cell (self, text);
}

/* Of the line before. */
static void
put_value (Why *self, const char *name, const char *value)
{
  g_string_append_printf (self->lines, "\t%s=", name);
  put_cell (self, value);
}

static void
put_number (Why *self, const char *name, gint64 value)
{
  g_string_append_printf (self->lines, "\t%s=%" G_GINT64_FORMAT, name, value);
}

static void
put_flag (Why *self, const char *name, gboolean value)
{
  put_value (self, name, value ? "true" : "false");
}

/* "2 h 5 min", "50 min 12 s", "12 s" */
static char *
span_text (gint64 seconds)
{
  gint64 hours = seconds / 3600, minutes = seconds / 60 % 60;

  if (hours > 0)
    return g_strdup_printf ("%d h %d min", (int)hours, (int)minutes);
  if (minutes > 0)
    return g_strdup_printf ("%d min %d s", (int)minutes, (int)(seconds % 60));
  return g_strdup_printf ("%d s", (int)seconds);
}

static gint64
seconds_until (Why *self, gint64 at)
{
  return MAX (0, (at - service_now (self->service)) / G_USEC_PER_SEC);
}

/* --- The steps --- */

static void
put_override (Why *self, const char *name, PolicyOverride own, gboolean is_on,
              const char *on, const char *off)
{
  gboolean is_own = own != POLICY_AS_SETTINGS;

  put_line (self, name, "%s (%s)", is_on ? on : off,
            is_own ? "the user's own setting" : "the organisation's setting");
  put_flag (self, "is_on", is_on);
  put_value (self, "by", is_own ? "user" : "settings");
}

static void
put_sharing (Why *self, const PolicyQuestion *question)
{
  put_override (
      self, "sharing", question->share,
      policy_override (question->share, question->settings->share_availability),
      "on", "off");
}

static void
put_approval (Why *self, const PolicyQuestion *question)
{
  put_override (self, "approval", question->approval,
                policy_override (question->approval,
                                 question->settings->allow_without_approval),
                "not required", "required");
}

static void
put_blocked_list (Why *self, const PolicyQuestion *question)
{
  gboolean is_listed = policy_user_is_listed (
      question->of_presentity, POLICY_BLOCKED_LIST, self->watcher);

  put_line (self, "blocked_list", "%s",
            is_listed ? "on it (" POLICY_BLOCKED_LIST ")" : "not on it");
  put_flag (self, "is_listed", is_listed);
}

static void
put_decision (Why *self, const PolicyQuestion *question)
{
  gboolean by_domain = FALSE;
  PolicyRow row
      = policy_user_row (question->of_presentity, self->watcher, &by_domain);
  const char *name = policy_row_name (row);

  if (row == POLICY_UNDECIDED)
    put_line (self, "decision", "none");
  else if (row == POLICY_ASKED)
    put_line (self, "decision", "none yet: a request waits");
  else
    put_line (self, "decision", "%s, for %s%s", name, by_domain ? "@" : "",
              by_domain ? aor_domain (self->watcher) : self->watcher);
  put_value (self, "decision", name != NULL ? name : "none");
  put_flag (self, "is_of_domain", by_domain);
}

/* The first of his live presence subscriptions, or NULL. */
static Sub *
live_one (Why *self)
{
  for (guint i = 0; i < self->subs->len; i++)
    if (strcmp (sub_dialog (self->subs->pdata[i])->package, PRESENCE) == 0)
      return self->subs->pdata[i];
  return NULL;
}

static char *
adhoc_text (Why *self, const PolicyQuestion *question)
{
  Sub *sub = live_one (self);
  guint32 limit_at = sub != NULL ? sub_dialog (sub)->limit_at : 0;
  gint32 ttl = question->settings->adhoc_ttl;
  g_autofree char *left = NULL;

  if (!question->settings->adhoc_enabled)
    return g_strdup ("ad hoc watching is off");
  if (limit_at == 0 && ttl == POLICY_NO_LIMIT)
    return g_strdup ("ad hoc, without an end");
  if (limit_at == 0) {
    left = span_text (ttl);
    return g_strdup_printf ("ad hoc, for %s", left);
  }
  if (limit_at == SUBS_NO_END)
    return g_strdup ("watches ad hoc, without an end");
  left = span_text (seconds_until (self, (gint64)limit_at * G_USEC_PER_SEC));
  return g_strdup_printf ("watches ad hoc, %s left", left);
}

static void
put_contact_rule (Why *self, const PolicyQuestion *question)
{
  gboolean is_contact
      = question->is_local_watcher
        && policy_user_has_contact (question->of_watcher, self->presentity);
  g_autofree char *adhoc = NULL;

  if (!question->is_local_watcher) {
    put_line (self, "contact_rule", "does not concern other domains");
  } else if (is_contact) {
    put_line (self, "contact_rule", "among the watcher's contacts");
  } else {
    adhoc = adhoc_text (self, question);
    put_line (self, "contact_rule", "not among the watcher's contacts: %s",
              adhoc);
  }
  put_flag (self, "is_contact", is_contact);
}

typedef struct {
  Why *why;
  guint n_matching;
} Listing;

static void
count_rule_cb (const PolicyRuleView *rule, gpointer data)
{
  ((Listing *)data)->n_matching += rule->is_match;
}

static void
put_rule_cb (const PolicyRuleView *rule, gpointer data)
{
  Why *self = ((Listing *)data)->why;
  const char *handling = policy_handling_name (rule->handling);
  g_autofree char *rights = policy_rights_text (rule->rights);

  if (!rule->is_match)
    return;
  put_line (self, "rule", "\"%s\" (%s): %s%s%s", rule->id, rule->place,
            handling, *rights != '\0' ? "; provides " : "", rights);
  put_value (self, "id", rule->id);
  put_value (self, "document", rule->place);
  put_value (self, "handling", handling);
  put_value (self, "rights", rights);
}

static void
put_rules (Why *self, const PolicyQuestion *question)
{
  const PolicyRules *rules = policy_user_rules (question->of_presentity);
  const PolicyRulesQuestion asked = policy_rules_question (question);
  guint n = policy_rules_count (rules);
  Listing listing = { self, 0 };

  policy_rules_explain (rules, &asked, count_rule_cb, &listing);
  if (policy_user_is_unreadable (question->of_presentity))
    put_line (self, "rules", "a document of them cannot be read");
  else if (n == 0)
    put_line (self, "rules", "there are none");
  else
    put_line (self, "rules", "%u of %u match", listing.n_matching, n);
  put_number (self, "matching", listing.n_matching);
  put_number (self, "rules", n);
  if (policy_rules_use_sphere (rules))
    put_value (self, "sphere",
               question->sphere != NULL ? question->sphere : "");
  policy_rules_explain (rules, &asked, put_rule_cb, &listing);
}

static void
put_limit (Why *self, const char *name, const char *who, guint n, gint32 max)
{
  if (max == POLICY_NO_LIMIT)
    put_line (self, name, "%s has %u, without a limit", who, n);
  else
    put_line (self, name, "%s has %u of %d", who, n, max);
  put_number (self, "n", n);
  if (max != POLICY_NO_LIMIT)
    put_number (self, "max", max);
}

static void
put_limits (Why *self, const PolicyQuestion *question)
{
  const PolicySettings *settings = question->settings;

  put_limit (self, "watchers", self->presentity,
             judge_n_watchers (self->service, self->presentity),
             settings->max_watchers);
  if (!question->is_local_watcher)
    return;
  put_limit (self, "contacts", self->watcher,
             policy_user_n_contacts (question->of_watcher),
             settings->max_contacts);
  if (settings->adhoc_enabled)
    put_limit (self, "adhoc", self->watcher,
               judge_n_adhoc (self->service, self->watcher),
               settings->adhoc_max);
}

/* --- The end of it --- */

static void
put_result (Why *self, const PolicyAnswer *answer)
{
  static const struct {
    const char *name, *text;
  } decisions[] = {
    [POLICY_ALLOW] = { "allow", "allowed" },
    [POLICY_PENDING] = { "pending", "pending" },
    [POLICY_BLOCK] = { "block", "refused (403)" },
    [POLICY_POLITE_BLOCK] = { "polite_block", "politely blocked" },
  };
  const char *refusal = answer->decision == POLICY_BLOCK
                            ? NULL
                            : judge_limits (self->service, self->watcher,
                                            self->presentity, PRESENCE, answer);

  if (refusal != NULL) {
    put_line (self, "result", "a new subscription is refused (403): %s",
              refusal);
    put_value (self, "decision", "block");
    return;
  }
  put_line (self, "result", "%s%s: %s",
            live_one (self) != NULL ? "" : "would be ",
            decisions[answer->decision].text, policy_step_text (answer->step));
  put_value (self, "decision", decisions[answer->decision].name);
  if (answer->changes_at != 0)
    put_number (self, "changes_at", answer->changes_at / G_USEC_PER_SEC);
}

static void
put_sees (Why *self, const PolicyAnswer *answer)
{
  g_autofree char *rights
      = answer->rights != NULL ? policy_rights_text (answer->rights) : NULL;

  if (answer->decision == POLICY_BLOCK || answer->decision == POLICY_PENDING)
    put_line (self, "sees", "nothing");
  else if (answer->is_unknown)
    put_line (self, "sees", "unknown: availability is not shared");
  else if (answer->decision == POLICY_POLITE_BLOCK)
    put_line (self, "sees", "offline, whatever is true");
  else if (rights == NULL)
    put_line (self, "sees", "everything");
  else
    put_line (self, "sees", "%s",
              *rights != '\0' ? rights : "an empty document");
}

static void
put_message (Why *self)
{
  static const struct {
    const char *name, *text;
  } decisions[] = {
    [POLICY_ALLOW] = { "allow", "go through" },
    [POLICY_PENDING] = { "allow", "go through" },
    [POLICY_BLOCK] = { "block", "are refused (403)" },
    [POLICY_POLITE_BLOCK] = { "polite_block", "are answered 202 and dropped" },
  };
  PolicyAnswer answer
      = judge_message (self->service, self->watcher, self->presentity);

  put_line (self, "message", "%s%s%s", decisions[answer.decision].text,
            answer.step == POLICY_BY_DEFAULT ? "" : ": ",
            answer.step == POLICY_BY_DEFAULT ? ""
                                             : policy_step_text (answer.step));
  put_value (self, "decision", decisions[answer.decision].name);
}

/* "200, 12 s ago" */
static char *
answered_text (Why *self, Sub *sub, guint *status_out)
{
  gint64 at = sub_answered_at (sub, status_out);
  g_autofree char *ago = NULL;

  if (at == 0)
    return g_strdup ("none answered yet");
  ago = span_text ((service_now (self->service) - at) / G_USEC_PER_SEC);
  return g_strdup_printf ("the last was answered %u, %s ago", *status_out, ago);
}

static void
put_subscription (Why *self, Sub *sub)
{
  const SubsDialog *dialog = sub_dialog (sub);
  const char *state = subs_state_name (sub_state (sub));
  gint64 left = seconds_until (self, sub_expires_at (sub));
  guint status = 0;
  g_autofree char *ends = span_text (left);
  g_autofree char *answered = answered_text (self, sub, &status);

  put_line (self, "subscription", "%s, %s%s, ends in %s, %s; NOTIFYs: %s",
            dialog->package, state,
            sub_is_suspended (sub) ? ", suspended (its device is away)" : "",
            ends, dialog->source != NULL ? dialog->source : "no source",
            answered);
  put_value (self, "package", dialog->package);
  put_value (self, "call_id", dialog->call_id);
  put_value (self, "state", state);
  put_flag (self, "is_suspended", sub_is_suspended (sub));
  put_number (self, "expires", left);
  put_number (self, "last_status", status);
  if (status != 0)
    put_number (self, "last_answer_ago",
                (service_now (self->service) - sub_answered_at (sub, &status))
                    / G_USEC_PER_SEC);
}

static void
put_list_cb (const ListsWatch *watch, gpointer data)
{
  Why *self = data;
  const SubsDialog *dialog = sub_dialog (watch->sub);
  const char *state = watch->is_pending ? "pending" : "active";
  gint64 left = seconds_until (self, watch->expires_at);
  guint status = 0;
  g_autofree char *ends = span_text (left);
  g_autofree char *answered = answered_text (self, watch->sub, &status);

  if (!aor_equal (watch->watcher, self->watcher))
    return;
  self->n_lists++;
  put_line (self, "subscription",
            "%s, %s through the list %s, ends in %s; NOTIFYs: %s",
            dialog->package, state, dialog->presentity, ends, answered);
  put_value (self, "package", dialog->package);
  put_value (self, "call_id", dialog->call_id);
  put_value (self, "list", dialog->presentity);
  put_value (self, "state", state);
  put_flag (self, "is_suspended", sub_is_suspended (watch->sub));
  put_number (self, "expires", left);
  put_number (self, "last_status", status);
}

static void
put_subscriptions (Why *self)
{
  lists_foreach (self->service, self->presentity, PRESENCE, put_list_cb, self);
  if (self->subs->len == 0 && self->n_lists == 0)
    put_line (self, "subscriptions", "none now");
  for (guint i = 0; i < self->subs->len; i++)
    put_subscription (self, self->subs->pdata[i]);
}

static void
collect_cb (Sub *sub, gpointer data)
{
  Why *self = data;

  if (aor_equal (sub_dialog (sub)->presentity, self->presentity))
    g_ptr_array_add (self->subs, sub_ref (sub));
}

static void
put_oneself (Why *self)
{
  put_line (self, "result", "%s", policy_step_text (POLICY_BY_ONESELF));
  put_value (self, "decision", "allow");
  put_line (self, "sees", "everything");
}

static void
put_chain (Why *self)
{
  Sub *live = live_one (self);
  PolicyQuestion question
      = judge_question (self->service, self->watcher, self->presentity, live);
  PolicyAnswer answer = judge_watch (self->service, self->watcher,
                                     self->presentity, PRESENCE, live);

  put_decision (self, &question);
  put_blocked_list (self, &question);
  put_contact_rule (self, &question);
  put_rules (self, &question);
  put_approval (self, &question);
  put_sharing (self, &question);
  put_limits (self, &question);
  put_result (self, &answer);
  put_sees (self, &answer);
  policy_answer_clear (&answer);
}

/* Of an XMPP user: he and his server decide. */
static void
put_beyond (Why *self)
{
  Sub *live = live_one (self);
  PolicyQuestion question
      = judge_question (self->service, self->watcher, self->presentity, live);
  PolicyAnswer answer = judge_watch (self->service, self->watcher,
                                     self->presentity, PRESENCE, live);
  const char *state = NULL;
  g_autofree char *text = xmpp_presence_text (self->service, self->watcher,
                                              self->presentity, &state);

  put_contact_rule (self, &question);
  put_sharing (self, &question);
  put_line (self, "xmpp", "%s", text);
  put_value (self, "state", state);
  put_line (self, "result", "%s%s", live != NULL ? "" : "would be ",
            answer.decision == POLICY_ALLOW     ? "allowed"
            : answer.decision == POLICY_PENDING ? "pending"
                                                : "refused (403)");
  put_value (self, "decision",
             answer.decision == POLICY_ALLOW     ? "allow"
             : answer.decision == POLICY_PENDING ? "pending"
                                                 : "block");
  put_sees (self, &answer);
  policy_answer_clear (&answer);
}

static void
report (Why *self)
{
  gboolean is_beyond
      = xmpp_presence_is_contact (self->service, self->presentity);

  put_line (self, "watcher", "%s", self->watcher);
  put_line (self, "presentity", "%s", self->presentity);
  subs_foreach_watched (self->service->subs, self->watcher, collect_cb, self);
  if (aor_equal (self->watcher, self->presentity))
    put_oneself (self);
  else if (is_beyond)
    put_beyond (self);
  else
    put_chain (self);
  if (!is_beyond)
    put_message (self);
  put_subscriptions (self);
  g_string_append_c (self->lines, '\n');
  self->fn (self->lines->str, NULL, self->data);
}

static void
ready_cb (gpointer data)
{
  Why *self = data;

  if (judge_is_ready (self->service, self->watcher, self->presentity, PRESENCE))
    report (self);
  else
    self->fn ("",
              "the database is away, and what they decided is not in memory",
              self->data);
  service_leave (self->service);
  why_free (self);
}

/* NULL: he can be asked about; else why not.  The caller frees. */
static char *
refusal_of (Service *self, const char *aor, gboolean must_be_local)
{
  gboolean is_local = service_has_domain (self, aor_domain (aor));

  if (xmpp_presence_is_contact (self, aor))
    return NULL;
  if (!is_local && must_be_local)
    return g_strdup_printf ("%s is of another domain, whose server decides",
                            aor);
  if (is_local && service_user (self, aor) == NULL)
    return g_strdup_printf ("there is no user %s", aor);
  if (is_local && service_enabled_user (self, aor) == NULL)
    return g_strdup_printf ("the user %s is disabled", aor);
  return NULL;
}

static char *
canonical (Service *self, const char *text, gboolean must_be_local,
           char **refusal_out)
{
  g_autoptr (GError) error = NULL;
  const StoreUser *user;
  char *aor = NULL;

  if (!aor_parse (text, &aor, &error)) {
    *refusal_out = g_strdup (error->message);
    return NULL;
  }
  *refusal_out = refusal_of (self, aor, must_be_local);
  user = service_user (self, aor);
  if (user != NULL) {
    g_free (aor);
    aor = g_strdup (user->aor);
  }
  return aor;
}

void
service_why (Service *self, const char *watcher, const char *presentity,
             ServiceWhyFn fn, gpointer data)
{
  Why *why = g_new0 (Why, 1);
  g_autofree char *refusal = NULL;

  why->service = self;
  why->lines = g_string_new (NULL);
  why->subs = g_ptr_array_new_with_free_func ((GDestroyNotify)sub_unref);
  why->fn = fn;
  why->data = data;
  if (service_gate (self) != SERVICE_OK)
    refusal = g_strdup ("the server is not ready yet");
  if (refusal == NULL)
    why->presentity = canonical (self, presentity, TRUE, &refusal);
  if (refusal == NULL)
    why->watcher = canonical (self, watcher, FALSE, &refusal);
  if (refusal != NULL) {
    fn ("", refusal, data);
    why_free (why);
    return;
  }
  service_enter (self);
  if (judge_is_ready (self, why->watcher, why->presentity, PRESENCE))
    ready_cb (why);
  else
    judge_prepare (self, why->watcher, why->presentity, ready_cb, why);
}

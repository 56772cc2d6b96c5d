/* SPDX-License-Identifier: ISC
 *
 * A REGISTER's decision: RFC 3261 10.3 steps 6 and 7, all contacts or none,
 * with the bindings of RFC 5626 6.  First everything is judged and planned,
 * then the plan is carried out. */
#define G_LOG_DOMAIN "reg"
#include "reg/reg-priv.h"

#include "addr/aor.h"
#include "addr/uri.h"
#include "base/log.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define HOUR 3600

/* What shall become of one Contact. */
typedef struct {
  const RegContact *contact;
  char *key;
  RegEntry *entry; /* the binding it names, or NULL */
  gint64 expires;  /* seconds; 0 removes */
} Plan;

static void
plan_clear (gpointer data)
{
  g_free (((Plan *)data)->key);
}

static char *
contact_key (const char *contact)
{
  g_autoptr (Uri) uri = NULL;

  if (contact == NULL || !uri_parse (contact, -1, &uri, NULL)
      || uri_scheme (uri) == URI_TEL || uri_host (uri) == NULL)
    return NULL;
  return uri_key (uri);
}

/* RFC 5627 5.1: would it lead back to the AoR? */
static gboolean
is_loop (const RegRequest *request, const RegContact *contact)
{
  g_autofree char *self = aor_to_uri (request->aor), *aor = NULL;
  g_autoptr (Uri) own = NULL, uri = NULL;

  if (contact->instance == NULL || !uri_parse (self, -1, &own, NULL)
      || !uri_parse (contact->uri, -1, &uri, NULL))
    return FALSE;
  aor = uri_aor (uri);
  return uri_equal (own, uri)
         || (uri_param (uri, "gr") != NULL && aor_equal (aor, request->aor));
}

/* RFC 5626 6: through a proxy whose Path has no "ob" there is no outbound. */
static gboolean
has_outbound (const RegRequest *request)
{
  const char *path = request->path, *end, *at;

  if (path == NULL)
    return TRUE;
  end = path + strcspn (path, ">");
  for (at = strstr (path, ";ob"); at != NULL && at < end;
       at = strstr (at + 1, ";ob"))
    if (strchr (";=>?", at[3]) != NULL)
      return TRUE;
  return FALSE;
}

static gboolean
is_flow (const RegRequest *request, const RegContact *contact)
{
  return contact->reg_id != 0 && contact->instance != NULL
         && has_outbound (request);
}

/* What the binding is compared by; NULL for a Contact that cannot be one. */
static char *
plan_key (const RegRequest *request, const RegContact *contact)
{
  g_autofree char *key = contact_key (contact->uri);

  if (key == NULL || !is_flow (request, contact))
    return g_steal_pointer (&key);
  return g_strdup_printf ("%s;reg-id=%u", contact->instance, contact->reg_id);
}

/* What has expired is no current binding, even before reg_advance drops it. */
static RegEntry *
live_entry (Reg *self, RegUser *user, const char *key)
{
  RegEntry *entry = reg_user_entry (user, key);

  return entry != NULL && reg_is_live (self, entry) ? entry : NULL;
}

static guint
count_live (Reg *self, const RegUser *user)
{
  guint n = 0;

  for (guint i = 0; user != NULL && i < user->entries->len; i++)
    n += reg_is_live (self, g_ptr_array_index (user->entries, i));
  return n;
}

/* RFC 5626 6: a Contact with expires=0 may name a flow's binding without its
 * reg-id. */
static RegEntry *
entry_of_contact (Reg *self, RegUser *user, const char *key)
{
  for (guint i = 0; user != NULL && i < user->entries->len; i++) {
    RegEntry *entry = g_ptr_array_index (user->entries, i);
    g_autofree char *own = contact_key (entry->binding->contact);
    if (reg_is_live (self, entry) && g_strcmp0 (own, key) == 0)
      return entry;
  }
  return NULL;
}

static gint64
interval (const RegRequest *request, const RegContact *contact,
          const RegLimits *limits)
{
  gint64 expires = contact->expires;

  if (expires < 0)
    expires = request->expires;
  return expires < 0 ? limits->default_expires : expires;
}

static gboolean
is_brief (const RegLimits *limits, gint64 expires)
{
  return expires > 0 && expires < HOUR && expires < limits->min_expires;
}

/* A binding that is named twice becomes what it was named last. */
static void
drop_plan (GArray *plans, const Plan *newer)
{
  for (guint i = 0; i < plans->len; i++) {
    const Plan *plan = &g_array_index (plans, Plan, i);
    if (strcmp (plan->key, newer->key) == 0
        || (plan->entry != NULL && plan->entry == newer->entry)) {
      g_array_remove_index (plans, i);
      return;
    }
  }
}

static RegVerdict
plan_contact (Reg *self, const RegRequest *request, const RegContact *contact,
              const RegLimits *limits, GArray *plans)
{
  RegUser *user = reg_user (self, request->aor);
  Plan plan = { .contact = contact };

  plan.expires = interval (request, contact, limits);
  plan.key = plan_key (request, contact);
  if (plan.key == NULL)
    return REG_BAD_CONTACT;
  if (is_brief (limits, plan.expires)) {
    g_free (plan.key);
    return REG_BRIEF;
  }
  if (plan.expires > 0 && is_loop (request, contact)) {
    g_free (plan.key);
    return REG_LOOP;
  }
  plan.expires = MIN (plan.expires, (gint64)limits->max_expires);
  plan.entry = live_entry (self, user, plan.key);
  if (plan.entry == NULL && plan.expires == 0)
    plan.entry = entry_of_contact (self, user, plan.key);
  drop_plan (plans, &plan);
  g_array_append_val (plans, plan);
  return REG_OK;
}

/* RFC 5626 6: one flow at a time. */
static gboolean
has_too_many_flows (const RegRequest *request, GArray *plans)
{
  guint n_kept = 0, n_flows = 0;

  for (guint i = 0; i < plans->len; i++) {
    const Plan *plan = &g_array_index (plans, Plan, i);
    if (plan->expires == 0)
      continue;
    n_kept++;
    n_flows += is_flow (request, plan->contact);
  }
  return n_flows > 0 && n_kept > 1;
}

/* Step 7: of requests with one Call-ID only a higher CSeq counts.  One that
 * finds all its contacts as it would leave them has come again. */
static RegVerdict
check_order (const RegRequest *request, GArray *plans)
{
  guint n_repeated = 0, n_new = 0;

  for (guint i = 0; i < plans->len; i++) {
    const Plan *plan = &g_array_index (plans, Plan, i);
    const RegBinding *old;
    if (plan->entry == NULL) {
      n_new += plan->expires > 0;
      continue;
    }
    old = plan->entry->binding;
    if (strcmp (old->call_id, request->call_id) != 0
        || request->cseq > old->cseq)
      n_new++;
    else if (request->cseq == old->cseq && plan->expires > 0)
      n_repeated++;
    else
      return REG_OUT_OF_ORDER;
  }
  if (n_repeated == 0)
    return REG_OK;
  return n_new > 0 ? REG_OUT_OF_ORDER : REG_REPEAT;
}

static gboolean
is_over_max (Reg *self, const RegUser *user, const RegLimits *limits,
             GArray *plans)
{
  guint added = 0, removed = 0;
  guint before = count_live (self, user);

  for (guint i = 0; i < plans->len; i++) {
    const Plan *plan = &g_array_index (plans, Plan, i);
    added += plan->entry == NULL && plan->expires > 0;
    removed += plan->entry != NULL && plan->expires == 0;
  }
  return added > 0 && before + added > (guint64)limits->max_bindings + removed;
}

static RegBinding *
make_binding (const RegUser *user, const RegRequest *request, const Plan *plan,
              gint64 now)
{
  const RegContact *contact = plan->contact;
  RegBinding *binding = g_new0 (RegBinding, 1);

  binding->aor = g_strdup (user->aor);
  binding->contact = g_strdup (contact->uri);
  binding->key = g_strdup (plan->key);
  binding->params = g_strdup (contact->params);
  binding->instance = g_strdup (contact->instance);
  binding->reg_id = is_flow (request, contact) ? contact->reg_id : 0;
  binding->path = g_strdup (request->path);
  binding->q = contact->q < 0 ? 1000 : MIN (contact->q, 1000);
  binding->call_id = g_strdup (request->call_id);
  binding->cseq = request->cseq;
  binding->received = g_strdup (request->received);
  binding->user_agent = g_strdup (request->user_agent);
  binding->flow = request->flow;
  binding->expires_at = now + plan->expires * SECOND;
  binding->updated_at = now;
  return binding;
}

static void
drop (Reg *self, RegEntry *entry, GPtrArray *changes)
{
  g_autoptr (RegBinding) binding = reg_take (self, entry);

  log_debug ("%s leaves %s", binding->aor, binding->contact);
  reg_note (changes, REG_DROP, binding, NULL);
}

static void
put (Reg *self, const RegRequest *request, const Plan *plan, gint64 now,
     GPtrArray *changes)
{
  RegUser *user = reg_user_make (self, request->aor);
  RegBinding *previous = NULL;
  RegEntry *entry;

  if (plan->entry != NULL)
    previous = reg_binding_copy (plan->entry->binding);
  entry = reg_put (self, user, make_binding (user, request, plan, now));
  log_debug ("%s is at %s for %" G_GINT64_FORMAT " s, Call-ID %s", user->aor,
           entry->binding->contact, plan->expires, request->call_id);
  reg_note (changes, REG_PUT, entry->binding, previous);
}

static void
carry_out (Reg *self, const RegRequest *request, GArray *plans, gint64 now,
           GPtrArray *changes)
{
  for (guint i = 0; i < plans->len; i++) {
    const Plan *plan = &g_array_index (plans, Plan, i);
    if (plan->expires > 0)
      put (self, request, plan, now, changes);
    else if (plan->entry != NULL)
      drop (self, plan->entry, changes);
  }
}

/* What came again may have come by a new connection: that is no change of the
 * binding, but the way to it. */
static void
take_flow (Reg *self, const RegRequest *request, GArray *plans)
{
  for (guint i = 0; i < plans->len; i++) {
    const Plan *plan = &g_array_index (plans, Plan, i);
    if (plan->entry != NULL && plan->entry->binding->flow == 0)
      reg_set_flow (self, plan->entry, request->flow);
  }
}

/* Step 6. */
static RegVerdict
register_star (Reg *self, const RegRequest *request, GPtrArray *changes)
{
  RegUser *user = reg_user (self, request->aor);

  if (request->n_contacts > 0 || request->expires != 0)
    return REG_BAD_STAR;
  if (user == NULL)
    return REG_OK;
  for (guint i = 0; i < user->entries->len; i++) {
    const RegEntry *entry = g_ptr_array_index (user->entries, i);
    if (reg_is_live (self, entry)
        && strcmp (entry->binding->call_id, request->call_id) == 0
        && request->cseq <= entry->binding->cseq)
      return REG_OUT_OF_ORDER;
  }
  for (guint left = user->entries->len; left > 0; left--)
    drop (self, g_ptr_array_index (user->entries, 0), changes);
  return REG_OK;
}

static RegVerdict
judge (Reg *self, const RegRequest *request, const RegLimits *limits,
       GArray *plans)
{
  RegUser *user = reg_user (self, request->aor);
  RegVerdict verdict;

  for (gsize i = 0; i < request->n_contacts; i++) {
    verdict
        = plan_contact (self, request, &request->contacts[i], limits, plans);
    if (verdict != REG_OK)
      return verdict;
  }
  if (has_too_many_flows (request, plans))
    return REG_BAD_CONTACT;
  verdict = check_order (request, plans);
  if (verdict == REG_OK && is_over_max (self, user, limits, plans))
    return REG_TOO_MANY;
  return verdict;
}

RegVerdict
reg_register (Reg *self, const RegRequest *request, const RegLimits *limits,
              gint64 now, GPtrArray *changes)
{
  g_autoptr (GArray) plans = g_array_new (FALSE, FALSE, sizeof (Plan));
  RegVerdict verdict;

  g_array_set_clear_func (plans, plan_clear);
  self->now = MAX (self->now, now);
  if (request->is_star)
    return register_star (self, request, changes);
  if (request->n_contacts == 0)
    return REG_OK;
  verdict = judge (self, request, limits, plans);
  if (verdict == REG_OK)
    carry_out (self, request, plans, now, changes);
  else if (verdict == REG_REPEAT)
    take_flow (self, request, plans);
  return verdict;
}

static gboolean
is_as_set (const RegEntry *entry, const RegBinding *binding)
{
  return entry != NULL && entry->binding->cseq == binding->cseq
         && strcmp (entry->binding->call_id, binding->call_id) == 0;
}

void
reg_shorten (Reg *self, GPtrArray *changes, guint seconds, gint64 now)
{
  gint64 until = now + seconds * SECOND;

  for (guint i = 0; i < changes->len; i++) {
    RegChange *change = g_ptr_array_index (changes, i);
    RegBinding *copy = change->binding;
    RegEntry *entry;
    if (change->kind != REG_PUT)
      continue;
    copy->expires_at = MIN (copy->expires_at, until);
    entry = reg_user_entry (reg_user (self, copy->aor), copy->key);
    if (!is_as_set (entry, copy))
      continue;
    entry->binding->expires_at = MIN (entry->binding->expires_at, until);
    wheel_arm (self->wheel, &entry->timer, entry->binding->expires_at);
  }
}

static void
undo (Reg *self, const RegChange *change)
{
  const RegBinding *binding = change->binding;
  const RegBinding *before
      = change->kind == REG_PUT ? change->previous : binding;
  RegEntry *entry
      = reg_user_entry (reg_user (self, binding->aor), binding->key);

  if (change->kind == REG_PUT && !is_as_set (entry, binding))
    return;
  if (change->kind == REG_DROP && entry != NULL)
    return;
  if (before != NULL && before->expires_at > self->now)
    reg_put (self, reg_user_make (self, binding->aor),
             reg_binding_copy (before));
  else if (entry != NULL)
    reg_binding_free (reg_take (self, entry));
}

void
reg_undo (Reg *self, GPtrArray *changes, gint64 now)
{
  self->now = MAX (self->now, now);
  for (guint i = changes->len; i > 0; i--)
    undo (self, g_ptr_array_index (changes, i - 1));
}

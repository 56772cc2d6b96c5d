/* SPDX-License-Identifier: ISC
 *
 * Start: bindings, publications, permanent presence and subscriptions come back
 * from the store, and watchers on UDP hear of it in their old dialogs, paced
 * (DESIGN section 3, rule 8). */
#define G_LOG_DOMAIN "service"
#include "service/calls.h"
#include "service/judge.h"
#include "service/mail.h"
#include "service/orphans.h"
#include "service/permanent.h"
#include "service/seen.h"
#include "service/shape.h"
#include "service/xcap_events.h"
#include "service/xmpp-presence.h"
#include "service/xmpp-rooms.h"

#include "addr/aor.h"
#include "codec/pidf.h"

#include <string.h>

static void
secret_cb (const guint8 *secret, gpointer data)
{
  Service *self = data;

  memcpy (self->secret, secret, STORE_SECRET_LEN);
}

static void
settings_cb (const PolicySettings *settings, gpointer data)
{
  Service *self = data;

  self->settings = *settings;
  mail_settings_changed (self->mail);
}

static void
user_cb (StoreUser *user, gpointer data)
{
  Service *self = data;

  g_hash_table_replace (self->users, user->aor, user);
}

static void
binding_cb (RegBinding *binding, gpointer data)
{
  Service *self = data;
  g_autofree char *aor = g_strdup (binding->aor);

  reg_restore (self->reg, binding, service_now (self));
  presence_set_registered (self->presence, aor, reg_is_online (self->reg, aor));
}

/* FALSE: what is stored of it is no document. */
static gboolean
read_stored (const PresenceRow *row, PresenceDoc **doc_out)
{
  g_autoptr (GError) error = NULL;
  gsize len;
  const char *bytes;

  if (row->is_removed || row->body == NULL)
    return TRUE;
  if (strcmp (row->event, CALLS_EVENT) == 0)
    return TRUE;
  bytes = g_bytes_get_data (row->body, &len);
  if (pidf_parse (bytes, len, doc_out, &error))
    return TRUE;
  g_warning ("stored publication of %s: %s", row->aor, error->message);
  return FALSE;
}

static void
publication_cb (PresenceRow *row, gpointer data)
{
  Service *self = data;
  PresenceDoc *doc = NULL;
  g_autofree char *aor = NULL;
  gboolean is_of_calls = strcmp (row->event, CALLS_EVENT) == 0;

  if (seen_restore (self, row))
    return;
  if (!read_stored (row, &doc)) {
    presence_row_free (row);
    return;
  }
  aor = is_of_calls ? g_strdup (row->aor) : NULL;
  presence_restore (self->presence, row, doc, service_now (self));
  if (is_of_calls)
    calls_restored (self, aor);
}

/* Needs it no connection that its device has to make first? */
static gboolean
can_be_told (const SubsDialog *dialog)
{
  return xmpp_presence_is_watcher (dialog)
         || (dialog->source != NULL
             && g_str_has_prefix (dialog->source, "udp:"));
}

/* Is there still who watches, and what?  There may be no link to XMPP any
 * more. */
static gboolean
is_there (Service *self, const SubsDialog *dialog)
{
  if (xmpp_presence_is_watcher (dialog) && !xmpp_is_there (self))
    return FALSE;
  return lists_is_list (dialog)
         || service_user (self, dialog->presentity) != NULL
         || xmpp_presence_is_contact (self, dialog->presentity)
         || xmpp_rooms_is_asked (self, dialog);
}

static void
subscription_cb (SubsStored *row, gpointer data)
{
  Service *self = data;
  Sub *sub = is_there (self, &row->dialog)
                 ? subs_restore (self->subs, row, service_now (self))
                 : NULL;

  if (sub != NULL) {
    shape_attach (self, sub, NULL);
    service_pace (self, can_be_told (&row->dialog) ? PACE_WAKE : PACE_JUDGE,
                  sub);
  }
  subs_stored_free (row);
}

static void
loaded_cb (gpointer data)
{
  Service *self = data;

  self->is_ready = TRUE;
  orphans_loaded (self);
  xmpp_rooms_loaded (self);
  g_message ("loaded %u users, %u bindings, %u publications, %u subscriptions",
             g_hash_table_size (self->users), reg_size (self->reg),
             presence_size (self->presence), subs_size (self->subs));
  service_pace_start (self);
  permanent_loaded (self);
  self->ready_fn (self->ready_data);
}

void
service_up_changed (gboolean is_up, gpointer data)
{
  Service *self = data;

  *counters_cell (self->counters, "database_up") = is_up;
  if (!is_up)
    return;
  service_retry_reserves (self);
  judge_retry (self);
  mail_store_back (self->mail);
  xcap_events_retry (self);
  permanent_retry (self);
}

void
service_start (Service *self, void (*ready) (gpointer data), gpointer data)
{
  static const StoreLoadFns fns = { .user = user_cb,
                                    .binding = binding_cb,
                                    .publication = publication_cb,
                                    .subscription = subscription_cb,
                                    .loaded = loaded_cb,
                                    .secret = secret_cb,
                                    .settings = settings_cb,
                                    .waiting = mail_waiting_cb,
                                    .message_seen = mail_seen_cb,
                                    .last_message = mail_last_cb,
                                    .permanent = permanent_load_cb,
                                    .member = xmpp_rooms_member_cb };

  self->ready_fn = ready;
  self->ready_data = data;
  self->store->load (self->store->self, &fns, self);
}

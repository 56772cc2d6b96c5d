/* SPDX-License-Identifier: ISC
 *
 * Message summaries (RFC 3842 5.2): stored messages are of the class
 * text-message, all new.  Who signs in with a thousand of them has a thousand
 * changes, and hears of them once a second. */
#define G_LOG_DOMAIN "service"
#include "service/summary.h"

#include "addr/aor.h"
#include "service/mail.h"

#define QUIET_MS 1000

/* Of one account, for a second after each NOTIFY. */
typedef struct {
  Service *service;
  char *aor;
  LoopTimer *timer;
  gboolean is_stale; /* the number has changed meanwhile */
} Quiet;

struct Summaries {
  GHashTable *quiet; /* AoR -> Quiet */
};

static void
quiet_free (gpointer data)
{
  Quiet *self = data;
  LoopPort *loop = self->service->loop;

  if (self->timer != NULL)
    loop->remove_timer (loop->self, self->timer);
  g_free (self->aor);
  g_free (self);
}

Summaries *
summaries_new (void)
{
  Summaries *self = g_new0 (Summaries, 1);

  self->quiet = g_hash_table_new_full (aor_hash, aor_equal, NULL, quiet_free);
  return self;
}

void
summaries_free (Summaries *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->quiet);
  g_free (self);
}

GBytes *
summary_document (Service *service, Sub *sub)
{
  const char *aor = sub_dialog (sub)->presentity;
  guint n = mail_waiting (service->mail, aor);
  g_autofree char *uri = aor_to_uri (aor);
  char *text = g_strdup_printf ("Messages-Waiting: %s\r\n"
                                "Message-Account: %s\r\n"
                                "Text-Message: %u/0\r\n",
                                n > 0 ? "yes" : "no", uri, n);

  return g_bytes_new_take (text, strlen (text));
}

static void
tell (Service *service, const char *aor)
{
  GArray *actions = subs_actions_new ();

  subs_changed (service->subs, aor, g_intern_static_string (SUMMARY),
                service_now (service), actions);
  service_act (service, actions);
}

static void
quiet_cb (gpointer data)
{
  Quiet *self = data;
  LoopPort *loop = self->service->loop;

  self->timer = NULL;
  if (!self->is_stale) {
    g_hash_table_remove (self->service->summaries->quiet, self->aor);
    return;
  }
  self->is_stale = FALSE;
  self->timer = loop->after (loop->self, QUIET_MS, quiet_cb, self);
  tell (self->service, self->aor);
}

void
summary_changed (Service *service, const char *aor)
{
  Quiet *quiet = g_hash_table_lookup (service->summaries->quiet, aor);
  LoopPort *loop = service->loop;

  if (quiet != NULL) {
    quiet->is_stale = TRUE;
    return;
  }
  if (subs_count (service->subs, aor, SUMMARY) == 0)
    return;
  quiet = g_new0 (Quiet, 1);
  quiet->service = service;
  quiet->aor = g_strdup (aor);
  quiet->timer = loop->after (loop->self, QUIET_MS, quiet_cb, quiet);
  g_hash_table_insert (service->summaries->quiet, quiet->aor, quiet);
  tell (service, aor);
}

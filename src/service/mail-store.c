/* SPDX-License-Identifier: ISC
 *
 * Letters and the store: what is written and read, and its news. */
#define G_LOG_DOMAIN "service"
#include "service/mail-priv.h"

#include "addr/aor.h"
#include "service/xmpp-message.h"

/* A request of before a start may still come again (RFC 3261 17.1.2.2: 32 s),
 * also from a client that tries for longer. */
#define SEEN_FOR ((gint64)300 * 1000000)
/* More than may wait for one user, when what waits is looked through. */

/* --- Writing --- */

void
mail_stored (Mail *self, guint64 id, gboolean is_stored)
{
  Letter *letter = letter_find (self, id);
  GArray *actions = im_actions_new ();
  g_autoptr (GPtrArray) devices = NULL;

  if (letter != NULL) {
    devices = mail_devices (self, letter->message->recipient, NULL);
    letter->is_stored = letter->is_known = is_stored;
    if (is_stored)
      letter_settle (self, letter);
  }
  im_stored (self->im, id, is_stored,
             devices != NULL ? (const char *const *)devices->pdata : NULL,
             devices != NULL ? devices->len : 0, service_now (self->service),
             actions);
  mail_carry_out (self, actions);
}

static void
put_cb (MessagesOutcome outcome, gpointer data)
{
  Asked *asked = data;
  Mail *self = asked->mail;
  guint64 id = asked->id;
  Letter *letter = letter_find (self, id);

  asked_free (asked);
  if (letter != NULL)
    letter->is_repeated = outcome == MESSAGES_REPEATED;
  if (letter != NULL && letter->is_first && outcome == MESSAGES_DONE)
    mail_pace (self, letter);
  else
    mail_stored (self, id, outcome == MESSAGES_DONE);
}

void
mail_put (Mail *self, Letter *letter, GArray *actions)
{
  MessagesPort *port = self->service->messages;

  if (port != NULL)
    port->put (port->self, letter->message, put_cb,
               asked_new (self, letter->id, NULL));
  else
    im_stored (self->im, letter->id, FALSE, NULL, 0,
               service_now (self->service), actions);
}

static void
end_cb (MessagesOutcome outcome, gpointer data)
{
  asked_free (data);
}

static void
taken_cb (MessagesOutcome outcome, gpointer data)
{
  Asked *asked = data;
  Mail *self = asked->mail;
  GArray *actions = im_actions_new ();

  im_taken (self->im, asked->id, outcome == MESSAGES_DONE,
            service_now (self->service), actions);
  asked_free (asked);
  mail_carry_out (self, actions);
}

void
mail_end (Mail *self, const ImAction *action, MessagesEnd end)
{
  MessagesPort *port = self->service->messages;
  guint status = end == MESSAGES_TAKEN ? 200 : action->status;

  port->end (port->self, action->recipient, action->message, end,
             end == MESSAGES_EXPIRED ? NULL : action->device, status,
             end == MESSAGES_TAKEN ? taken_cb : end_cb,
             asked_new (self, action->message, NULL));
}

/* --- Reading --- */

static ImRow
row_of (const StoredMessage *message)
{
  return (ImRow){ .id = message->id,
                  .expires_at = message->expires_at,
                  .refused = (const char *const *)message->refused };
}

/* Letters of those that were read; what is in memory already stays. */
static GArray *
take_rows (Mail *self, GPtrArray *messages)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (ImRow));

  for (guint i = 0; messages != NULL && i < messages->len; i++) {
    StoredMessage *message = g_ptr_array_index (messages, i);
    ImRow row = row_of (message);

    g_array_append_val (rows, row);
  }
  return rows;
}

static void
take_letters (Mail *self, GPtrArray *messages)
{
  for (guint i = 0; messages != NULL && i < messages->len; i++) {
    StoredMessage *message = g_ptr_array_index (messages, i);
    Letter *letter;

    if (letter_find (self, message->id) != NULL)
      continue;
    messages->pdata[i] = NULL;
    letter = letter_new (self, message);
    letter->is_stored = letter->is_known = letter->is_own = TRUE;
  }
}

static void
read_cb (const MessagesRead *read, gpointer data)
{
  Asked *asked = data;
  Mail *self = asked->mail;
  g_autoptr (GPtrArray) messages = read->messages;
  g_autofree char *recipient = g_strdup (asked->device);
  g_autoptr (GPtrArray) devices = mail_devices (self, recipient, NULL);
  GArray *actions = im_actions_new ();
  g_autoptr (GArray) rows = take_rows (self, messages);
  ImLoaded outcome = !read->is_read ? IM_NOT_LOADED
                     : read->is_all ? IM_LOADED_ALL
                                    : IM_LOADED_SOME;

  asked_free (asked);
  take_letters (self, messages);
  im_loaded (self->im, recipient, outcome, (ImRow *)rows->data, rows->len,
             (const char *const *)devices->pdata, devices->len,
             service_now (self->service), actions);
  mail_carry_out (self, actions);
}

void
mail_read (Mail *self, const ImAction *action)
{
  MessagesPort *port = self->service->messages;

  port->read (port->self, action->recipient, action->message, action->n,
              read_cb, asked_new (self, 0, action->recipient));
}

/* --- The ledger --- */

void
mail_note_reply (Mail *self, const Letter *letter, const char *device,
                 guint status)
{
  MessagesPort *port = self->service->messages;
  MessagesState state = status < 300        ? MESSAGES_DELIVERED
                        : letter->is_stored ? MESSAGES_SENT
                                            : MESSAGES_NOT_TAKEN;

  if (port != NULL)
    port->note_delivery (port->self, letter->id, letter->message->recipient,
                         device, state, status);
}

void
mail_note (Mail *self, Letter *letter)
{
  MessagesPort *port = self->service->messages;

  if (port == NULL || letter->is_untold || letter->is_known)
    return;
  letter->is_known = TRUE;
  port->note_message (port->self, letter->message);
  for (guint i = 0; letter->replies != NULL && i < letter->replies->len; i++) {
    const Reply *reply = &g_array_index (letter->replies, Reply, i);

    mail_note_reply (self, letter, reply->device, reply->status);
  }
}

void
mail_note_refused (Mail *self, StoredMessage *message, guint status)
{
  MessagesPort *port = self->service->messages;

  message->id = mail_next_id (self);
  port->note_message (port->self, message);
  port->note_delivery (port->self, message->id, message->recipient, "",
                       status < 300 ? MESSAGES_DELIVERED : MESSAGES_NOT_TAKEN,
                       status);
  stored_message_free (message);
}

/* --- Housekeeping --- */

static void
counted (Mail *self, const char *recipient, guint n)
{
  GArray *actions = im_actions_new ();

  im_counted (self->im, recipient, n, service_now (self->service), actions);
  mail_carry_out (self, actions);
}

static void
counted_cb (const char *recipient, gint64 n, gpointer data)
{
  if (n >= 0)
    counted (((Asked *)data)->mail, recipient, (guint)n);
}

static void
swept_cb (MessagesOutcome outcome, gpointer data)
{
  Asked *asked = data;

  asked->mail->is_sweeping = FALSE;
  asked_free (asked);
}

void
mail_sweep (Mail *self)
{
  MessagesPort *port = self->service->messages;

  if (port == NULL || self->is_sweeping)
    return;
  self->is_sweeping = TRUE;
  port->sweep (port->self, self->service->limits.ledger_keep, counted_cb,
               swept_cb, asked_new (self, 0, NULL));
}

/* --- News --- */

void
mail_waiting_cb (const char *recipient, guint n, gpointer data)
{
  Mail *self = ((Service *)data)->mail;

  counted (self, recipient, n);
  g_queue_push_tail (&self->due, g_strdup (recipient));
}

static char *
seen_key (const char *call_id, const char *from_tag, guint32 cseq)
{
  return g_strdup_printf ("%s %s %u", call_id, from_tag, cseq);
}

void
mail_seen_cb (const char *call_id, const char *from_tag, guint32 cseq,
              gpointer data)
{
  Mail *self = ((Service *)data)->mail;

  if (self->seen == NULL)
    self->seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->seen_until = service_now (data) + SEEN_FOR;
  g_hash_table_add (self->seen, seen_key (call_id, from_tag, cseq));
}

gboolean
mail_was_seen (Mail *self, const ServiceCaller *caller)
{
  g_autofree char *key = NULL;

  if (self->seen == NULL || caller->call_id == NULL || caller->from_tag == NULL)
    return FALSE;
  key = seen_key (caller->call_id, caller->from_tag, caller->cseq);
  return g_hash_table_contains (self->seen, key);
}

void
mail_last_cb (guint64 id, gpointer data)
{
  Mail *self = ((Service *)data)->mail;

  self->last_id = MAX (self->last_id, id);
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  guint64 left = *(const guint64 *)a, right = *(const guint64 *)b;

  return (left > right) - (left < right);
}

static gboolean
is_among (const GArray *ids, guint64 id)
{
  return g_array_binary_search ((GArray *)ids, &id, compare_ids, NULL);
}

/* Those in memory that are on disk no more.  The caller frees. */
static GArray *
removed (Mail *self, const char *recipient, const GArray *there)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint64));
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->letters);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Letter *letter = value;

    if (letter->is_stored && aor_equal (letter->message->recipient, recipient)
        && !is_among (there, letter->id))
      g_array_append_val (ids, letter->id);
  }
  return ids;
}

/* Who waits for the reads that are under way. */
typedef struct {
  StoreDoneFn done;
  gpointer data;
} Looked;

static StoreOutcome
looked_outcome (const Mail *self)
{
  return self->unread.length > 0 ? STORE_AWAY : STORE_COMMITTED;
}

void
mail_when_looked (Mail *self, StoreDoneFn done, gpointer data)
{
  Looked *looked;

  if (self->n_looks == 0) {
    done (looked_outcome (self), data);
    return;
  }
  looked = g_new (Looked, 1);
  *looked = (Looked){ done, data };
  g_queue_push_tail (&self->on_looked, looked);
}

void
mail_tell_looked (Mail *self, StoreOutcome outcome)
{
  while (self->on_looked.length > 0) {
    g_autofree Looked *looked = g_queue_pop_head (&self->on_looked);

    looked->done (outcome, looked->data);
  }
}

static void
looked_cb (const GArray *there, gpointer data)
{
  Asked *asked = data;
  Mail *self = asked->mail;
  g_autofree char *recipient = g_strdup (asked->device);
  g_autoptr (GArray) ids = NULL;
  GArray *actions = im_actions_new ();

  asked_free (asked);
  ids = there != NULL ? removed (self, recipient, there) : NULL;
  for (guint i = 0; ids != NULL && i < ids->len; i++)
    im_purged (self->im, recipient, g_array_index (ids, guint64, i),
               service_now (self->service), actions);
  if (there != NULL)
    im_counted (self->im, recipient, there->len, service_now (self->service),
                actions);
  else
    g_queue_push_tail (&self->unread, g_strdup (recipient));
  mail_carry_out (self, actions);
  mail_look_at (self, recipient);
  if (--self->n_looks == 0)
    mail_tell_looked (self, looked_outcome (self));
}

static void
look_through (Mail *self, const char *recipient)
{
  MessagesPort *port = self->service->messages;

  self->n_looks++;
  port->list (port->self, recipient, looked_cb, asked_new (self, 0, recipient));
}

void
mail_look_again (Mail *self)
{
  for (guint n = self->unread.length; n > 0; n--) {
    g_autofree char *recipient = g_queue_pop_head (&self->unread);

    look_through (self, recipient);
  }
}

void
mail_changed_cb (const char *recipient, gpointer data)
{
  Service *service = data;
  g_autoptr (GPtrArray) beyond = NULL;
  GHashTableIter iter;
  gpointer aor;

  if (service->messages == NULL)
    return;
  if (recipient != NULL) {
    look_through (service->mail, recipient);
    return;
  }
  g_hash_table_iter_init (&iter, service->users);
  while (g_hash_table_iter_next (&iter, &aor, NULL))
    if (mail_waiting (service->mail, aor) > 0)
      look_through (service->mail, aor);
  beyond = xmpp_mail_waiting (service);
  for (guint i = 0; i < beyond->len; i++)
    look_through (service->mail, beyond->pdata[i]);
}

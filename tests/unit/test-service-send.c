/* SPDX-License-Identifier: ISC
 *
 * service/: an administrator's message to many, and what "in force" means for
 * messages that he removed. */
#include "tests/lib/servicebed.h"

#include <string.h>

typedef struct {
  ServiceBed *bed;
  MessagesPort port; /* the store's, but what is listed may be held back */
  MessagesPort *store;
  gboolean holds;
  char *recipient; /* ...of the list that is */
  MessagesListFn listed;
  gpointer listed_data;
  char *said; /* how the last service_send ended */
  int synced; /* StoreOutcome of the last service_sync; -1: none */
} World;

static void
read_messages (gpointer port, const char *recipient, guint64 after, guint n,
               MessagesReadFn done, gpointer data)
{
  MessagesPort *store = ((World *)port)->store;

  store->read (store->self, recipient, after, n, done, data);
}

static void
list_later (gpointer port, const char *recipient, MessagesListFn done,
            gpointer data)
{
  World *self = port;

  if (!self->holds) {
    self->store->list (self->store->self, recipient, done, data);
    return;
  }
  g_assert_null (self->recipient);
  self->recipient = g_strdup (recipient);
  self->listed = done;
  self->listed_data = data;
}

static void
put (gpointer port, const StoredMessage *message, MessagesFn done,
     gpointer data)
{
  MessagesPort *store = ((World *)port)->store;

  store->put (store->self, message, done, data);
}

static void
note_message (gpointer port, const StoredMessage *message)
{
  MessagesPort *store = ((World *)port)->store;

  store->note_message (store->self, message);
}

static void
note_delivery (gpointer port, guint64 id, const char *recipient,
               const char *device, MessagesState state, guint status)
{
  MessagesPort *store = ((World *)port)->store;

  store->note_delivery (store->self, id, recipient, device, state, status);
}

static void
sweep (gpointer port, guint keep, MessagesCountFn counted, MessagesFn done,
       gpointer data)
{
  World *self = port;

  self->store->sweep (self->store->self, keep, counted, done, data);
}

static void
set_up (World *self, gconstpointer data)
{
  self->bed = bed_new ();
  self->store = store_mem_messages (self->bed->store);
  self->port = (MessagesPort){ .self = self,
                               .put = put,
                               .read = read_messages,
                               .list = list_later,
                               .note_message = note_message,
                               .note_delivery = note_delivery,
                               .sweep = sweep };
  self->bed->settings.im_enabled = TRUE;
  bed_set (self->bed);
  service_set_messages (self->bed->service, &self->port);
  self->synced = -1;
}

static void
tear_down (World *self, gconstpointer data)
{
  bed_free (self->bed);
  g_free (self->said);
  g_free (self->recipient);
}

static void
sent_cb (const ServiceSent *sent, const char *error, gpointer data)
{
  World *self = data;

  g_assert_null (self->said);
  self->said = error != NULL
                   ? g_strdup (error)
                   : g_strdup_printf ("%u %u %u%s", sent->n_taken,
                                      sent->n_refused, sent->n_failed,
                                      *sent->call_id != '\0' ? "" : "?");
}

/* How it ends. */
static const char *
send (World *self, ServiceSend *message)
{
  g_clear_pointer (&self->said, g_free);
  message->text = "hello";
  if (message->from == NULL)
    message->from = "root@example.com";
  service_send (self->bed->service, message, sent_cb, self);
  fake_loop_settle (self->bed->loop);
  g_assert_nonnull (self->said);
  return self->said;
}

static void
test_counts (World *self, gconstpointer data)
{
  const char *to[] = { "sip:bob@example.com", "sip:carol@example.com",
                       "sip:nobody@example.com", "tel:+49301", NULL };

  g_assert_cmpstr (send (self, &(ServiceSend){ .to = to }), ==, "2 2 0");
  g_assert_cmpstr (send (self, &(ServiceSend){ 0 }), ==, "3 0 0");
}

/* In whatever spelling: one copy each (RFC 5365 7.2 asks it of lists). */
static void
test_named_twice (World *self, gconstpointer data)
{
  const char *to[] = { "sip:bob@example.com", "sip:BOB@Example.com",
                       "sip:%62ob@example.com", NULL };

  g_assert_cmpstr (send (self, &(ServiceSend){ .to = to }), ==, "1 0 0");
}

static void
test_errors (World *self, gconstpointer data)
{
  g_assert_cmpstr (send (self, &(ServiceSend){ .from = "a@example.net" }), ==,
                   "the sender is not in a domain of this server's");
  g_assert_cmpstr (
      send (self, &(ServiceSend){ .owner = "x@example.com", .group = "g" }), ==,
      "there is no user who owns this group");
  g_assert_cmpstr (send (self, &(ServiceSend){ .owner = ALICE, .group = "g" }),
                   ==, "No such group of contacts");
  self->bed->settings.im_enabled = FALSE;
  bed_set (self->bed);
  g_assert_cmpstr (send (self, &(ServiceSend){ 0 }), ==,
                   "messages are off (the setting im_enabled)");
}

static void
synced_cb (StoreOutcome outcome, gpointer data)
{
  ((World *)data)->synced = outcome;
}

/* A sync ends when what waits has been compared with what is left on disk. */
static void
test_purge_in_force (World *self, gconstpointer data)
{
  const char *to[] = { "sip:bob@example.com", NULL };
  Service *service = self->bed->service;
  g_autoptr (GArray) nothing = g_array_new (FALSE, FALSE, sizeof (guint64));

  send (self, &(ServiceSend){ .to = to });
  self->holds = TRUE;
  store_mem_purge_messages (self->bed->store, BOB);
  service_sync (service, synced_cb, self);
  fake_loop_settle (self->bed->loop);
  g_assert_cmpstr (self->recipient, ==, BOB);
  g_assert_cmpint (self->synced, ==, -1);
  self->listed (nothing, self->listed_data);
  g_assert_cmpint (self->synced, ==, STORE_COMMITTED);
}

/* PostgreSQL goes in between: the sync says so, and it is read when it is back. */
static void
test_purge_while_away (World *self, gconstpointer data)
{
  const char *to[] = { "sip:bob@example.com", NULL };
  Service *service = self->bed->service;

  send (self, &(ServiceSend){ .to = to });
  self->holds = TRUE;
  store_mem_purge_messages (self->bed->store, BOB);
  service_sync (service, synced_cb, self);
  fake_loop_settle (self->bed->loop);
  self->listed (NULL, self->listed_data);
  g_assert_cmpint (self->synced, ==, STORE_AWAY);
  g_clear_pointer (&self->recipient, g_free);
  store_mem_set_up (self->bed->store, FALSE);
  store_mem_set_up (self->bed->store, TRUE);
  fake_loop_settle (self->bed->loop);
  g_assert_cmpstr (self->recipient, ==, BOB);
}

/* Who waits when it all ends is told. */
static void
test_purge_at_the_end (World *self, gconstpointer data)
{
  const char *to[] = { "sip:bob@example.com", NULL };

  send (self, &(ServiceSend){ .to = to });
  self->holds = TRUE;
  store_mem_purge_messages (self->bed->store, BOB);
  service_sync (self->bed->service, synced_cb, self);
  fake_loop_settle (self->bed->loop);
  service_free (g_steal_pointer (&self->bed->service));
  g_assert_cmpint (self->synced, ==, STORE_AWAY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(PATH, TEST) g_test_add (PATH, World, NULL, set_up, TEST, tear_down)
  ADD ("/send/counts", test_counts);
  ADD ("/send/rfc5365-7.2/named-twice", test_named_twice);
  ADD ("/send/errors", test_errors);
  ADD ("/purge/in-force", test_purge_in_force);
  ADD ("/purge/while-away", test_purge_while_away);
  ADD ("/purge/at-the-end", test_purge_at_the_end);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * port/messages.h: one suite for both stores. */
#include "tests/contract/messages.h"

#include <string.h>

#define SECOND ((gint64)G_USEC_PER_SEC)
#define NOW ((guint64)g_get_real_time ())

/* --- Calls --- */

typedef struct {
  Rig *rig;
  char *label;
} Waiter;

static Waiter *
waiter_new (Rig *rig, const char *label)
{
  Waiter *self = g_new0 (Waiter, 1);

  self->rig = rig;
  self->label = g_strdup (label);
  return self;
}

static void
done_cb (MessagesOutcome outcome, gpointer data)
{
  static const char *const names[] = { "DONE", "REPEATED", "REFUSED", "AWAY" };
  Waiter *waiter = data;

  g_assert_false (waiter->rig->is_submitting);
  g_string_append_printf (waiter->rig->outcomes, "%s=%s\n", waiter->label,
                          names[outcome]);
  waiter->rig->n_outcomes++;
  g_free (waiter->label);
  g_free (waiter);
}

StoredMessage *
sample_message (guint64 id, const char *recipient)
{
  StoredMessage *m = g_new0 (StoredMessage, 1);
  g_autofree char *body = g_strdup_printf ("body %" G_GUINT64_FORMAT, id);

  m->id = id;
  m->call_id = g_strdup_printf ("ca\\ll{%" G_GUINT64_FORMAT "}@\"x\"", id);
  m->from_tag = g_strdup ("tag");
  m->cseq = 4294967295u;
  m->sender = g_strdup (BOB);
  m->recipient = g_strdup (recipient);
  m->imdn_id = g_strdup_printf ("imdn-%" G_GUINT64_FORMAT, id);
  m->content_type = g_strdup ("text/plain;charset=\"UTF-8\"");
  m->headers = g_strdup ("From: \"B\xc3\xb6\" <sip:bob@example.com>\r\n"
                         "To: <sip:alice@example.com>\r\n");
  m->body = g_bytes_new (body, strlen (body));
  m->created_at = g_get_real_time () - 7 * SECOND;
  m->expires_at = g_get_monotonic_time () + 3600 * SECOND;
  return m;
}

void
msg_put (Rig *rig, const char *label, const StoredMessage *message)
{
  rig->is_submitting = TRUE;
  rig->messages->put (rig->messages->self, message, done_cb,
                      waiter_new (rig, label));
  rig->is_submitting = FALSE;
}

void
msg_put_sample (Rig *rig, guint64 id, const char *recipient)
{
  g_autoptr (StoredMessage) message = sample_message (id, recipient);
  g_autofree char *label = g_strdup_printf ("%" G_GUINT64_FORMAT, id);

  msg_put (rig, label, message);
}

void
msg_end (Rig *rig, const char *label, const char *recipient, guint64 id,
         MessagesEnd end, const char *device, guint status)
{
  rig->is_submitting = TRUE;
  rig->messages->end (rig->messages->self, recipient, id, end, device, status,
                      done_cb, waiter_new (rig, label));
  rig->is_submitting = FALSE;
}

/* The last read. */
static struct {
  gboolean is_here;
  GPtrArray *messages;
  GString *text;
} the_read;

static void
read_cb (const MessagesRead *read, gpointer data)
{
  g_assert_false (((Rig *)data)->is_submitting);
  g_assert_cmpint (read->is_read, ==, read->messages != NULL);
  the_read.is_here = TRUE;
  the_read.messages = read->messages;
  g_string_assign (the_read.text, read->is_read ? "" : "away");
  for (guint i = 0; read->is_read && i < read->messages->len; i++) {
    const StoredMessage *m = read->messages->pdata[i];

    g_string_append_printf (the_read.text, "%s%" G_GUINT64_FORMAT,
                            i > 0 ? " " : "", m->id);
  }
  if (read->is_read && !read->is_all)
    g_string_append_c (the_read.text, '+');
}

const GPtrArray *
msg_last (void)
{
  return the_read.messages;
}

static gboolean
is_read (gpointer data)
{
  return the_read.is_here;
}

const char *
msg_read (Rig *rig, const char *recipient, guint64 after, guint n)
{
  the_read.is_here = FALSE;
  g_clear_pointer (&the_read.messages, g_ptr_array_unref);
  if (the_read.text == NULL)
    the_read.text = g_string_new (NULL);
  rig->is_submitting = TRUE;
  rig->messages->read (rig->messages->self, recipient, after, n, read_cb, rig);
  rig->is_submitting = FALSE;
  rig_wait (rig, is_read, NULL);
  return the_read.text->str;
}

static gint64 the_count;

static void
list_cb (const GArray *ids, gpointer data)
{
  g_assert_false (((Rig *)data)->is_submitting);
  the_count = ids != NULL ? (gint64)ids->len : -1;
  for (guint i = 1; ids != NULL && i < ids->len; i++)
    g_assert_cmpuint (g_array_index (ids, guint64, i), >,
                      g_array_index (ids, guint64, i - 1));
}

static gboolean
is_counted (gpointer data)
{
  return the_count != -2;
}

gint64
msg_count (Rig *rig, const char *recipient)
{
  the_count = -2;
  rig->is_submitting = TRUE;
  rig->messages->list (rig->messages->self, recipient, list_cb, rig);
  rig->is_submitting = FALSE;
  rig_wait (rig, is_counted, NULL);
  return the_count;
}

static void
swept_cb (const char *recipient, gint64 n, gpointer data)
{
  g_string_append_printf (((Waiter *)data)->rig->outcomes,
                          "%s:%" G_GINT64_FORMAT "\n", recipient, n);
}

void
msg_sweep (Rig *rig, const char *label, guint keep)
{
  rig->is_submitting = TRUE;
  rig->messages->sweep (rig->messages->self, keep, swept_cb, done_cb,
                        waiter_new (rig, label));
  rig->is_submitting = FALSE;
}

void
msg_expect_done (Rig *rig, guint n)
{
  g_auto (GStrv) lines = NULL;

  while (rig->n_outcomes < n)
    test_loop_turn (rig->loop, 10);
  lines = g_strsplit (rig->outcomes->str, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, n + 1);
  for (guint i = 0; i < n; i++)
    g_assert_true (g_str_has_suffix (lines[i], "=DONE"));
  g_string_truncate (rig->outcomes, 0);
  rig->n_outcomes = 0;
}

void
assert_messages (Rig *rig, const char *expected)
{
  g_autofree char *list = NULL;

  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  list = rig->kind->list_messages (rig);
  g_assert_cmpstr (list, ==, expected);
}

static Rig *
started (gconstpointer kind)
{
  Rig *rig = rig_new (kind);

  rig_add_user (rig, "alice");
  rig_add_user (rig, "bob");
  rig_start (rig);
  return rig;
}

/* --- Put and read --- */

static void
assert_equal (const StoredMessage *a, const StoredMessage *b)
{
  g_assert_cmpuint (a->id, ==, b->id);
  g_assert_cmpstr (a->call_id, ==, b->call_id);
  g_assert_cmpstr (a->from_tag, ==, b->from_tag);
  g_assert_cmpuint (a->cseq, ==, b->cseq);
  g_assert_cmpstr (a->sender, ==, b->sender);
  g_assert_cmpstr (a->recipient, ==, b->recipient);
  g_assert_cmpstr (a->imdn_id, ==, b->imdn_id);
  g_assert_cmpstr (a->content_type, ==, b->content_type);
  g_assert_cmpstr (a->headers, ==, b->headers);
  g_assert_true (g_bytes_equal (a->body, b->body));
  g_assert_cmpint (a->created_at, ==, b->created_at);
  g_assert_cmpint (ABS (a->expires_at - b->expires_at), <, 5 * SECOND);
  g_assert_null (b->refused);
}

static void
test_round_trip (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (StoredMessage) full = sample_message (NOW, ALICE);
  g_autoptr (StoredMessage) bare = g_new0 (StoredMessage, 1);

  g_bytes_unref (full->body);
  full->body = g_bytes_new ("\0\xff'\\", 4);
  bare->id = full->id + 1;
  bare->call_id = g_strdup ("c");
  bare->sender = g_strdup ("xavier@xmpp.example.com");
  bare->recipient = g_strdup (ALICE);
  bare->body = g_bytes_new (NULL, 0);
  bare->created_at = 0;
  bare->expires_at = g_get_monotonic_time () - 10 * SECOND;
  msg_put (rig, "full", full);
  msg_put (rig, "bare", bare);
  rig_expect_outcomes (rig, 2, "full=DONE\nbare=DONE\n");
  rig_restart (rig);
  msg_read (rig, ALICE, 0, 10);
  g_assert_cmpuint (msg_last ()->len, ==, 2);
  assert_equal (full, msg_last ()->pdata[0]);
  assert_equal (bare, msg_last ()->pdata[1]);
}

static void
test_order (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  msg_put_sample (rig, 7, ALICE);
  msg_put_sample (rig, 5, ALICE);
  msg_put_sample (rig, 6, BOB);
  msg_put_sample (rig, 8, "Alice@Example.com");
  msg_expect_done (rig, 4);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "5 7 8");
  g_assert_cmpstr (msg_read (rig, "ALICE@example.com", 0, 3), ==, "5 7 8");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 2), ==, "5 7+");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, G_MAXUINT), ==, "5 7 8");
  g_assert_cmpstr (msg_read (rig, ALICE, 7, 2), ==, "8");
  g_assert_cmpstr (msg_read (rig, ALICE, 8, 2), ==, "");
  g_assert_cmpstr (msg_read (rig, "nobody@example.com", 0, 2), ==, "");
  g_assert_cmpint (msg_count (rig, ALICE), ==, 3);
  g_assert_cmpint (msg_count (rig, "aLICE@example.com"), ==, 3);
  g_assert_cmpint (msg_count (rig, "nobody@example.com"), ==, 0);
}

/* RFC 3428 8, RFC 5365: the same request is stored once per recipient. */
static void
test_repeated (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (StoredMessage) first = sample_message (10, ALICE);
  g_autoptr (StoredMessage) copy = sample_message (11, BOB);
  g_autoptr (StoredMessage) next = sample_message (12, ALICE);

  g_free (copy->call_id);
  copy->call_id = g_strdup (first->call_id);
  g_free (next->call_id);
  next->call_id = g_strdup (first->call_id);
  next->cseq--;
  msg_put (rig, "copy", copy);
  msg_expect_done (rig, 1);
  msg_put (rig, "first", first);
  first->id = 20;
  msg_put (rig, "same-turn", first);
  rig_expect_outcomes (rig, 2, "first=DONE\nsame-turn=REPEATED\n");
  first->id = 21;
  msg_put (rig, "later", first);
  msg_put (rig, "next", next);
  rig_expect_outcomes (rig, 2, "later=REPEATED\nnext=DONE\n");
  msg_end (rig, "end", ALICE, 10, MESSAGES_TAKEN, "d", 200);
  first->id = 22;
  msg_put (rig, "taken", first);
  while (rig->n_outcomes < 2)
    test_loop_turn (rig->loop, 10);
  g_assert_nonnull (strstr (rig->outcomes->str, "taken=REPEATED\n"));
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "12");
}

/* What is unfit is refused alone. */
static void
test_refused (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autofree char *huge = g_strnfill (5000, 'x');
  char **fields[4];

  msg_put_sample (rig, 1, ALICE);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autoptr (StoredMessage) bad = sample_message (2 + i, ALICE);

    fields[0] = &bad->headers;
    fields[1] = &bad->sender;
    fields[2] = &bad->imdn_id;
    fields[3] = &bad->call_id;
    g_free (*fields[i]);
    *fields[i] = g_strdup (i < 2 ? "\xc3\x28" : huge);
    msg_put (rig, "bad", bad);
  }
  msg_put_sample (rig, 9, ALICE);
  msg_end (rig, "device", ALICE, 1, MESSAGES_TAKEN, "\xff", 200);
  while (rig->n_outcomes < 7)
    test_loop_turn (rig->loop, 10);
  g_assert_nonnull (strstr (rig->outcomes->str, "9=DONE\n"));
  g_assert_nonnull (strstr (rig->outcomes->str, "device=REFUSED\n"));
  g_assert_nonnull (strstr (rig->outcomes->str,
                            "bad=REFUSED\nbad=REFUSED\nbad=REFUSED\n"
                            "bad=REFUSED\n"));
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "1 9");
}

/* --- End --- */

static void
test_end (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  const StoredMessage *m;

  for (guint64 id = 1; id <= 4; id++)
    msg_put_sample (rig, id, ALICE);
  rig_expect_outcomes (rig, 4, "1=DONE\n2=DONE\n3=DONE\n4=DONE\n");
  msg_end (rig, "a", ALICE, 1, MESSAGES_FAILED, "b", 415);
  msg_end (rig, "b", ALICE, 1, MESSAGES_TAKEN, "a", 200);
  msg_end (rig, "c", ALICE, 2, MESSAGES_FAILED, "a,\"{}", 488);
  msg_end (rig, "d", ALICE, 2, MESSAGES_FAILED, "b", 600);
  msg_end (rig, "e", ALICE, 3, MESSAGES_EXPIRED, NULL, 0);
  msg_end (rig, "gone", ALICE, 77, MESSAGES_TAKEN, "a", 200);
  rig_expect_outcomes (rig, 6,
                       "a=DONE\nb=DONE\nc=DONE\nd=DONE\ne=DONE\n"
                       "gone=DONE\n");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "2 4");
  m = msg_last ()->pdata[0];
  g_assert_cmpuint (g_strv_length (m->refused), ==, 2);
  g_assert_true (g_strv_contains ((const char *const *)m->refused, "a,\"{}"));
  g_assert_true (g_strv_contains ((const char *const *)m->refused, "b"));
  g_assert_null (((StoredMessage *)msg_last ()->pdata[1])->refused);
  /* Once more, and another device that had it too. */
  msg_end (rig, "b", ALICE, 1, MESSAGES_TAKEN, "a", 200);
  msg_end (rig, "f", ALICE, 1, MESSAGES_TAKEN, "c", 202);
  msg_end (rig, "g", ALICE, 1, MESSAGES_TAKEN, "c", 202);
  rig_expect_outcomes (rig, 3, "b=DONE\nf=DONE\ng=DONE\n");
  assert_messages (rig, "1 " BOB " " ALICE
                        " ended a=delivered b=failed c=delivered\n"
                        "2 " BOB " " ALICE " queued a,\"{}=failed b=failed\n"
                        "3 " BOB " " ALICE " ended =expired\n"
                        "4 " BOB " " ALICE " queued\n");
}

/* It came back, and nobody else is left to take it. */
static void
test_returned (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  msg_put_sample (rig, 1, ALICE);
  rig_expect_outcomes (rig, 1, "1=DONE\n");
  msg_end (rig, "a", ALICE, 1, MESSAGES_RETURNED, "b", 403);
  rig_expect_outcomes (rig, 1, "a=DONE\n");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "");
  assert_messages (rig, "1 " BOB " " ALICE " ended b=failed\n");
}

/* --- The ledger --- */

static void
note (Rig *rig, guint64 id, const char *device, MessagesState state,
      guint status)
{
  rig->messages->note_delivery (rig->messages->self, id, ALICE, device, state,
                                status);
}

static void
displayed (Rig *rig, const char *imdn_id, const char *device)
{
  rig->messages->note_displayed (rig->messages->self, imdn_id,
                                 "BOB@example.com", ALICE, device);
}

static void
test_ledger (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (StoredMessage) online = sample_message (1, ALICE);

  g_assert_nonnull (online->body);
  rig->messages->note_message (rig->messages->self, online);
  note (rig, 1, "a", MESSAGES_SENT, 0);
  note (rig, 1, "b", MESSAGES_SENT, 0);
  note (rig, 1, "b", MESSAGES_NOT_TAKEN, 408);
  note (rig, 1, "a", MESSAGES_DELIVERED, 200);
  note (rig, 1, "a", MESSAGES_SENT, 0);
  note (rig, 99, "a", MESSAGES_SENT, 0); /* nobody knows it */
  displayed (rig, "imdn-1", "c");
  displayed (rig, "imdn-99", "c");
  assert_messages (rig, "1 " BOB " " ALICE
                        " ended a=delivered b=failed c=displayed\n");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "");
  note (rig, 1, "b", MESSAGES_SENT, 0);
  note (rig, 1, "a", MESSAGES_SENT, 0);
  note (rig, 1, "c", MESSAGES_DELIVERED, 200);
  displayed (rig, "imdn-1", "a");
  displayed (rig, "imdn-1", "a");
  assert_messages (rig, "1 " BOB " " ALICE
                        " ended a=displayed b=sent c=displayed\n");
}

/* What was taken may come back. */
static void
test_bounced (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (StoredMessage) online = sample_message (1, ALICE);

  rig->messages->note_message (rig->messages->self, online);
  note (rig, 1, "a", MESSAGES_DELIVERED, 200);
  note (rig, 1, "b", MESSAGES_DELIVERED, 200);
  note (rig, 1, "a", MESSAGES_BOUNCED, 403);
  note (rig, 1, "a", MESSAGES_DELIVERED, 200);
  assert_messages (rig, "1 " BOB " " ALICE " ended a=failed b=delivered\n");
  note (rig, 1, "b", MESSAGES_BOUNCED, 403);
  note (rig, 1, "a", MESSAGES_DELIVERED, 200);
  assert_messages (rig, "1 " BOB " " ALICE " ended a=failed b=failed\n");
  msg_put_sample (rig, 2, ALICE);
  msg_end (rig, "a", ALICE, 2, MESSAGES_TAKEN, "a", 200);
  rig_expect_outcomes (rig, 2, "2=DONE\na=DONE\n");
  note (rig, 2, "a", MESSAGES_BOUNCED, 404);
  assert_messages (rig, "1 " BOB " " ALICE " ended a=failed b=failed\n"
                        "2 " BOB " " ALICE " ended a=failed\n");
}

/* What is told of a stored message does not touch what settled it. */
static void
test_ledger_and_end (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  msg_put_sample (rig, 1, ALICE);
  rig_expect_outcomes (rig, 1, "1=DONE\n");
  note (rig, 1, "a", MESSAGES_SENT, 0);
  note (rig, 1, "b", MESSAGES_NOT_TAKEN, 480);
  assert_messages (rig, "1 " BOB " " ALICE " queued a=sent b=failed\n");
  msg_read (rig, ALICE, 0, 10);
  g_assert_null (((StoredMessage *)msg_last ()->pdata[0])->refused);
  msg_end (rig, "c", ALICE, 1, MESSAGES_FAILED, "c", 415);
  note (rig, 1, "c", MESSAGES_SENT, 0);
  msg_end (rig, "a", ALICE, 1, MESSAGES_TAKEN, "a", 200);
  rig_expect_outcomes (rig, 2, "c=DONE\na=DONE\n");
  note (rig, 1, "a", MESSAGES_SENT, 0);
  assert_messages (rig,
                   "1 " BOB " " ALICE " ended a=delivered b=failed c=failed\n");
  displayed (rig, "imdn-1", "a");
  assert_messages (rig,
                   "1 " BOB " " ALICE " ended a=displayed b=failed c=failed\n");
  msg_end (rig, "a", ALICE, 1, MESSAGES_TAKEN, "a", 200);
  rig_expect_outcomes (rig, 1, "a=DONE\n");
  assert_messages (rig,
                   "1 " BOB " " ALICE " ended a=displayed b=failed c=failed\n");
}

static void
test_sweep (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  guint64 now = NOW;
  g_autoptr (StoredMessage) old = sample_message (now - 100 * SECOND, ALICE);
  g_autofree char *expected = NULL;

  rig->messages->note_message (rig->messages->self, old);
  note (rig, old->id, "a", MESSAGES_SENT, 0);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (StoredMessage) m = sample_message (now + i, ALICE);

    if (i < 2)
      m->expires_at = g_get_monotonic_time () - SECOND;
    msg_put (rig, "m", m);
  }
  msg_put_sample (rig, 5, BOB); /* older than anything, and still waits */
  msg_expect_done (rig, 5);
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  msg_sweep (rig, "first", 200);
  rig_expect_outcomes (rig, 1, ALICE ":2\nfirst=DONE\n");
  msg_sweep (rig, "second", 50);
  rig_expect_outcomes (rig, 1, "second=DONE\n");
  expected = g_strdup_printf (
      "5 " BOB " " BOB " queued\n"
      "%" G_GUINT64_FORMAT " " BOB " " ALICE " ended =expired\n"
      "%" G_GUINT64_FORMAT " " BOB " " ALICE " ended =expired\n"
      "%" G_GUINT64_FORMAT " " BOB " " ALICE " queued\n"
      "%" G_GUINT64_FORMAT " " BOB " " ALICE " queued\n",
      now, now + 1, now + 2, now + 3);
  assert_messages (rig, expected);
}

/* --- The store around it --- */

static void
test_load (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  MessagesPort *port = rig->messages;
  guint64 now = NOW;
  g_autoptr (StoredMessage) seen = sample_message (now, BOB);
  g_autoptr (StoredMessage) refused = sample_message (now + 1, BOB);
  g_autoptr (StoredMessage) untaken = sample_message (now + 2, BOB);
  g_autoptr (StoredMessage) ended = sample_message (7, BOB);
  g_autofree char *last = NULL, *line = NULL;

  g_assert_cmpstr (rig->loaded->str, ==, "last 0\n");
  ended->created_at = g_get_real_time () - 3600 * SECOND;
  for (guint64 id = 1; id <= 3; id++) {
    g_autoptr (StoredMessage) old = sample_message (id, ALICE);

    old->created_at = g_get_real_time () - 3600 * SECOND;
    msg_put (rig, "m", old);
  }
  msg_put (rig, "ended", ended);
  msg_expect_done (rig, 4);
  msg_end (rig, "end", BOB, 7, MESSAGES_TAKEN, "d", 200);
  rig_expect_outcomes (rig, 1, "end=DONE\n");
  port->note_message (port->self, seen);
  port->note_delivery (port->self, now, BOB, "d", MESSAGES_DELIVERED, 200);
  port->note_message (port->self, refused);
  port->note_delivery (port->self, now + 1, BOB, "d", MESSAGES_NOT_TAKEN, 415);
  port->note_message (port->self, untaken);
  rig_flush (rig, "flush", 10000);
  rig_expect_outcomes (rig, 1, "flush=COMMITTED\n");
  rig_restart (rig);
  line = g_strdup_printf ("waiting " ALICE " 3\nseen %s tag 4294967295\n"
                          "last %" G_GUINT64_FORMAT "\n",
                          seen->call_id, now + 2);
  g_assert_cmpstr (rig->loaded->str, ==, line);
}

static void
test_admin (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);

  for (guint64 id = 1; id <= 3; id++)
    msg_put_sample (rig, id, id < 3 ? ALICE : BOB);
  msg_expect_done (rig, 3);
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "d", 200);
  rig_expect_outcomes (rig, 1, "end=DONE\n");
  rig->kind->purge (rig, ALICE);
  rig_wait_event (rig, "messages " ALICE);
  assert_messages (rig, "1 " BOB " " ALICE " ended d=delivered\n"
                        "3 " BOB " " BOB " queued\n");
  rig->kind->drop_user (rig, BOB);
  rig_wait_event (rig, "messages " BOB);
  assert_messages (rig, "1 " BOB " " ALICE " ended d=delivered\n");
  msg_end (rig, "gone", BOB, 3, MESSAGES_TAKEN, "d", 200);
  rig_expect_outcomes (rig, 1, "gone=DONE\n");
}

/* DESIGN section 3, rule 5: what must be stored is refused, and never delivered
 * later; what has become of others is written when it is back. */
static void
test_away (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (StoredMessage) noted = sample_message (9, ALICE);

  msg_put_sample (rig, 1, ALICE);
  msg_put_sample (rig, 2, ALICE);
  rig_expect_outcomes (rig, 2, "1=DONE\n2=DONE\n");
  rig->kind->set_up (rig, FALSE);
  msg_put_sample (rig, 3, ALICE); /* finds out */
  rig_expect_outcomes (rig, 1, "3=AWAY\n");
  msg_put_sample (rig, 4, ALICE);
  rig_expect_outcomes (rig, 1, "4=AWAY\n");
  msg_end (rig, "end", ALICE, 1, MESSAGES_TAKEN, "a", 200);
  rig->messages->note_message (rig->messages->self, noted);
  note (rig, 9, "a", MESSAGES_SENT, 0);
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "away");
  g_assert_cmpint (msg_count (rig, ALICE), ==, -1);
  msg_sweep (rig, "sweep", 100);
  rig_expect_outcomes (rig, 1, "sweep=AWAY\n");
  g_string_truncate (rig->events, 0);
  rig->kind->set_up (rig, TRUE);
  rig_wait_event (rig, "up");
  rig_expect_outcomes (rig, 1, "end=DONE\n");
  g_assert_cmpstr (msg_read (rig, ALICE, 0, 10), ==, "2");
  assert_messages (rig, "1 " BOB " " ALICE " ended a=delivered\n"
                        "2 " BOB " " ALICE " queued\n"
                        "9 " BOB " " ALICE " ended a=sent\n");
  msg_put_sample (rig, 4, ALICE); /* the sender tries again */
  rig_expect_outcomes (rig, 1, "4=DONE\n");
}

/* Nobody waits for an answer. */
static void
test_no_done (gconstpointer kind)
{
  g_autoptr (Rig) rig = started (kind);
  g_autoptr (StoredMessage) m = sample_message (1, ALICE);
  MessagesPort *port = rig->messages;

  port->put (port->self, m, NULL, NULL);
  port->end (port->self, ALICE, 1, MESSAGES_FAILED, "d", 415, NULL, NULL);
  port->sweep (port->self, 100, NULL, NULL, NULL);
  assert_messages (rig, "1 " BOB " " ALICE " queued d=failed\n");
}

static void
add (const RigKind *kind, const char *name, GTestDataFunc fn)
{
  g_autofree char *path = g_strdup_printf ("/messages/%s/%s", kind->name, name);

  g_test_add_data_func (path, kind, fn);
}

void
messages_add_tests (const RigKind *kind)
{
  add (kind, "round-trip", test_round_trip);
  add (kind, "order", test_order);
  add (kind, "repeated", test_repeated);
  add (kind, "refused", test_refused);
  add (kind, "end", test_end);
  add (kind, "returned", test_returned);
  add (kind, "bounced", test_bounced);
  add (kind, "ledger", test_ledger);
  add (kind, "ledger-and-end", test_ledger_and_end);
  add (kind, "sweep", test_sweep);
  add (kind, "load", test_load);
  add (kind, "admin", test_admin);
  add (kind, "away", test_away);
  add (kind, "no-done", test_no_done);
}

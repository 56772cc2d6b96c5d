/* SPDX-License-Identifier: ISC
 *
 * How many messages a second PostgreSQL takes, gives back and settles through
 * port/messages.h, and the ledger of as many online ones: some in flight, for
 * 1,000 recipients, fsync on.  Prints one line for each kind of work, with the
 * CPU of one message here and in PostgreSQL.
 *
 *   tests/lib/with-postgres --schema bench/messages [SECONDS [IN-FLIGHT]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/lib/testloop.h"

#define RECIPIENTS 1000
#define CHUNK 50
#define CONNECTIONS 2 /* the default of [database] */

static TestLoop *loop;
static MessagesPort *messages;
static StorePort *store;
static guint64 first_id, next_id, end_id;
static guint n_flying, n_done, n_failed, next_recipient;
static gboolean is_loaded, is_over, is_flushed, has_imdn;
static gint64 deadline;

/* --- CPU --- */

static double
own_cpu (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
         + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
cpu_of (const char *pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *stat = NULL;
  unsigned long user = 0, system = 0;
  const char *rest;

  if (!g_file_get_contents (path, &stat, NULL, NULL)
      || (rest = strrchr (stat, ')')) == NULL
      || sscanf (rest + 2,
                 "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
                 &system)
             != 2)
    return 0;
  return (double)(user + system) / (double)sysconf (_SC_CLK_TCK);
}

/* Of the postmaster and all who live below it. */
static double
pg_cpu (void)
{
  const char *parent = g_getenv ("PGPID");
  g_autofree char *path
      = g_strdup_printf ("/proc/%s/task/%s/children", parent, parent);
  g_autofree char *children = NULL;
  g_auto (GStrv) pids = NULL;
  double sum = cpu_of (parent);

  if (!g_file_get_contents (path, &children, NULL, NULL))
    return sum;
  pids = g_strsplit (g_strstrip (children), " ", -1);
  for (guint i = 0; pids[i] != NULL; i++)
    sum += cpu_of (pids[i]);
  return sum;
}

/* --- Work --- */

static char *
recipient_of (guint64 id)
{
  return g_strdup_printf ("user%u@example.com",
                          (guint)((id * 7919) % RECIPIENTS));
}

static StoredMessage *
message_new (guint64 id)
{
  StoredMessage *m = g_new0 (StoredMessage, 1);
  char body[200];

  memset (body, 'x', sizeof body);
  m->id = id;
  m->call_id = g_strdup_printf ("%08x-%" G_GUINT64_FORMAT "@192.0.2.1",
                                g_random_int (), id);
  m->from_tag = g_strdup_printf ("%08x", g_random_int ());
  m->cseq = 1;
  m->sender = g_strdup ("sender@example.com");
  m->recipient = recipient_of (id);
  if (has_imdn)
    m->imdn_id = g_strdup_printf ("%08x%08x", g_random_int (), (guint)id);
  m->content_type = g_strdup ("text/plain;charset=UTF-8");
  m->headers = g_strdup ("From: \"Sender\" <sip:sender@example.com>;tag=1\r\n"
                         "To: <sip:user@example.com>\r\n"
                         "Contact: <sip:sender@192.0.2.1:5060>\r\n"
                         "User-Agent: bench\r\n");
  m->body = g_bytes_new (body, sizeof body);
  m->created_at = g_get_real_time ();
  m->expires_at = g_get_monotonic_time () + (gint64)604800 * G_USEC_PER_SEC;
  return m;
}

static void (*start) (void);

static void
next (guint done)
{
  n_flying--;
  n_done += done;
  if (!is_over)
    start ();
}

static void
done_cb (MessagesOutcome outcome, gpointer data)
{
  n_failed += outcome != MESSAGES_DONE;
  next (1);
}

static void
start_put (void)
{
  g_autoptr (StoredMessage) m = message_new (next_id++);

  n_flying++;
  messages->put (messages->self, m, done_cb, NULL);
}

static void
read_cb (const MessagesRead *read, gpointer data)
{
  n_failed += !read->is_read;
  next (read->is_read ? read->messages->len : 0);
  if (read->is_read)
    g_ptr_array_unref (read->messages);
}

static void
start_read (void)
{
  g_autofree char *recipient = recipient_of (next_recipient++);

  n_flying++;
  messages->read (messages->self, recipient, 0, CHUNK, read_cb, NULL);
}

static void
start_end (void)
{
  g_autofree char *recipient = recipient_of (next_id);

  if (next_id == end_id)
    return;
  n_flying++;
  messages->end (messages->self, recipient, next_id++, MESSAGES_TAKEN,
                 "urn:uuid:00000000-0000-1000-8000-000a95a0e128", 200, done_cb,
                 NULL);
}

/* What an online message notes. */
static void
note (void)
{
  g_autoptr (StoredMessage) m = message_new (next_id++);

  messages->note_message (messages->self, m);
  messages->note_delivery (messages->self, m->id, m->recipient, "urn:uuid:1",
                           MESSAGES_SENT, 0);
  messages->note_delivery (messages->self, m->id, m->recipient, "urn:uuid:1",
                           MESSAGES_DELIVERED, 200);
  n_done++;
}

/* --- Measuring --- */

typedef struct {
  gint64 at;
  double own, pg;
  guint done;
} Mark;

static Mark
mark (void)
{
  return (Mark){ g_get_monotonic_time (), own_cpu (), pg_cpu (), n_done };
}

static void
report (const char *what, const Mark *from)
{
  Mark to = mark ();
  double seconds = (double)(to.at - from->at) / 1e6;
  guint n = MAX (to.done - from->done, 1);

  g_print ("%-22s %9.0f %12.1f %12.1f\n", what, n / seconds,
           (to.own - from->own) * 1e6 / n, (to.pg - from->pg) * 1e6 / n);
}

static gboolean
is_past (gpointer data)
{
  return g_get_monotonic_time () > deadline
         || (start == start_end && n_flying == 0);
}

static gboolean
has_landed (gpointer data)
{
  return n_flying == 0;
}

static void
measure (const char *what, void (*work) (void), guint in_flight, double seconds)
{
  Mark from = mark ();

  start = work;
  is_over = FALSE;
  deadline = from.at + (gint64)(seconds * 1e6);
  for (guint i = 0; i < in_flight; i++)
    start ();
  test_loop_run_until (loop, is_past, NULL, 600000);
  report (what, &from);
  is_over = TRUE;
  test_loop_run_until (loop, has_landed, NULL, 60000);
}

static void
flushed_cb (StoreOutcome outcome, gpointer data)
{
  n_failed += outcome != STORE_COMMITTED;
  is_flushed = TRUE;
}

/* As fast as it is written. */
static void
measure_ledger (double seconds)
{
  Mark from = mark ();

  while (g_get_monotonic_time () < from.at + seconds * 1e6) {
    for (guint i = 0; i < 10000; i++)
      note ();
    is_flushed = FALSE;
    store->flush (store->self, 60000, flushed_cb, NULL);
    test_loop_run_until_set (loop, &is_flushed, 60000);
  }
  report ("ledger, online", &from);
}

static void
loaded_cb (gpointer data)
{
  is_loaded = TRUE;
}

static void
last_cb (guint64 id, gpointer data)
{
  first_id = MAX (id, (guint64)g_get_real_time ()) + 1;
}

static void
ignore_cb (void)
{
}

int
main (int argc, char **argv)
{
  static const StoreEvents events;
  double seconds = argc > 1 ? g_ascii_strtod (argv[1], NULL) : 5;
  guint in_flight = argc > 2 ? (guint)atoi (argv[2]) : 50;
  StoreLoadFns fns = { .user = (gpointer)ignore_cb,
                       .binding = (gpointer)ignore_cb,
                       .publication = (gpointer)ignore_cb,
                       .subscription = (gpointer)ignore_cb,
                       .loaded = loaded_cb,
                       .last_message = last_cb };
  Counters *counters = counters_new ();
  StorePg *pg;

  loop = test_loop_new ();
  pg = store_pg_new (
      &(StorePgConfig){ g_getenv ("ROLLCALL_TEST_DSN"), CONNECTIONS, 5000 },
      test_loop_port (loop), test_clock (), counters);
  store = store_pg_port (pg);
  messages = store_pg_messages (pg);
  store->set_events (store->self, &events, NULL);
  store->load (store->self, &fns, NULL);
  if (!test_loop_run_until_set (loop, &is_loaded, 20000))
    g_error ("PostgreSQL is needed");
  g_print ("%-22s %9s %12s %12s   (%u in flight)\n", "work", "per s", "CPU us",
           "PostgreSQL us", in_flight);
  next_id = first_id;
  measure ("put", start_put, in_flight, seconds);
  has_imdn = TRUE;
  measure ("put, with Message-ID", start_put, in_flight, seconds);
  has_imdn = FALSE;
  end_id = next_id;
  measure ("read, 50 at a time", start_read, in_flight, seconds);
  next_id = first_id;
  measure ("end", start_end, in_flight, seconds);
  next_id = end_id;
  measure_ledger (seconds);
  store_pg_free (pg);
  test_loop_free (loop);
  counters_free (counters);
  if (n_failed > 0)
    g_print ("%u failed\n", n_failed);
  return n_failed > 0;
}

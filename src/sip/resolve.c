/* SPDX-License-Identifier: ISC
 *
 * Queries, the threads that answer them, and a cache.  Threads get copies and
 * give back a value through one queue and an eventfd; all else is the loop's
 * thread alone. */
#define G_LOG_DOMAIN "sip"
#include "sip/resolve.h"
#include "sip/lookup.h"
#include "sip/plan.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS 8
#define OVERALL_MS 10000
#define KEEP_FOUND_S 60
#define KEEP_MISSING_S 10
#define CACHE_MAX 4096
#define WAITING_MAX 4096 /* jobs under way or waiting for a thread */

/* Outlives the resolver while a thread still works. */
typedef struct {
  GAsyncQueue *done; /* Job */
  int wakeup;        /* eventfd */
} Mailbox;

/* One target being looked up, for all who ask for it meanwhile. */
typedef struct {
  PlanTarget target;
  char *key;
  GArray *hops; /* ResolverHop; the thread's until it is done */
  gint64 deadline;
  guint dns_port;
  Mailbox *mailbox;
} Job;

struct ResolverQuery {
  Resolver *resolver;
  ResolverFn fn;
  gpointer data;
  PlanTarget target;
  char *key;           /* "": there is no way */
  gboolean is_waiting; /* for a job */
  LoopTimer *timer;
  GList link; /* in resolver->queries */
};

typedef struct {
  GArray *hops;
  gint64 until;
} Known;

struct Resolver {
  LoopPort *loop;
  GThreadPool *pool; /* made at first need: the daemon may fork before */
  Mailbox *mailbox;
  LoopWatch *watch;
  GQueue queries;      /* not yet answered */
  GHashTable *running; /* keys of jobs */
  GHashTable *cache;   /* key -> Known */
  guint dns_port;
};

static void
mailbox_clear (gpointer data)
{
  Mailbox *self = data;

  g_async_queue_unref (self->done);
  close (self->wakeup);
}

static void
mailbox_unref (Mailbox *self)
{
  g_atomic_rc_box_release_full (self, mailbox_clear);
}

static void
job_free (gpointer data)
{
  Job *job = data;

  g_free (job->key);
  g_array_unref (job->hops);
  g_free (job);
}

static void
known_free (gpointer data)
{
  Known *known = data;

  g_array_unref (known->hops);
  g_free (known);
}

/* In a thread. */
static void
work_cb (gpointer data, gpointer unused)
{
  Job *job = data;
  Mailbox *mailbox = job->mailbox;
  const guint64 one = 1;
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL); /* signals are the loop's */
  if (g_get_monotonic_time () < job->deadline) {
    g_autoptr (Lookup) lookup = lookup_new (job->deadline, job->dns_port);
    plan_run (&job->target, lookup_plan (lookup), job->hops);
  }
  g_async_queue_push (mailbox->done, job);
  if (write (mailbox->wakeup, &one, sizeof one) < 0)
    g_warning ("eventfd: %s", g_strerror (errno));
  mailbox_unref (mailbox);
}

/* Queries */

static void
query_unlink (ResolverQuery *query)
{
  Resolver *self = query->resolver;
  LoopPort *loop = self->loop;

  g_queue_unlink (&self->queries, &query->link);
  loop->remove_timer (loop->self, query->timer);
  g_free (query->key);
}

static void
query_answer (ResolverQuery *query, const GArray *hops)
{
  ResolverFn fn = query->fn;
  gpointer data = query->data;

  query_unlink (query);
  g_free (query);
  fn (hops != NULL && hops->len > 0 ? &g_array_index (hops, ResolverHop, 0)
                                    : NULL,
      hops != NULL ? hops->len : 0, data);
}

/* Answers everybody who waits for key. A fn may start and cancel queries. */
static void
answer_all (Resolver *self, const char *key, const GArray *hops)
{
  GList *link = self->queries.head;

  while (link != NULL) {
    ResolverQuery *query = link->data;

    if (!query->is_waiting || strcmp (query->key, key) != 0) {
      link = link->next;
      continue;
    }
    query_answer (query, hops);
    link = self->queries.head; /* what was next may be gone */
  }
}

static void
remember (Resolver *self, const char *key, GArray *hops)
{
  Known *known = g_new (Known, 1);
  guint keep = hops->len > 0 ? KEEP_FOUND_S : KEEP_MISSING_S;

  known->hops = g_array_ref (hops);
  known->until = g_get_monotonic_time () + (gint64)keep * G_USEC_PER_SEC;
  if (g_hash_table_size (self->cache) >= CACHE_MAX)
    g_hash_table_remove_all (self->cache);
  g_hash_table_replace (self->cache, g_strdup (key), known);
}

static void
done_cb (int fd, LoopEvents events, gpointer data)
{
  Resolver *self = data;
  Job *job;
  guint64 n;

  if (read (fd, &n, sizeof n) < 0 && errno != EAGAIN)
    g_warning ("eventfd: %s", g_strerror (errno));
  while ((job = g_async_queue_try_pop (self->mailbox->done)) != NULL) {
    g_hash_table_remove (self->running, job->key);
    remember (self, job->key, job->hops);
    answer_all (self, job->key, job->hops);
    job_free (job);
  }
}

static void
timeout_cb (gpointer data)
{
  ResolverQuery *query = data;

  query->timer = NULL; /* it is gone */
  g_info ("%s is not resolved within %d s", query->target.host,
          OVERALL_MS / 1000);
  query_answer (query, NULL);
}

static void
start_job (Resolver *self, const ResolverQuery *query)
{
  Job *job;

  if (g_hash_table_contains (self->running, query->key))
    return;
  if (self->pool == NULL)
    self->pool = g_thread_pool_new (work_cb, NULL, THREADS, FALSE, NULL);
  job = g_new (Job, 1);
  *job = (Job){ .target = query->target,
                .key = g_strdup (query->key),
                .hops = g_array_new (FALSE, TRUE, sizeof (ResolverHop)),
                .deadline = g_get_monotonic_time () + (gint64)OVERALL_MS * 1000,
                .dns_port = self->dns_port,
                .mailbox = g_atomic_rc_box_acquire (self->mailbox) };
  g_hash_table_add (self->running, g_strdup (query->key));
  g_thread_pool_push (self->pool, job, NULL);
}

/* What needs no look-up, still not inside resolver_start. */
static void
at_once_cb (gpointer data)
{
  ResolverQuery *query = data;
  g_autoptr (GArray) hops = NULL;
  Known *known;

  query->timer = NULL;
  known = g_hash_table_lookup (query->resolver->cache, query->key);
  if (known != NULL)
    hops = g_array_ref (known->hops);
  else
    hops = g_array_new (FALSE, TRUE, sizeof (ResolverHop));
  if (known == NULL && query->target.is_numeric)
    plan_run (&query->target, NULL, hops);
  query_answer (query, hops);
}

static gboolean
is_known (Resolver *self, const char *key)
{
  Known *known = g_hash_table_lookup (self->cache, key);

  if (known == NULL || known->until >= g_get_monotonic_time ())
    return known != NULL;
  g_hash_table_remove (self->cache, key);
  return FALSE;
}

ResolverQuery *
resolver_start (Resolver *self, const Uri *uri, gboolean needs_stream,
                ResolverFn fn, gpointer data)
{
  ResolverQuery *query = g_new0 (ResolverQuery, 1);
  LoopPort *loop = self->loop;
  gboolean is_way = plan_target (uri, needs_stream, &query->target);

  query->resolver = self;
  query->fn = fn;
  query->data = data;
  if (!is_way)
    query->target = (PlanTarget){ 0 };
  query->key = is_way ? plan_key (&query->target) : g_strdup ("");
  query->link.data = query;
  g_queue_push_tail_link (&self->queries, &query->link);
  if (!is_way || query->target.is_numeric || is_known (self, query->key)
      || g_hash_table_size (self->running) >= WAITING_MAX) {
    query->timer = loop->after (loop->self, 0, at_once_cb, query);
    return query;
  }
  query->is_waiting = TRUE;
  query->timer = loop->after (loop->self, OVERALL_MS, timeout_cb, query);
  start_job (self, query);
  return query;
}

void
resolver_cancel (ResolverQuery *query)
{
  if (query == NULL)
    return;
  query_unlink (query);
  g_free (query);
}

/* Life */

Resolver *
resolver_new (SipLoop *loop)
{
  Resolver *self = g_new0 (Resolver, 1);
  LoopPort *port = sip_loop_port (loop);

  self->loop = port;
  self->mailbox = g_atomic_rc_box_new0 (Mailbox);
  self->mailbox->done = g_async_queue_new_full (job_free);
  self->mailbox->wakeup = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (self->mailbox->wakeup < 0)
    g_error ("eventfd: %s", g_strerror (errno));
  self->watch = port->watch (port->self, self->mailbox->wakeup, LOOP_READ,
                             done_cb, self);
  g_queue_init (&self->queries);
  self->running = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->cache
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, known_free);
  return self;
}

void
resolver_set_dns_port (Resolver *self, guint port)
{
  self->dns_port = port;
}

void
resolver_free (Resolver *self)
{
  if (self == NULL)
    return;
  while (self->queries.head != NULL)
    resolver_cancel (self->queries.head->data);
  if (self->pool != NULL) /* not waiting: a server may be silent for long */
    g_thread_pool_free (self->pool, FALSE, FALSE);
  self->loop->unwatch (self->loop->self, self->watch);
  mailbox_unref (self->mailbox);
  g_hash_table_unref (self->running);
  g_hash_table_unref (self->cache);
  g_free (self);
}

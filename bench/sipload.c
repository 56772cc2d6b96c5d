/* SPDX-License-Identifier: ISC
 *
 * A load generator for one server over UDP on loopback: a trusted peer that
 * keeps a fixed number of requests in flight (closed loop) and answers every
 * NOTIFY. It knows just enough SIP for that, so that the server under test
 * costs more than its load.
 *
 *   sipload --server 127.0.0.1:5060 --pid PID subscribe N
 *   sipload --server 127.0.0.1:5060 --pid PID fanout WATCHERS ROUNDS
 *   sipload --server 127.0.0.1:5060 --pid PID meanwhile N SECONDS COMMAND
 *
 * The last one keeps N subscriptions, runs COMMAND (which changes a setting, so
 * that all of them are told) and says how long the NOTIFYs of another user take
 * before and after that.
 *
 * Prints operations per second and the CPU time and resident memory that the
 * process PID spent on them (from /proc). */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LATE (500 * 1000) /* us until a request is sent again */

typedef struct {
  gint64 sent_at; /* 0: not in flight */
  gboolean is_answered, is_notified;
} Slot;

typedef struct {
  int fd, pid, in_flight, users;
  struct sockaddr_in server, self;
  char *run; /* makes Call-IDs and branches of this run its own */
  Slot *slots;
  guint n, next, done, retransmitted;
  guint notifies, publish_cseq;
  gboolean is_published;
  const char *presentity; /* who publishes */
  gint64 probed_at;       /* his NOTIFY has come: when; 0: not yet */
  char etag[128];
  double started;
  double cpu;
  long rss;
} Load;

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

/* Seconds of CPU that pid has used; resident kB through rss_out. */
static double
usage (int pid, long *rss_out)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  unsigned long user = 0, system = 0;
  long rss = 0;
  char *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL)
      || (rest = strrchr (text, ')')) == NULL)
    return 0;
  sscanf (rest + 2,
          "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d "
          "%*d %*d %*d %*u %*u %ld",
          &user, &system, &rss);
  *rss_out = rss * (sysconf (_SC_PAGESIZE) / 1024);
  return (double) (user + system) / sysconf (_SC_CLK_TCK);
}

static void
put (Load *self, const char *text, int len)
{
  while (sendto (self->fd, text, len, 0, (struct sockaddr *) &self->server,
                 sizeof self->server)
             < 0
         && (errno == EAGAIN || errno == ENOBUFS))
    g_usleep (100);
}

static void
send_subscribe (Load *self, guint i)
{
  char text[2048];
  guint port = ntohs (self->self.sin_port);
  int len = g_snprintf (
      text, sizeof text,
      "SUBSCRIBE sip:bench%u@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%u\r\n"
      "Max-Forwards: 70\r\n"
      "From: <sip:watcher%u@load.example.net>;tag=f%u\r\n"
      "To: <sip:bench%u@example.com>\r\n"
      "Call-ID: s%u-%s\r\nCSeq: 1 SUBSCRIBE\r\n"
      "Contact: <sip:watcher%u@127.0.0.1:%u>\r\n"
      "Event: presence\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n",
      i % self->users, port, self->run, i, i, i, i % self->users, i, self->run,
      i, port);

  self->slots[i].sent_at = g_get_monotonic_time ();
  put (self, text, len);
}

static void
send_publish (Load *self)
{
  char body[512], match[160] = "", text[2048];
  guint port = ntohs (self->self.sin_port);
  int body_len = g_snprintf (
      body, sizeof body,
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?><presence "
      "xmlns=\"urn:ietf:params:xml:ns:pidf\" "
      "entity=\"sip:%s@example.com\"><tuple id=\"t\"><status><basic>%s"
      "</basic></status><note>%u</note></tuple></presence>",
      self->presentity, self->publish_cseq % 2 ? "open" : "closed", self->publish_cseq);
  int len;

  if (self->etag[0] != '\0')
    g_snprintf (match, sizeof match, "SIP-If-Match: %s\r\n", self->etag);
  len = g_snprintf (
      text, sizeof text,
      "PUBLISH sip:%s@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKp%s%u\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:%s@example.com>;tag=p\r\n"
      "To: <sip:%s@example.com>\r\nCall-ID: p-%s\r\nCSeq: %u PUBLISH\r\n"
      "Event: presence\r\nExpires: 3600\r\n%s"
      "Content-Type: application/pidf+xml\r\nContent-Length: %d\r\n\r\n%s",
      self->presentity, port, self->run, self->publish_cseq, self->presentity,
      self->presentity, self->run, self->publish_cseq, match, body_len, body);
  put (self, text, len);
}

/* A line's value, by its full name; NULL when absent. */
static const char *
header (const char *text, const char *name, int *len_out)
{
  const char *at = text;
  size_t n = strlen (name);

  while ((at = strstr (at, "\r\n")) != NULL) {
    at += 2;
    if (g_ascii_strncasecmp (at, name, n) == 0 && at[n] == ':') {
      const char *end = strstr (at, "\r\n");

      for (at += n + 1; *at == ' '; at++)
        ;
      *len_out = (int) (end - at);
      return at;
    }
  }
  return NULL;
}

static void
answer_notify (Load *self, const char *text)
{
  static const char *const names[] = { "Via", "From", "To", "Call-ID", "CSeq" };
  char out[2048];
  int at = g_snprintf (out, sizeof out, "SIP/2.0 200 OK\r\n");

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    int len;
    const char *value = header (text, names[i], &len);

    if (value != NULL)
      at += g_snprintf (out + at, sizeof out - at, "%s: %.*s\r\n", names[i],
                        len, value);
  }
  at += g_snprintf (out + at, sizeof out - at, "Content-Length: 0\r\n\r\n");
  put (self, out, at);
}

static void
finish_if_whole (Load *self, guint i)
{
  Slot *slot = &self->slots[i];

  if (slot->sent_at != 0 && slot->is_answered && slot->is_notified) {
    slot->sent_at = 0;
    self->done++;
  }
}

/* The slot a message belongs to by its Call-ID "sN-RUN", or -1. */
static int
slot_of (Load *self, const char *text)
{
  int len;
  const char *id = header (text, "Call-ID", &len);
  char *end;
  gulong i;

  if (id == NULL || *id != 's')
    return -1;
  i = strtoul (id + 1, &end, 10);
  if (*end != '-' || i >= self->n
      || strncmp (end + 1, self->run, strlen (self->run)) != 0)
    return -1;
  return (int) i;
}

static void
take_response (Load *self, const char *text)
{
  int i = slot_of (self, text), len;
  const char *etag = header (text, "SIP-ETag", &len);

  if (strncmp (text, "SIP/2.0 2", 9) != 0) {
    fprintf (stderr, "sipload: %.*s\n", (int) strcspn (text, "\r\n"), text);
    exit (1);
  }
  if (etag != NULL) {
    g_snprintf (self->etag, sizeof self->etag, "%.*s", len, etag);
    self->is_published = TRUE;
  }
  if (i >= 0) {
    self->slots[i].is_answered = TRUE;
    finish_if_whole (self, i);
  }
}

static gboolean
is_probe (const char *text)
{
  int len;
  const char *id = header (text, "Call-ID", &len);

  return id != NULL && strncmp (id, "probe-", 6) == 0;
}

static void
take (Load *self, const char *text)
{
  int i;

  if (strncmp (text, "SIP/2.0 ", 8) == 0) {
    take_response (self, text);
    return;
  }
  if (strncmp (text, "NOTIFY ", 7) != 0)
    return;
  answer_notify (self, text);
  self->notifies++;
  if (is_probe (text))
    self->probed_at = g_get_monotonic_time ();
  i = slot_of (self, text);
  if (i >= 0) {
    self->slots[i].is_notified = TRUE;
    finish_if_whole (self, i);
  }
}

/* Reads what is there, waiting up to ms for the first. */
static void
receive (Load *self, int ms)
{
  struct pollfd pollfd = { .fd = self->fd, .events = POLLIN };
  char text[65536];
  ssize_t n;

  if (poll (&pollfd, 1, ms) <= 0)
    return;
  while ((n = recv (self->fd, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
    text[n] = '\0';
    take (self, text);
  }
}

static void
retransmit (Load *self)
{
  gint64 t = g_get_monotonic_time ();

  for (guint i = 0; i < self->next; i++)
    if (self->slots[i].sent_at != 0 && t - self->slots[i].sent_at > LATE) {
      self->retransmitted++;
      send_subscribe (self, i);
    }
}

static void
begin (Load *self)
{
  self->cpu = usage (self->pid, &self->rss);
  self->started = now ();
}

static void
report (Load *self, const char *what, guint n)
{
  long rss;
  double seconds = now () - self->started;
  double cpu = usage (self->pid, &rss) - self->cpu;

  printf ("%-28s %7u in %6.2f s: %8.0f/s, %6.1f us CPU each, %ld kB more "
          "resident, %u sent again\n",
          what, n, seconds, n / seconds, cpu * 1e6 / n, rss - self->rss,
          self->retransmitted);
  fflush (stdout);
}

static void
subscribe_all (Load *self, guint n)
{
  double last = now ();

  self->n = n;
  self->slots = g_new0 (Slot, n);
  while (self->done < n) {
    while (self->next < n && self->next - self->done < (guint) self->in_flight)
      send_subscribe (self, self->next++);
    receive (self, 100);
    if (now () - last > 1) {
      retransmit (self);
      last = now ();
    }
  }
}

static void
run_subscribe (Load *self, guint n)
{
  begin (self);
  subscribe_all (self, n);
  report (self, "SUBSCRIBE + first NOTIFY", n);
}

static int
compare (const void *a, const void *b)
{
  return (*(const gint64 *)a > *(const gint64 *)b)
         - (*(const gint64 *)a < *(const gint64 *)b);
}

static void
run_fanout (Load *self, guint watchers, guint rounds)
{
  g_autofree char *what
      = g_strdup_printf ("NOTIFY of a fan-out to %u", watchers);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));

  self->users = 1;
  subscribe_all (self, watchers);
  begin (self);
  self->notifies = 0;
  for (guint round = 1; round <= rounds; round++) {
    gint64 began = g_get_monotonic_time (), sent_at = began, took;

    self->publish_cseq = round;
    self->is_published = FALSE;
    send_publish (self);
    while (!self->is_published || self->notifies < round * watchers) {
      receive (self, 100);
      if (!self->is_published && g_get_monotonic_time () - sent_at > LATE) {
        send_publish (self);
        sent_at = g_get_monotonic_time ();
        self->retransmitted++;
      }
    }
    took = g_get_monotonic_time () - began;
    g_array_append_val (times, took);
  }
  report (self, what, self->notifies);
  qsort (times->data, times->len, sizeof (gint64), compare);
  printf ("    PUBLISH to the last NOTIFY: median %.1f ms, p99 %.1f ms, worst "
          "%.1f ms\n",
          g_array_index (times, gint64, times->len / 2) / 1e3,
          g_array_index (times, gint64, times->len * 99 / 100) / 1e3,
          g_array_index (times, gint64, times->len - 1) / 1e3);
}

/* The user PROBE watches himself. */
#define PROBE "bench1000"
#define PROBE_EVERY (20 * 1000) /* us */

static void
subscribe_probe (Load *self)
{
  char text[2048];
  guint port = ntohs (self->self.sin_port);
  int len = g_snprintf (
      text, sizeof text,
      "SUBSCRIBE sip:" PROBE "@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKq%s\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:" PROBE "@example.com>;tag=q\r\n"
      "To: <sip:" PROBE "@example.com>\r\nCall-ID: probe-%s\r\n"
      "CSeq: 1 SUBSCRIBE\r\nContact: <sip:" PROBE "@127.0.0.1:%u>\r\n"
      "Event: presence\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n",
      port, self->run, self->run, port);

  put (self, text, len);
  while (self->probed_at == 0)
    receive (self, 100);
}

/* Microseconds from a PUBLISH to its NOTIFY. */
static gint64
probe (Load *self)
{
  gint64 sent_at = g_get_monotonic_time ();

  self->publish_cseq++;
  self->probed_at = 0;
  send_publish (self);
  while (self->probed_at == 0)
    receive (self, 1000);
  return self->probed_at - sent_at;
}

static void
probe_for (Load *self, const char *what, double seconds)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  double end = now () + seconds;
  guint before = self->notifies;

  while (now () < end) {
    gint64 took = probe (self), rest = PROBE_EVERY - took;

    g_array_append_val (times, took);
    for (gint64 until = g_get_monotonic_time () + rest;
         g_get_monotonic_time () < until;)
      receive (self, 1);
  }
  qsort (times->data, times->len, sizeof (gint64), compare);
  printf ("NOTIFY of another, %-8s %5u: p50 %.1f ms, p99 %.1f ms, worst %.1f "
          "ms; %u NOTIFYs in all\n",
          what, times->len, g_array_index (times, gint64, times->len / 2) / 1e3,
          g_array_index (times, gint64, times->len * 99 / 100) / 1e3,
          g_array_index (times, gint64, times->len - 1) / 1e3,
          self->notifies - before);
  fflush (stdout);
}

static void
run_meanwhile (Load *self, guint n, double seconds, const char *command)
{
  subscribe_all (self, n);
  self->presentity = PROBE;
  subscribe_probe (self);
  probe_for (self, "before", 3);
  if (!g_spawn_command_line_async (command, NULL))
    exit (1);
  probe_for (self, "meanwhile", seconds);
}

static void
open_socket (Load *self, const char *server)
{
  g_auto (GStrv) parts = g_strsplit (server, ":", 2);
  socklen_t len = sizeof self->self;
  int size = 8 << 20;

  self->fd = socket (AF_INET, SOCK_DGRAM, 0);
  self->self.sin_family = AF_INET;
  self->self.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (bind (self->fd, (struct sockaddr *) &self->self, len) < 0) {
    perror ("bind");
    exit (1);
  }
  getsockname (self->fd, (struct sockaddr *) &self->self, &len);
  setsockopt (self->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt (self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  self->server.sin_family = AF_INET;
  inet_pton (AF_INET, parts[0], &self->server.sin_addr);
  self->server.sin_port
      = htons (parts[1] != NULL ? (guint16) atoi (parts[1]) : 5060);
}

int
main (int argc, char **argv)
{
  Load self = { .in_flight = 50, .users = 1000, .presentity = "bench0" };
  g_autofree char *server = NULL;
  GOptionEntry entries[]
      = { { "server", 0, 0, G_OPTION_ARG_STRING, &server, "UDP", "HOST:PORT" },
          { "pid", 0, 0, G_OPTION_ARG_INT, &self.pid, "the server's", "PID" },
          { "in-flight", 0, 0, G_OPTION_ARG_INT, &self.in_flight,
            "requests in flight (50)", "N" },
          { "users", 0, 0, G_OPTION_ARG_INT, &self.users,
            "presentities bench0... (1000)", "N" },
          { NULL } };
  g_autoptr (GOptionContext) context
      = g_option_context_new (
      "subscribe N | fanout WATCHERS ROUNDS | meanwhile N SECONDS COMMAND");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc < 3
      || server == NULL) {
    fprintf (stderr, "%s", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  open_socket (&self, server);
  self.run = g_strdup_printf ("%x", g_random_int ());
  if (strcmp (argv[1], "subscribe") == 0)
    run_subscribe (&self, atoi (argv[2]));
  else if (strcmp (argv[1], "fanout") == 0 && argc > 3)
    run_fanout (&self, atoi (argv[2]), atoi (argv[3]));
  else if (strcmp (argv[1], "meanwhile") == 0 && argc > 4)
    run_meanwhile (&self, atoi (argv[2]), atof (argv[3]), argv[4]);
  else
    return 2;
  return 0;
}

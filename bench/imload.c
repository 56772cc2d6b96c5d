/* SPDX-License-Identifier: ISC
 *
 * A load of messages over UDP on loopback: a trusted peer that keeps a fixed
 * number of MESSAGEs in flight (closed loop) and is the recipients' devices too.
 *
 *   imload --server HOST:PORT --pid PID --db PID online N [DEVICES]
 *   imload ... store N      N messages for users who are not there
 *   imload ... deliver N    ...and then all of them come
 *   imload ... burst N      one user with N stored messages comes, while others
 *                           are written to
 *
 * Prints messages per second and the CPU time of the server and of PostgreSQL
 * (--db: the postmaster). */
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

#define LATE (2000 * 1000) /* us until a request is sent again */
#define USERS 1000

typedef struct {
  gint64 sent_at; /* 0: not in flight */
} Slot;

typedef struct {
  int fd, pid, db, in_flight;
  struct sockaddr_in server, self;
  char *run; /* makes Call-IDs and branches of this run its own */
  char method; /* what Slots are of: 'r' REGISTER, 'm' MESSAGE */
  char part;   /* 'a'...: of the run, so that no MESSAGE is a repetition */
  Slot *slots;
  guint n, next, done, retransmitted, wrong;
  guint received; /* MESSAGEs */
  guint of_first;       /* ...of them, to bench0 */
  gint64 last_of_first; /* when the last of those came */
  guint first, users;   /* whom this part is about: bench<first>... */
  gint64 worst; /* us, of an answer */
  double started, cpu, db_cpu;
} Load;

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

typedef struct {
  int ppid;
  double own, dead; /* seconds; dead: of children that ended */
} Usage;

static gboolean
usage_of (const char *pid, Usage *out)
{
  g_autofree char *path = g_strdup_printf ("/proc/%s/stat", pid);
  g_autofree char *text = NULL;
  unsigned long user, system;
  long dead_user, dead_system;
  char *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL)
      || (rest = strrchr (text, ')')) == NULL)
    return FALSE;
  if (sscanf (rest + 2,
              "%*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
              &out->ppid, &user, &system, &dead_user, &dead_system)
      != 5)
    return FALSE;
  out->own = (double)(user + system) / sysconf (_SC_CLK_TCK);
  out->dead = (double)(dead_user + dead_system) / sysconf (_SC_CLK_TCK);
  return TRUE;
}

static double
usage (int pid)
{
  g_autofree char *text = g_strdup_printf ("%d", pid);
  Usage out;

  return usage_of (text, &out) ? out.own : 0;
}

/* The postmaster and all its children. */
static double
usage_of_family (int pid)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  g_autofree char *text = g_strdup_printf ("%d", pid);
  const char *name;
  double sum = 0;
  Usage out;

  if (pid == 0 || !usage_of (text, &out))
    return 0;
  sum = out.own + out.dead;
  while ((name = g_dir_read_name (dir)) != NULL)
    if (g_ascii_isdigit (*name) && usage_of (name, &out) && out.ppid == pid)
      sum += out.own;
  return sum;
}

static void
put (Load *self, const char *text, int len)
{
  while (sendto (self->fd, text, len, 0, (struct sockaddr *)&self->server,
                 sizeof self->server)
             < 0
         && (errno == EAGAIN || errno == ENOBUFS))
    g_usleep (100);
}

static guint
user_of (const Load *self, guint i)
{
  return self->first + i % self->users;
}

static void
send_register (Load *self, guint i)
{
  char text[2048];
  guint port = ntohs (self->self.sin_port), user = user_of (self, i);
  int len = g_snprintf (
      text, sizeof text,
      "REGISTER sip:example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%c%u\r\n"
      "Max-Forwards: 70\r\n"
      "From: <sip:bench%u@example.com>;tag=f%u\r\n"
      "To: <sip:bench%u@example.com>\r\n"
      "Call-ID: r%u-%s\r\nCSeq: 1 REGISTER\r\n"
      "Contact: <sip:bench%u@127.0.0.1:%u;d=%u>\r\n"
      "Expires: 3600\r\nContent-Length: 0\r\n\r\n",
      port, self->run, self->part, i, user, i, user, i, self->run, user, port,
      i / self->users);

  self->slots[i].sent_at = g_get_monotonic_time ();
  put (self, text, len);
}

static void
send_message (Load *self, guint i)
{
  char text[2048];
  guint port = ntohs (self->self.sin_port), user = user_of (self, i);
  int len = g_snprintf (
      text, sizeof text,
      "MESSAGE sip:bench%u@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%c%u\r\n"
      "Max-Forwards: 70\r\n"
      "From: <sip:writer%u@load.example.net>;tag=f%u\r\n"
      "To: <sip:bench%u@example.com>\r\n"
      "Call-ID: m%u-%s%c\r\nCSeq: 1 MESSAGE\r\n"
      "Content-Type: text/plain\r\nContent-Length: 20\r\n\r\n"
      "twenty bytes of text",
      user, port, self->run, self->part, i, i, i, user, i, self->run,
      self->part);

  self->slots[i].sent_at = g_get_monotonic_time ();
  put (self, text, len);
}

static void
send_one (Load *self, guint i)
{
  if (self->method == 'r')
    send_register (self, i);
  else
    send_message (self, i);
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
      *len_out = (int)(end - at);
      return at;
    }
  }
  return NULL;
}

static void
answer (Load *self, const char *text)
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
take_response (Load *self, const char *text)
{
  int len;
  const char *id = header (text, "Call-ID", &len);
  Slot *slot;
  gulong i;

  if (strncmp (text, "SIP/2.0 2", 9) != 0 && self->wrong++ == 0)
    fprintf (stderr, "imload: %.*s\n", (int)strcspn (text, "\r\n"), text);
  if (id == NULL || *id != self->method
      || (self->method == 'm' && id[len - 1] != self->part))
    return;
  i = strtoul (id + 1, NULL, 10);
  if (i >= self->n)
    return;
  slot = &self->slots[i];
  if (slot->sent_at == 0)
    return;
  self->worst = MAX (self->worst, g_get_monotonic_time () - slot->sent_at);
  slot->sent_at = 0;
  self->done++;
}

static void
take (Load *self, const char *text)
{
  if (strncmp (text, "SIP/2.0 ", 8) == 0) {
    take_response (self, text);
  } else if (strncmp (text, "MESSAGE ", 8) == 0) {
    answer (self, text);
    self->received++;
    if (strncmp (text + 8, "sip:bench0@", 11) == 0) {
      self->of_first++;
      self->last_of_first = g_get_monotonic_time ();
    }
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
      send_one (self, i);
    }
}

static void
do_all (Load *self, char method, guint n)
{
  double last = now ();

  self->method = method;
  self->part++;
  self->n = n;
  self->next = self->done = 0;
  self->worst = 0;
  g_free (self->slots);
  self->slots = g_new0 (Slot, n);
  while (self->done < n) {
    while (self->next < n && self->next - self->done < (guint)self->in_flight)
      send_one (self, self->next++);
    receive (self, 100);
    if (now () - last > 1) {
      retransmit (self);
      last = now ();
    }
  }
}

static void
begin (Load *self)
{
  self->received = self->retransmitted = 0;
  self->cpu = usage (self->pid);
  self->db_cpu = usage_of_family (self->db);
  self->started = now ();
}

static void
report (Load *self, const char *what, guint n)
{
  double seconds = now () - self->started;
  double cpu = usage (self->pid) - self->cpu;
  double db = usage_of_family (self->db) - self->db_cpu;

  printf ("%-28s %7u in %6.2f s: %8.0f/s, %6.1f us CPU each (+%.1f "
          "PostgreSQL), worst %.1f ms, %u sent again, %u refused\n",
          what, n, seconds, n / seconds, cpu * 1e6 / n, db * 1e6 / n,
          self->worst / 1e3, self->retransmitted, self->wrong);
  fflush (stdout);
}

static void
run_online (Load *self, guint n, guint devices)
{
  g_autofree char *what
      = g_strdup_printf ("MESSAGE, online, %u device%s", devices,
                         devices > 1 ? "s" : "");

  do_all (self, 'r', USERS * devices);
  begin (self);
  do_all (self, 'm', n);
  while (self->received < n * devices)
    receive (self, 100);
  report (self, what, n);
}

static void
run_store (Load *self, guint n)
{
  begin (self);
  do_all (self, 'm', n);
  report (self, "MESSAGE, stored", n);
}

static void
run_deliver (Load *self, guint n)
{
  do_all (self, 'm', n);
  begin (self);
  do_all (self, 'r', USERS);
  while (self->received < n)
    receive (self, 100);
  report (self, "MESSAGE, delivered later", n);
}

static void
choose (Load *self, guint first, guint users)
{
  self->first = first;
  self->users = users;
}

static void
run_burst (Load *self, guint n)
{
  gint64 from;

  choose (self, 1, USERS - 1);
  do_all (self, 'r', USERS - 1);
  begin (self);
  do_all (self, 'm', 20000);
  report (self, "MESSAGE, nothing else", 20000);
  choose (self, 0, 1);
  do_all (self, 'm', n);
  begin (self);
  from = g_get_monotonic_time ();
  do_all (self, 'r', 1);
  choose (self, 1, USERS - 1);
  do_all (self, 'm', 20000);
  while (self->of_first < n)
    receive (self, 100);
  report (self, "MESSAGE, meanwhile", 20000);
  printf ("%u stored ones had all been sent after %.0f ms\n", n,
          (self->last_of_first - from) / 1e3);
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
  if (bind (self->fd, (struct sockaddr *)&self->self, len) < 0) {
    perror ("bind");
    exit (1);
  }
  getsockname (self->fd, (struct sockaddr *)&self->self, &len);
  setsockopt (self->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt (self->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  self->server.sin_family = AF_INET;
  inet_pton (AF_INET, parts[0], &self->server.sin_addr);
  self->server.sin_port
      = htons (parts[1] != NULL ? (guint16)atoi (parts[1]) : 5060);
}

int
main (int argc, char **argv)
{
  Load self = { .in_flight = 50, .users = USERS, .part = 'a' };
  g_autofree char *server = NULL;
  GOptionEntry entries[]
      = { { "server", 0, 0, G_OPTION_ARG_STRING, &server, "UDP", "HOST:PORT" },
          { "pid", 0, 0, G_OPTION_ARG_INT, &self.pid, "the server's", "PID" },
          { "db", 0, 0, G_OPTION_ARG_INT, &self.db, "the postmaster's", "PID" },
          { "in-flight", 0, 0, G_OPTION_ARG_INT, &self.in_flight,
            "requests in flight (50)", "N" },
          { NULL } };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("online N [DEVICES] | store N | deliver N | burst N");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc < 3
      || server == NULL) {
    fprintf (stderr, "%s", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  open_socket (&self, server);
  self.run = g_strdup_printf ("%x", g_random_int ());
  if (strcmp (argv[1], "online") == 0)
    run_online (&self, atoi (argv[2]), argc > 3 ? atoi (argv[3]) : 1);
  else if (strcmp (argv[1], "store") == 0)
    run_store (&self, atoi (argv[2]));
  else if (strcmp (argv[1], "deliver") == 0)
    run_deliver (&self, atoi (argv[2]));
  else if (strcmp (argv[1], "burst") == 0)
    run_burst (&self, atoi (argv[2]));
  else
    return 2;
  return 0;
}

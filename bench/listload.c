/* SPDX-License-Identifier: ISC
 *
 * Watchers of lists (RFC 4662) over UDP, their large NOTIFYs over TCP, on
 * loopback: a trusted peer that speaks for users list0, list1, ... who each
 * watch all their contacts by one subscription.
 *
 *   listload --server HOST:PORT --pid-file FILE [--restart COMMAND]
 *       WATCHERS MEMBERS ROUNDS
 *
 * Subscribes WATCHERS of them (50 in flight), waits for the full state of each
 * (MEMBERS resources), then has bench0, who is a member of all, change ROUNDS
 * times and waits for the last NOTIFY each time. COMMAND brings the
 * server back after it was killed: says how long it takes until every watcher
 * has its full state again. CPU time is that of the process in FILE. */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_FDS 64
#define PATIENCE 120 /* s without any progress */

typedef struct {
  gboolean is_answered, is_full; /* has its full state */
} Slot;

typedef struct {
  GByteArray *in; /* of TCP */
} Peer;

typedef struct {
  struct pollfd fds[MAX_FDS]; /* 0: UDP, 1: TCP's listener */
  Peer peers[MAX_FDS];
  guint n_fds, in_flight, members;
  struct sockaddr_in server, self;
  char *run, *pid_file, etag[128];
  Slot *slots;
  guint n, next, n_done, n_full, cseq;
  guint notifies, wrong;
  guint64 bytes;
  gboolean is_published;
  double cpu, started, progress;
} Load;

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

/* Seconds of CPU of the server; its resident kB through rss_out. */
static double
usage (Load *self, long *rss_out)
{
  g_autofree char *pid = NULL, *path = NULL, *text = NULL;
  unsigned long user = 0, system = 0;
  long rss = 0;
  char *rest;

  *rss_out = 0;
  if (!g_file_get_contents (self->pid_file, &pid, NULL, NULL))
    return 0;
  path = g_strdup_printf ("/proc/%s/stat", g_strstrip (pid));
  if (!g_file_get_contents (path, &text, NULL, NULL)
      || (rest = strrchr (text, ')')) == NULL)
    return 0;
  sscanf (rest + 2,
          "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d "
          "%*d %*d %*d %*u %*u %ld",
          &user, &system, &rss);
  *rss_out = rss * (sysconf (_SC_PAGESIZE) / 1024);
  return (double)(user + system) / sysconf (_SC_CLK_TCK);
}

static void
put (Load *self, guint at, const char *text, gsize len)
{
  while (at > 0 && len > 0) {
    ssize_t n = send (self->fds[at].fd, text, len, MSG_NOSIGNAL);

    if (n < 0)
      return;
    text += n;
    len -= (gsize)n;
  }
  if (at == 0)
    sendto (self->fds[0].fd, text, len, 0, (struct sockaddr *)&self->server,
            sizeof self->server);
}

static void
send_subscribe (Load *self, guint i)
{
  char text[2048];
  guint port = ntohs (self->self.sin_port);
  int len = g_snprintf (
      text, sizeof text,
      "SUBSCRIBE sip:list%u@example.com;pres-list=contacts SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s%u\r\n"
      "Max-Forwards: 70\r\n"
      "From: <sip:list%u@example.com>;tag=f%u\r\n"
      "To: <sip:list%u@example.com;pres-list=contacts>\r\n"
      "Call-ID: s%u-%s\r\nCSeq: 1 SUBSCRIBE\r\n"
      "Contact: <sip:list%u@127.0.0.1:%u>\r\n"
      "Event: presence\r\nExpires: 3600\r\nSupported: eventlist\r\n"
      "Accept: application/pidf+xml, application/rlmi+xml, "
      "multipart/related\r\nContent-Length: 0\r\n\r\n",
      i, port, self->run, i, i, i, i, i, self->run, i, port);

  put (self, 0, text, (gsize)len);
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
      "entity=\"sip:bench0@example.com\"><tuple id=\"t\"><status><basic>%s"
      "</basic></status><note>%u</note></tuple></presence>",
      self->cseq % 2 ? "open" : "closed", self->cseq);
  int len;

  if (self->etag[0] != '\0')
    g_snprintf (match, sizeof match, "SIP-If-Match: %s\r\n", self->etag);
  len = g_snprintf (
      text, sizeof text,
      "PUBLISH sip:bench0@example.com SIP/2.0\r\n"
      "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKp%s%u\r\n"
      "Max-Forwards: 70\r\nFrom: <sip:bench0@example.com>;tag=p\r\n"
      "To: <sip:bench0@example.com>\r\nCall-ID: p-%s\r\nCSeq: %u PUBLISH\r\n"
      "Event: presence\r\nExpires: 3600\r\n%s"
      "Content-Type: application/pidf+xml\r\nContent-Length: %d\r\n\r\n%s",
      port, self->run, self->cseq, self->run, self->cseq, match, body_len,
      body);
  put (self, 0, text, (gsize)len);
}

static const char *
header (const char *text, const char *name, int *len_out)
{
  const char *at = text;
  size_t n = strlen (name);

  while ((at = strstr (at, "\r\n")) != NULL && at[2] != '\r') {
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
answer (Load *self, guint peer, const char *text)
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
  put (self, peer, out, (gsize)at);
}

/* The slot a message belongs to by its Call-ID "sN-RUN", or NULL. */
static Slot *
slot_of (Load *self, const char *text)
{
  int len;
  const char *id = header (text, "Call-ID", &len);
  char *end;
  gulong i;

  if (id == NULL || *id != 's')
    return NULL;
  i = strtoul (id + 1, &end, 10);
  if (*end != '-' || i >= self->n
      || strncmp (end + 1, self->run, strlen (self->run)) != 0)
    return NULL;
  return &self->slots[i];
}

static guint
count (const char *text, const char *what)
{
  guint n = 0;

  for (; (text = strstr (text, what)) != NULL; text += strlen (what))
    n++;
  return n;
}

static void
take_full (Load *self, Slot *slot, const char *text)
{
  if (count (text, "<resource ") != self->members
      || count (text, "<presence") != self->members)
    self->wrong++;
  if (!slot->is_full)
    self->n_full++;
  slot->is_full = TRUE;
  self->progress = now ();
}

static void
take_response (Load *self, Slot *slot, const char *text)
{
  int len;
  const char *etag = header (text, "SIP-ETag", &len);

  if (strncmp (text, "SIP/2.0 2", 9) != 0) {
    fprintf (stderr, "listload: %.*s\n", (int)strcspn (text, "\r\n"), text);
    exit (1);
  }
  if (etag != NULL) {
    g_snprintf (self->etag, sizeof self->etag, "%.*s", len, etag);
    self->is_published = TRUE;
  }
  if (slot != NULL && !slot->is_answered) {
    slot->is_answered = TRUE;
    self->n_done++;
    self->progress = now ();
  }
}

static void
take (Load *self, guint peer, const char *text, gsize len)
{
  Slot *slot = slot_of (self, text);

  if (strncmp (text, "SIP/2.0 ", 8) == 0) {
    take_response (self, slot, text);
    return;
  }
  if (strncmp (text, "NOTIFY ", 7) != 0)
    return;
  answer (self, peer, text);
  self->notifies++;
  self->bytes += len;
  if (slot != NULL && strstr (text, "fullState=\"true\"") != NULL)
    take_full (self, slot, text);
}

static void
drop_peer (Load *self, guint at)
{
  close (self->fds[at].fd);
  g_byte_array_unref (self->peers[at].in);
  self->n_fds--;
  self->fds[at] = self->fds[self->n_fds];
  self->peers[at] = self->peers[self->n_fds];
}

static void
add_peer (Load *self)
{
  int fd = accept (self->fds[1].fd, NULL, NULL);

  if (fd < 0)
    return;
  if (self->n_fds == MAX_FDS)
    exit (1);
  self->fds[self->n_fds] = (struct pollfd){ .fd = fd, .events = POLLIN };
  self->peers[self->n_fds++].in = g_byte_array_new ();
}

/* Whole messages at the start of what came. */
static void
take_stream (Load *self, guint at)
{
  GByteArray *in = self->peers[at].in;
  gsize used = 0;

  g_byte_array_append (in, (const guint8 *)"", 1);
  for (;;) {
    char *start = (char *)in->data + used;
    const char *end, *value;
    gsize whole;
    int len;
    char kept;

    while (*start == '\r' || *start == '\n')
      start++, used++;
    end = strstr (start, "\r\n\r\n");
    if (end == NULL || (value = header (start, "Content-Length", &len)) == NULL)
      break;
    whole = (gsize)(end + 4 - start) + strtoul (value, NULL, 10);
    if (used + whole >= in->len)
      break;
    kept = start[whole];
    start[whole] = '\0';
    take (self, at, start, whole);
    start[whole] = kept;
    used += whole;
  }
  g_byte_array_remove_range (in, 0, (guint)used);
  g_byte_array_set_size (in, in->len - 1);
}

static void
read_peer (Load *self, guint at)
{
  static char text[1 << 20];
  ssize_t n = recv (self->fds[at].fd, text, sizeof text - 1, MSG_DONTWAIT);

  if (n <= 0 && at > 0) {
    if (n == 0 || errno != EAGAIN)
      drop_peer (self, at);
    return;
  }
  if (at > 0) {
    g_byte_array_append (self->peers[at].in, (guint8 *)text, (guint)n);
    take_stream (self, at);
    return;
  }
  for (; n > 0;
       n = recv (self->fds[0].fd, text, sizeof text - 1, MSG_DONTWAIT)) {
    text[n] = '\0';
    take (self, 0, text, (gsize)n);
  }
}

static void
receive (Load *self, int ms)
{
  if (now () - self->progress > PATIENCE) {
    fprintf (stderr, "listload: nothing comes any more (%u of %u, %u full)\n",
             self->n_done, self->n, self->n_full);
    exit (1);
  }
  if (poll (self->fds, self->n_fds, ms) <= 0)
    return;
  for (guint i = self->n_fds; i-- > 0;) {
    if (self->fds[i].revents == 0)
      continue;
    if (i == 1)
      add_peer (self);
    else
      read_peer (self, i);
  }
}

static void
begin (Load *self)
{
  long rss;

  self->cpu = usage (self, &rss);
  self->started = self->progress = now ();
  self->notifies = self->wrong = 0;
  self->bytes = 0;
}

static void
report (Load *self, const char *what, guint n)
{
  long rss;
  double seconds = now () - self->started;
  double cpu = usage (self, &rss) - self->cpu;

  printf ("%-34s %6u in %6.2f s: %7.0f/s, %7.1f us CPU each, %.1f kB each, "
          "%ld MB resident, %u wrong\n",
          what, n, seconds, n / seconds, cpu * 1e6 / n,
          self->bytes / 1e3 / MAX (self->notifies, 1), rss / 1024, self->wrong);
  fflush (stdout);
}

static void
subscribe_all (Load *self)
{
  begin (self);
  while (self->n_full < self->n) {
    while (self->next < self->n
           && self->next - MIN (self->n_done, self->n_full) < self->in_flight)
      send_subscribe (self, self->next++);
    receive (self, 100);
  }
  report (self, "SUBSCRIBE to a list + full state", self->n);
}

static int
compare (const void *a, const void *b)
{
  return (*(const double *)a > *(const double *)b)
         - (*(const double *)a < *(const double *)b);
}

static void
change (Load *self, guint rounds)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  begin (self);
  for (guint round = 1; round <= rounds; round++) {
    double sent_at = now (), took;

    self->cseq = round;
    self->is_published = FALSE;
    self->progress = sent_at;
    send_publish (self);
    while (!self->is_published || self->notifies < round * self->n)
      receive (self, 100);
    took = now () - sent_at;
    g_array_append_val (times, took);
  }
  report (self, "NOTIFY of a change to lists", self->notifies);
  qsort (times->data, times->len, sizeof (double), compare);
  printf ("    PUBLISH to the last NOTIFY: median %.1f ms, worst %.1f ms\n",
          g_array_index (times, double, times->len / 2) * 1e3,
          g_array_index (times, double, times->len - 1) * 1e3);
}

static void
restart (Load *self, const char *command)
{
  g_autofree char *pid = NULL;

  if (!g_file_get_contents (self->pid_file, &pid, NULL, NULL)
      || kill (atoi (pid), SIGKILL) < 0)
    exit (1);
  for (guint i = 0; i < self->n; i++)
    self->slots[i].is_full = FALSE;
  self->n_full = 0;
  begin (self);
  self->cpu = 0;
  if (!g_spawn_command_line_async (command, NULL))
    exit (1);
  while (self->n_full < self->n)
    receive (self, 100);
  report (self, "Full state again after kill -9", self->n);
}

static void
open_sockets (Load *self, const char *server)
{
  g_auto (GStrv) parts = g_strsplit (server, ":", 2);
  socklen_t len = sizeof self->self;
  int size = 32 << 20, udp = socket (AF_INET, SOCK_DGRAM, 0),
      tcp = socket (AF_INET, SOCK_STREAM, 0);

  self->self.sin_family = AF_INET;
  self->self.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  if (bind (udp, (struct sockaddr *)&self->self, len) < 0
      || getsockname (udp, (struct sockaddr *)&self->self, &len) < 0
      || bind (tcp, (struct sockaddr *)&self->self, len) < 0
      || listen (tcp, 64) < 0) {
    perror ("listload");
    exit (1);
  }
  setsockopt (udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt (udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  self->fds[0] = (struct pollfd){ .fd = udp, .events = POLLIN };
  self->fds[1] = (struct pollfd){ .fd = tcp, .events = POLLIN };
  self->n_fds = 2;
  self->server.sin_family = AF_INET;
  inet_pton (AF_INET, parts[0], &self->server.sin_addr);
  self->server.sin_port
      = htons (parts[1] != NULL ? (guint16)atoi (parts[1]) : 5060);
}

int
main (int argc, char **argv)
{
  static Load self = { .in_flight = 50 };
  g_autofree char *server = NULL, *command = NULL;
  GOptionEntry entries[]
      = { { "server", 0, 0, G_OPTION_ARG_STRING, &server, "SIP", "HOST:PORT" },
          { "pid-file", 0, 0, G_OPTION_ARG_FILENAME, &self.pid_file,
            "the server's", "FILE" },
          { "restart", 0, 0, G_OPTION_ARG_STRING, &command,
            "kill the server and bring it back by this", "COMMAND" },
          { NULL } };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("WATCHERS MEMBERS ROUNDS");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc != 4
      || server == NULL || self.pid_file == NULL) {
    fprintf (stderr, "%s", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  open_sockets (&self, server);
  self.run = g_strdup_printf ("%x", g_random_int ());
  self.n = (guint)atoi (argv[1]);
  self.members = (guint)atoi (argv[2]);
  self.slots = g_new0 (Slot, self.n);
  subscribe_all (&self);
  if (atoi (argv[3]) > 0)
    change (&self, (guint)atoi (argv[3]));
  if (command != NULL)
    restart (&self, command);
  return 0;
}

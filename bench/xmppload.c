/* SPDX-License-Identifier: ISC
 *
 * A load of messages across the XMPP border, on loopback: it is the XMPP server
 * that Rollcall connects to as a component (XEP-0114; it takes any secret and
 * answers pings), and a trusted SIP peer over UDP that writes and is the
 * devices.
 *
 *   xmppload --server HOST:PORT --component-port PORT --pid PID --db PID out N
 *   xmppload ... in N       XMPP users write to users with one device each
 *   xmppload ... deliver N  N messages are stored while the link is down, and
 *                           then it comes up
 *   xmppload ... contacts N users watch N XMPP users; the link goes down, all
 *                           turn unknown, it comes up, all are back
 *
 * The instance has [xmpp] server = 127.0.0.1:PORT and users bench0 to bench999.
 * Closed loop with --in-flight messages (50).  Prints messages per second and
 * the CPU time of the server and of PostgreSQL (--db: the postmaster). */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LATE (2000 * 1000) /* us until a request is sent again */
#define USERS 1000
#define WATCHERS 50
#define SIP_DOMAIN "example.com"
#define XMPP_DOMAIN "xmpp.example.com"

typedef struct {
  int udp, listening, link; /* link -1: none */
  struct sockaddr_in server, self;
  int pid, db, in_flight, component_port;
  char *run;
  char method;     /* of requests of ours: 'r' REGISTER, 'm' MESSAGE */
  gint64 *sent_at; /* by number; 0: not in flight */
  guint n, next, done, again, wrong;
  guint stanzas;  /* messages that came by XMPP */
  guint errors;   /* of them */
  guint messages; /* MESSAGEs that came by SIP */
  guint8 *shown;  /* by number, of those who are watched: are they open? */
  guint n_shown;  /* how many are */
  guint notifies;
  gboolean is_up; /* the handshake is done */
  GString *in, *out;
  double started, cpu, db_cpu;
} Load;

static double
now (void)
{
  return g_get_monotonic_time () / 1e6;
}

/* --- CPU time --- */

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

/* The process, and if all its children. */
static double
usage (int pid, gboolean all)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc", 0, NULL);
  g_autofree char *text = g_strdup_printf ("%d", pid);
  const char *name;
  double sum;
  Usage out;

  if (pid == 0 || !usage_of (text, &out))
    return 0;
  sum = out.own + (all ? out.dead : 0);
  while (all && (name = g_dir_read_name (dir)) != NULL)
    if (g_ascii_isdigit (*name) && usage_of (name, &out) && out.ppid == pid)
      sum += out.own;
  return sum;
}

static void
begin (Load *self)
{
  self->cpu = usage (self->pid, FALSE);
  self->db_cpu = usage (self->db, TRUE);
  self->started = now ();
}

static void
report (Load *self, const char *what, guint n)
{
  double seconds = now () - self->started;
  double cpu = usage (self->pid, FALSE) - self->cpu;
  double db = usage (self->db, TRUE) - self->db_cpu;

  printf ("%-28s %7u in %6.2f s: %8.0f/s, %6.1f us CPU each (+%.1f "
          "PostgreSQL), %u sent again, %u refused\n",
          what, n, seconds, n / seconds, cpu * 1e6 / n, db * 1e6 / n,
          self->again, self->wrong + self->errors);
  fflush (stdout);
}

/* --- SIP --- */

static void
put (Load *self, const char *text, int len)
{
  while (sendto (self->udp, text, len, 0, (struct sockaddr *)&self->server,
                 sizeof self->server)
             < 0
         && (errno == EAGAIN || errno == ENOBUFS))
    g_usleep (100);
}

static int
write_register (const Load *self, guint i, char *text, gsize size)
{
  guint port = ntohs (self->self.sin_port);

  return g_snprintf (text, size,
                     "REGISTER sip:" SIP_DOMAIN " SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%sr%u\r\n"
                     "Max-Forwards: 70\r\n"
                     "From: <sip:bench%u@" SIP_DOMAIN ">;tag=f%u\r\n"
                     "To: <sip:bench%u@" SIP_DOMAIN ">\r\n"
                     "Call-ID: r%u-%s\r\nCSeq: 1 REGISTER\r\n"
                     "Contact: <sip:bench%u@127.0.0.1:%u>\r\n"
                     "Expires: 3600\r\nContent-Length: 0\r\n\r\n",
                     port, self->run, i, i, i, i, i, self->run, i, port);
}

static int
write_message (const Load *self, guint i, char *text, gsize size)
{
  guint port = ntohs (self->self.sin_port);

  return g_snprintf (text, size,
                     "MESSAGE sip:x%u@" XMPP_DOMAIN " SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%sm%u\r\n"
                     "Max-Forwards: 70\r\n"
                     "From: <sip:bench%u@" SIP_DOMAIN ">;tag=f%u\r\n"
                     "To: <sip:x%u@" XMPP_DOMAIN ">\r\n"
                     "Call-ID: m%u-%s\r\nCSeq: 1 MESSAGE\r\n"
                     "Content-Type: text/plain\r\nContent-Length: 20\r\n\r\n"
                     "twenty bytes of text",
                     i % USERS, port, self->run, i, (i / 7) % USERS, i,
                     i % USERS, i, self->run);
}

static int
write_subscribe (const Load *self, guint i, char *text, gsize size)
{
  guint port = ntohs (self->self.sin_port);

  return g_snprintf (text, size,
                     "SUBSCRIBE sip:x%u@" XMPP_DOMAIN " SIP/2.0\r\n"
                     "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%ss%u\r\n"
                     "Max-Forwards: 70\r\n"
                     "From: <sip:bench%u@" SIP_DOMAIN ">;tag=f%u\r\n"
                     "To: <sip:x%u@" XMPP_DOMAIN ">\r\n"
                     "Call-ID: s%u-%s\r\nCSeq: 1 SUBSCRIBE\r\n"
                     "Contact: <sip:bench%u@127.0.0.1:%u>\r\n"
                     "Event: presence\r\nExpires: 3600\r\n"
                     "Content-Length: 0\r\n\r\n",
                     i, port, self->run, i, i % WATCHERS, i, i, i, self->run,
                     i % WATCHERS, port);
}

static int
write_request (const Load *self, guint i, char *text, gsize size)
{
  switch (self->method) {
  case 'r':
    return write_register (self, i, text, size);
  case 's':
    return write_subscribe (self, i, text, size);
  default:
    return write_message (self, i, text, size);
  }
}

static void
send_one (Load *self, guint i)
{
  char text[2048];
  int len = write_request (self, i, text, sizeof text);

  self->sent_at[i] = g_get_monotonic_time ();
  put (self, text, len);
}

/* A line's value, by its full name; NULL when absent. */
static const char *
header (const char *text, const char *name, int *len_out)
{
  size_t n = strlen (name);

  for (const char *at = text; (at = strstr (at, "\r\n")) != NULL;) {
    at += 2;
    if (g_ascii_strncasecmp (at, name, n) != 0 || at[n] != ':')
      continue;
    for (at += n + 1; *at == ' '; at++)
      ;
    *len_out = (int)strcspn (at, "\r");
    return at;
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
  gulong i;

  if (strncmp (text, "SIP/2.0 2", 9) != 0 && self->wrong++ == 0)
    fprintf (stderr, "xmppload: %.*s\n", (int)strcspn (text, "\r\n"), text);
  if (id == NULL || *id != self->method)
    return;
  i = strtoul (id + 1, NULL, 10);
  if (i >= self->n || self->sent_at[i] == 0)
    return;
  self->sent_at[i] = 0;
  self->done++;
}

static void
take_notify (Load *self, const char *text)
{
  int len;
  const char *id = header (text, "Call-ID", &len);
  gulong i = id != NULL && *id == 's' ? strtoul (id + 1, NULL, 10) : self->n;
  gboolean is_open = strstr (text, "<basic>open") != NULL;

  answer (self, text);
  self->notifies++;
  if (self->shown == NULL || i >= self->n)
    return;
  self->n_shown += is_open - self->shown[i];
  self->shown[i] = is_open;
}

static void
take_datagram (Load *self, const char *text)
{
  if (strncmp (text, "SIP/2.0 ", 8) == 0) {
    take_response (self, text);
  } else if (strncmp (text, "MESSAGE ", 8) == 0) {
    answer (self, text);
    self->messages++;
  } else if (strncmp (text, "NOTIFY ", 7) == 0) {
    take_notify (self, text);
  }
}

/* --- XMPP --- */

static void
flush (Load *self)
{
  ssize_t n;

  while (self->link >= 0 && self->out->len > 0) {
    n = send (self->link, self->out->str, self->out->len,
              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0)
      return;
    g_string_erase (self->out, 0, n);
  }
}

/* An attribute of the tag at text; "" when absent.  The caller frees. */
static char *
attribute (const char *tag, const char *name)
{
  const char *end = strchr (tag, '>');
  g_autofree char *key = g_strdup_printf (" %s=", name);
  const char *at = g_strstr_len (tag, end - tag, key);

  if (at == NULL)
    return g_strdup ("");
  at += strlen (key);
  return g_strndup (at + 1, strcspn (at + 1, *at == '"' ? "\"" : "'"));
}

static void
take_iq (Load *self, const char *tag)
{
  g_autofree char *type = attribute (tag, "type"), *id = attribute (tag, "id");
  g_autofree char *from = attribute (tag, "from"), *to = attribute (tag, "to");

  if (strcmp (type, "get") == 0)
    g_string_append_printf (self->out,
                            "<iq type='result' id='%s' from='%s' to='%s'/>", id,
                            to, from);
}

/* Everybody is there, for whoever asks. */
static void
take_presence (Load *self, const char *tag)
{
  g_autofree char *type = attribute (tag, "type");
  g_autofree char *from = attribute (tag, "from"), *to = attribute (tag, "to");

  if (strcmp (type, "subscribe") == 0)
    g_string_append_printf (
        self->out, "<presence type='subscribed' from='%s' to='%s'/>", to, from);
  if (strcmp (type, "subscribe") == 0 || strcmp (type, "probe") == 0)
    g_string_append_printf (self->out, "<presence from='%s/r' to='%s'/>", to,
                            from);
}

static void
take_tag (Load *self, const char *tag)
{
  if (g_str_has_prefix (tag, "<stream:stream")) {
    g_string_append (self->out,
                     "<?xml version='1.0'?><stream:stream id='bench'"
                     " xmlns='jabber:component:accept' from='" SIP_DOMAIN "'"
                     " xmlns:stream='http://etherx.jabber.org/streams'>");
  } else if (g_str_has_prefix (tag, "</handshake")) {
    g_string_append (self->out, "<handshake/>");
    self->is_up = TRUE;
  } else if (g_str_has_prefix (tag, "<iq")) {
    take_iq (self, tag);
  } else if (g_str_has_prefix (tag, "<presence")) {
    take_presence (self, tag);
  } else if (g_str_has_prefix (tag, "</message")) {
    self->stanzas++;
  } else if (g_str_has_prefix (tag, "<error")) {
    self->errors++;
  }
}

static void
take_bytes (Load *self)
{
  const char *at = self->in->str, *open, *close;

  while ((open = strchr (at, '<')) != NULL
         && (close = strchr (open, '>')) != NULL) {
    take_tag (self, open);
    at = close + 1;
  }
  g_string_erase (self->in, 0, at - self->in->str);
}

static void
take_link (Load *self)
{
  int one = 1;

  self->link = accept (self->listening, NULL, NULL);
  setsockopt (self->link, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static void
read_link (Load *self)
{
  char bytes[65536];
  ssize_t n = recv (self->link, bytes, sizeof bytes, MSG_DONTWAIT);

  if (n > 0) {
    g_string_append_len (self->in, bytes, n);
    take_bytes (self);
  } else if (n == 0 || errno != EAGAIN) {
    fprintf (stderr, "xmppload: the component closed the link\n");
    close (self->link);
    self->link = -1;
    self->is_up = FALSE;
  }
}

/* --- The loop --- */

static void
read_datagrams (Load *self)
{
  char text[65536];
  ssize_t n;

  while ((n = recv (self->udp, text, sizeof text - 1, MSG_DONTWAIT)) > 0) {
    text[n] = '\0';
    take_datagram (self, text);
  }
}

/* Does what there is to do, waiting up to ms for it; accepts: a link too. */
static void
turn (Load *self, int ms, gboolean accepts)
{
  struct pollfd fds[] = {
    { .fd = self->udp, .events = POLLIN },
    { .fd = accepts && self->link < 0 ? self->listening : -1,
      .events = POLLIN },
    { .fd = self->link, .events = POLLIN | (self->out->len > 0 ? POLLOUT : 0) },
  };

  flush (self);
  if (poll (fds, G_N_ELEMENTS (fds), ms) <= 0)
    return;
  if (fds[0].revents != 0)
    read_datagrams (self);
  if (fds[1].revents != 0)
    take_link (self);
  if (fds[2].revents != 0)
    read_link (self);
  flush (self);
}

static void
retransmit (Load *self)
{
  gint64 t = g_get_monotonic_time ();

  for (guint i = 0; i < self->next; i++)
    if (self->sent_at[i] != 0 && t - self->sent_at[i] > LATE) {
      self->again++;
      send_one (self, i);
    }
}

/* n requests of a kind, until all are answered. */
static void
do_all (Load *self, char method, guint n, gboolean accepts)
{
  double last = now ();

  self->method = method;
  self->n = n;
  self->next = self->done = 0;
  g_free (self->sent_at);
  self->sent_at = g_new0 (gint64, n);
  while (self->done < n) {
    while (self->next < n && self->next - self->done < (guint)self->in_flight)
      send_one (self, self->next++);
    turn (self, 100, accepts);
    if (now () - last > 1) {
      retransmit (self);
      last = now ();
    }
  }
}

static void
wait_for_link (Load *self)
{
  listen (self->listening, 1);
  while (!self->is_up)
    turn (self, 100, TRUE);
}

static void
run_out (Load *self, guint n)
{
  wait_for_link (self);
  begin (self);
  do_all (self, 'm', n, TRUE);
  while (self->stanzas < n)
    turn (self, 100, TRUE);
  report (self, "MESSAGE, SIP to XMPP", n);
}

static void
run_in (Load *self, guint n)
{
  guint sent = 0;

  do_all (self, 'r', USERS, TRUE);
  wait_for_link (self);
  begin (self);
  while (self->messages + self->errors < n) {
    for (; sent < n
           && sent - self->messages - self->errors < (guint)self->in_flight;
         sent++)
      g_string_append_printf (
          self->out,
          "<message from='x%u@" XMPP_DOMAIN "/r' to='bench%u@" SIP_DOMAIN "'"
          " id='%s-%u' type='chat'><body>twenty bytes of text</body>"
          "</message>",
          (sent / 7) % USERS, sent % USERS, self->run, sent);
    turn (self, 100, TRUE);
  }
  report (self, "message, XMPP to SIP", n);
}

static void
run_deliver (Load *self, guint n)
{
  begin (self);
  do_all (self, 'm', n, FALSE);
  report (self, "MESSAGE to XMPP, stored", n);
  wait_for_link (self);
  begin (self);
  while (self->stanzas < n)
    turn (self, 100, TRUE);
  report (self, "...and delivered later", n);
}

static void
wait_for_shown (Load *self, guint n)
{
  while (self->n_shown != n)
    turn (self, 100, TRUE);
}

static void cut_link (Load *self);

static void
run_contacts (Load *self, guint n)
{
  self->shown = g_new0 (guint8, n);
  wait_for_link (self);
  begin (self);
  do_all (self, 's', n, TRUE);
  wait_for_shown (self, n);
  report (self, "SUBSCRIBE to XMPP users", n);
  cut_link (self);
  begin (self);
  wait_for_shown (self, 0);
  report (self, "...unknown: the link is down", n);
  wait_for_link (self);
  begin (self);
  self->notifies = 0;
  wait_for_shown (self, n);
  report (self, "...and back with the link", n);
  printf ("    %u NOTIFYs for it\n", self->notifies);
}

/* --- Start --- */

static int
bound (int type, int port, struct sockaddr_in *out)
{
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t len = sizeof address;
  int fd = socket (AF_INET, type, 0), one = 1;

  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  address.sin_port = htons ((guint16)port);
  setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind (fd, (struct sockaddr *)&address, len) < 0) {
    perror ("bind");
    exit (1);
  }
  getsockname (fd, (struct sockaddr *)&address, &len);
  *out = address;
  return fd;
}

static void
cut_link (Load *self)
{
  struct sockaddr_in ignored;

  close (self->link);
  close (self->listening);
  self->link = -1;
  self->is_up = FALSE;
  g_string_truncate (self->in, 0);
  g_string_truncate (self->out, 0);
  self->listening = bound (SOCK_STREAM, self->component_port, &ignored);
}

static void
open_sockets (Load *self, const char *server)
{
  g_auto (GStrv) parts = g_strsplit (server, ":", 2);
  struct sockaddr_in ignored;
  int size = 8 << 20;

  self->udp = bound (SOCK_DGRAM, 0, &self->self);
  setsockopt (self->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  setsockopt (self->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  self->listening = bound (SOCK_STREAM, self->component_port, &ignored);
  self->server.sin_family = AF_INET;
  inet_pton (AF_INET, parts[0], &self->server.sin_addr);
  self->server.sin_port
      = htons (parts[1] != NULL ? (guint16)atoi (parts[1]) : 5060);
}

static gboolean
run (Load *self, const char *what, guint n)
{
  if (strcmp (what, "deliver") == 0) {
    run_deliver (self, n);
    return TRUE;
  }
  listen (self->listening, 1); /* until then it is refused: the link is down */
  if (strcmp (what, "out") == 0)
    run_out (self, n);
  else if (strcmp (what, "in") == 0)
    run_in (self, n);
  else if (strcmp (what, "contacts") == 0)
    run_contacts (self, n);
  else
    return FALSE;
  return TRUE;
}

int
main (int argc, char **argv)
{
  Load self = { .in_flight = 50, .link = -1 };
  g_autofree char *server = NULL;
  GOptionEntry entries[]
      = { { "server", 0, 0, G_OPTION_ARG_STRING, &server, "UDP", "HOST:PORT" },
          { "component-port", 0, 0, G_OPTION_ARG_INT, &self.component_port,
            "where the server connects to", "PORT" },
          { "pid", 0, 0, G_OPTION_ARG_INT, &self.pid, "the server's", "PID" },
          { "db", 0, 0, G_OPTION_ARG_INT, &self.db, "the postmaster's", "PID" },
          { "in-flight", 0, 0, G_OPTION_ARG_INT, &self.in_flight,
            "messages in flight (50)", "N" },
          { NULL } };
  g_autoptr (GOptionContext) context
      = g_option_context_new ("out N | in N | deliver N | contacts N");

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc < 3
      || server == NULL || self.component_port == 0) {
    fprintf (stderr, "%s", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  open_sockets (&self, server);
  self.run = g_strdup_printf ("%x", g_random_int ());
  self.in = g_string_new (NULL);
  self.out = g_string_new (NULL);
  return run (&self, argv[1], (guint)atoi (argv[2])) ? 0 : 2;
}

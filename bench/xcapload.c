/* SPDX-License-Identifier: ISC
 *
 * A load generator for the XCAP server of one Rollcall on loopback: a fixed
 * number of connections, each of a user bench0, bench1, ... (password "secret")
 * with a contact list of its own, and each with one PUT of an entry in flight.
 * It keeps nonces and counts, as a good client does.
 *
 *   xcapload --server 127.0.0.1:8080 --pid PID PUTS
 *
 * With --users 1 all edit one document.  Prints PUTs per second and the CPU time
 * that the process PID spent on them (from /proc). */
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

#define LISTS "urn:ietf:params:xml:ns:resource-lists"

typedef struct {
  int fd;
  guint user, nc, n; /* n: PUTs so far */
  char *ha1, *nonce;
  GString *in;
} Client;

typedef struct {
  struct sockaddr_in server;
  int pid, in_flight, users, contacts;
  Client *clients;
  guint started, done, wanted;
  GHashTable *others; /* statuses that are no success -> how many */
} Load;

/* Seconds of CPU that pid has used. */
static double
usage (int pid)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree char *text = NULL;
  unsigned long user = 0, system = 0;
  char *rest;

  if (!g_file_get_contents (path, &text, NULL, NULL)
      || (rest = strrchr (text, ')')) == NULL)
    return 0;
  sscanf (rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
          &user, &system);
  return (double)(user + system) / sysconf (_SC_CLK_TCK);
}

static char *
md5 (const char *text)
{
  return g_compute_checksum_for_string (G_CHECKSUM_MD5, text, -1);
}

static void
fail (const char *what)
{
  perror (what);
  exit (1);
}

static void
open_client (Load *self, Client *client)
{
  int one = 1;

  client->fd = socket (AF_INET, SOCK_STREAM, 0);
  if (connect (client->fd, (struct sockaddr *)&self->server,
               sizeof self->server)
      < 0)
    fail ("connect");
  setsockopt (client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

/* "Authorization: ...\r\n"; nothing before the first challenge. */
static char *
authorization (Client *client, const char *method, const char *uri)
{
  g_autofree char *a2 = g_strdup_printf ("%s:%s", method, uri);
  g_autofree char *ha2 = md5 (a2), *all = NULL, *response = NULL;

  if (client->nonce == NULL)
    return g_strdup ("");
  client->nc++;
  all = g_strdup_printf ("%s:%s:%08x:c:auth:%s", client->ha1, client->nonce,
                         client->nc, ha2);
  response = md5 (all);
  return g_strdup_printf (
      "Authorization: Digest username=\"bench%u\", realm=\"example.com\","
      " nonce=\"%s\", uri=\"%s\", qop=auth, nc=%08x, cnonce=\"c\","
      " response=\"%s\"\r\n",
      client->user, client->nonce, uri, client->nc, response);
}

/* node: behind the document, or "". */
static void
send_put (Client *client, const char *node, const char *type, const char *body)
{
  g_autofree char *uri = g_strdup_printf (
      "/xcap-root/resource-lists/users/sip:bench%u@example.com/index%s",
      client->user, node);
  g_autofree char *auth = authorization (client, "PUT", uri);
  g_autofree char *text = g_strdup_printf (
      "PUT %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%sContent-Type: %s\r\n"
      "Content-Length: %zu\r\n\r\n%s",
      uri, auth, type, strlen (body), body);
  size_t len = strlen (text), at = 0;

  while (at < len) {
    ssize_t n = write (client->fd, text + at, len - at);

    if (n < 0 && errno != EINTR)
      fail ("write");
    at += n > 0 ? (size_t)n : 0;
  }
}

/* The status of an answer that is complete, which is taken out; 0: not yet. */
static guint
take_answer (Client *client)
{
  const char *end = strstr (client->in->str, "\r\n\r\n");
  const char *length = strstr (client->in->str, "\r\nContent-Length: ");
  const char *nonce = strstr (client->in->str, "nonce=\"");
  size_t len;
  guint status;

  if (end == NULL)
    return 0;
  len = end + 4 - client->in->str;
  if (length != NULL && length < end)
    len += strtoul (length + strlen ("\r\nContent-Length: "), NULL, 10);
  if (client->in->len < len)
    return 0;
  if (nonce != NULL && nonce < end) {
    nonce += strlen ("nonce=\"");
    g_free (client->nonce);
    client->nonce = g_strndup (nonce, strcspn (nonce, "\""));
    client->nc = 0;
  }
  status = (guint)atoi (client->in->str + strlen ("HTTP/1.1 "));
  g_string_erase (client->in, 0, len);
  return status;
}

static void
receive (Client *client)
{
  char buffer[16384];
  ssize_t n = read (client->fd, buffer, sizeof buffer);

  if (n <= 0)
    fail ("the server closed the connection");
  g_string_append_len (client->in, buffer, n);
}

static guint
wait_answer (Client *client)
{
  guint status;

  while ((status = take_answer (client)) == 0)
    receive (client);
  return status;
}

/* Its list, by two requests: the first is challenged. */
static void
make_list (Load *self, Client *client)
{
  g_autoptr (GString) body
      = g_string_new ("<resource-lists xmlns=\"" LISTS "\">\n<list>\n");
  guint status = 0;

  for (int i = 0; i < self->contacts; i++)
    g_string_append_printf (body,
                            "<entry uri=\"sip:c%d@load.example.net\">"
                            "<display-name>C %d</display-name></entry>\n",
                            i, i);
  g_string_append (body, "</list>\n</resource-lists>\n");
  for (guint i = 0; i < 2 && status != 200 && status != 201; i++) {
    send_put (client, "", "application/resource-lists+xml", body->str);
    status = wait_answer (client);
  }
  if (status != 200 && status != 201) {
    fprintf (stderr, "xcapload: the list of bench%u: %u\n", client->user,
             status);
    exit (1);
  }
}

static void
next_put (Load *self, Client *client)
{
  guint i = client->n++ % (guint)self->contacts;
  g_autofree char *node
      = g_strdup_printf ("/~~/resource-lists/list/"
                         "entry%%5b@uri=%%22sip:c%u@load.example.net%%22%%5d",
                         i);
  g_autofree char *body = g_strdup_printf (
      "<entry uri=\"sip:c%u@load.example.net\"><display-name>%u</display-name>"
      "</entry>",
      i, client->n);

  if (self->started == self->wanted)
    return;
  self->started++;
  send_put (client, node, "application/xcap-el+xml", body);
}

static void
answered (Load *self, Client *client, guint status)
{
  gpointer key = GUINT_TO_POINTER (status);

  self->done++;
  if (status != 200)
    g_hash_table_insert (
        self->others, key,
        GUINT_TO_POINTER (
            GPOINTER_TO_UINT (g_hash_table_lookup (self->others, key)) + 1));
  next_put (self, client);
}

static void
run (Load *self)
{
  g_autofree struct pollfd *fds = g_new0 (struct pollfd, self->in_flight);

  for (int i = 0; i < self->in_flight; i++) {
    fds[i] = (struct pollfd){ self->clients[i].fd, POLLIN, 0 };
    next_put (self, &self->clients[i]);
  }
  while (self->done < self->wanted) {
    if (poll (fds, (nfds_t)self->in_flight, 10000) <= 0)
      fail ("no answer within 10 s");
    for (int i = 0; i < self->in_flight; i++) {
      guint status;

      if (fds[i].revents == 0)
        continue;
      receive (&self->clients[i]);
      while ((status = take_answer (&self->clients[i])) != 0)
        answered (self, &self->clients[i], status);
    }
  }
}

static void
open_clients (Load *self)
{
  self->clients = g_new0 (Client, self->in_flight);
  for (int i = 0; i < self->in_flight; i++) {
    Client *client = &self->clients[i];
    g_autofree char *a1 = NULL;

    client->user = (guint)(i % self->users);
    a1 = g_strdup_printf ("bench%u:example.com:secret", client->user);
    client->ha1 = md5 (a1);
    client->n = (guint)i;
    client->in = g_string_new (NULL);
    open_client (self, client);
    make_list (self, client);
  }
}

static void
report (Load *self, double seconds, double cpu)
{
  GHashTableIter iter;
  gpointer status, n;

  printf ("PUT of an entry, %d contacts, %d documents: %u in %.2f s: %.0f/s, "
          "%.1f us CPU each\n",
          self->contacts, self->users, self->done, seconds,
          self->done / seconds, cpu * 1e6 / self->done);
  g_hash_table_iter_init (&iter, self->others);
  while (g_hash_table_iter_next (&iter, &status, &n))
    printf ("  %u times %u\n", GPOINTER_TO_UINT (n), GPOINTER_TO_UINT (status));
}

int
main (int argc, char **argv)
{
  Load self = { .in_flight = 50, .users = 50, .contacts = 100 };
  g_autofree char *server = NULL;
  GOptionEntry entries[]
      = { { "server", 0, 0, G_OPTION_ARG_STRING, &server, "HTTP", "HOST:PORT" },
          { "pid", 0, 0, G_OPTION_ARG_INT, &self.pid, "the server's", "PID" },
          { "in-flight", 0, 0, G_OPTION_ARG_INT, &self.in_flight,
            "requests in flight (50)", "N" },
          { "users", 0, 0, G_OPTION_ARG_INT, &self.users,
            "users, one document each (50)", "N" },
          { "contacts", 0, 0, G_OPTION_ARG_INT, &self.contacts,
            "entries of each document (100)", "N" },
          { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new ("PUTS");
  g_auto (GStrv) parts = NULL;
  double cpu;
  gint64 start;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, NULL) || argc != 2
      || server == NULL || self.users < 1 || self.contacts < 1) {
    fprintf (stderr, "%s", g_option_context_get_help (context, TRUE, NULL));
    return 2;
  }
  parts = g_strsplit (server, ":", 2);
  self.server.sin_family = AF_INET;
  inet_pton (AF_INET, parts[0], &self.server.sin_addr);
  self.server.sin_port = htons ((guint16)atoi (parts[1] ? parts[1] : "8080"));
  self.wanted = (guint)atoi (argv[1]);
  self.others = g_hash_table_new (NULL, NULL);
  open_clients (&self);
  cpu = usage (self.pid);
  start = g_get_monotonic_time ();
  run (&self);
  report (&self, (double)(g_get_monotonic_time () - start) / 1e6,
          usage (self.pid) - cpu);
  return 0;
}

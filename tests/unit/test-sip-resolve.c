/* SPDX-License-Identifier: ISC
 *
 * sip/plan.h with canned records, and sip/resolve.h with a DNS server of its
 * own on loopback.  Addresses of the latter come from the hosts file
 * (localhost). */
#include "config.h" /* memmem */

#include "sip/lookup.h"
#include "sip/loop.h"
#include "sip/plan.h"
#include "sip/resolve.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Records as lines: "N name order pref flags service replacement",
 * "S name prio weight port target", "A name address". */

typedef struct {
  const char *const *lines;
  guint random;
  guint asked;
} Canned;

static void
each (Canned *self, const char *type, const char *name, GArray *out,
      void (*add) (char **words, GArray *out))
{
  self->asked++;
  for (guint i = 0; self->lines[i] != NULL; i++) {
    g_auto (GStrv) words = g_strsplit (self->lines[i], " ", -1);

    if (strcmp (words[0], type) == 0
        && g_ascii_strcasecmp (words[1], name) == 0)
      add (words, out);
  }
}

static void
add_naptr_words (char **words, GArray *out)
{
  PlanNaptr one = { .order = (guint) atoi (words[2]),
                    .preference = (guint) atoi (words[3]),
                    .has_regexp = words[7] != NULL };

  g_strlcpy (one.flags, words[4], sizeof one.flags);
  g_strlcpy (one.service, words[5], sizeof one.service);
  g_strlcpy (one.replacement, words[6], sizeof one.replacement);
  g_array_append_val (out, one);
}

static void
add_srv_words (char **words, GArray *out)
{
  PlanSrv one = { .priority = (guint) atoi (words[2]),
                  .weight = (guint) atoi (words[3]),
                  .port = (guint) atoi (words[4]) };

  g_strlcpy (one.target, words[5], sizeof one.target);
  g_array_append_val (out, one);
}

static void
add_address_words (char **words, GArray *out)
{
  PlanAddress one = { 0 };

  g_strlcpy (one.text, words[2], sizeof one.text);
  g_array_append_val (out, one);
}

static void
canned_naptr (gpointer self, const char *name, GArray *out)
{
  each (self, "N", name, out, add_naptr_words);
}

static void
canned_srv (gpointer self, const char *name, GArray *out)
{
  each (self, "S", name, out, add_srv_words);
}

static void
canned_addresses (gpointer self, const char *name, GArray *out)
{
  each (self, "A", name, out, add_address_words);
}

static guint
canned_random (gpointer self, guint max)
{
  return MIN (((Canned *) self)->random, max);
}

static char *
hops_text (const ResolverHop *hops, gsize n)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < n; i++)
    g_string_append_printf (text, "%s%s:%s:%u", i ? " " : "", hops[i].proto,
                            hops[i].host, hops[i].port);
  return g_string_free (text, FALSE);
}

static Uri *
uri_of (const char *text)
{
  g_autoptr (GError) error = NULL;
  Uri *uri = NULL;

  uri_parse (text, -1, &uri, &error);
  g_assert_no_error (error);
  return uri;
}

static char *
plan_text (const char *text, gboolean needs_stream, Canned *canned)
{
  const PlanLookup lookup
      = { canned, canned_naptr, canned_srv, canned_addresses, canned_random };
  g_autoptr (Uri) uri = uri_of (text);
  g_autoptr (GArray) hops = g_array_new (FALSE, TRUE, sizeof (ResolverHop));
  PlanTarget target;

  if (!plan_target (uri, needs_stream, &target))
    return g_strdup ("no way");
  plan_run (&target, &lookup, hops);
  return hops_text ((ResolverHop *) (void *) hops->data, hops->len);
}

#define NONE                                                                   \
  {                                                                            \
    NULL                                                                       \
  }
/* a domain that has everything */
#define FULL                                                                   \
  {                                                                            \
    "N example.com 50 50 s SIP+D2U _sip._udp.example.com",                     \
        "N example.com 20 50 s SIP+D2T _sip._tcp.example.com",                 \
        "N example.com 10 50 s SIPS+D2T _sips._tcp.example.com",               \
        "S _sip._udp.example.com 1 0 5060 u.example.com",                      \
        "S _sip._tcp.example.com 1 0 5070 t.example.com",                      \
        "S _sips._tcp.example.com 1 0 5071 s.example.com",                     \
        "A u.example.com 192.0.2.1", "A t.example.com 192.0.2.2",              \
        "A s.example.com 2001:db8::3", "A example.com 192.0.2.9", NULL         \
  }
/* SRV alone */
#define SRVS                                                                   \
  {                                                                            \
    "S _sip._tcp.example.com 1 0 5070 t.example.com",                          \
        "S _sips._tcp.example.com 1 0 5071 t.example.com",                     \
        "A t.example.com 192.0.2.2", "A example.com 192.0.2.9", NULL           \
  }
#define BARE                                                                   \
  {                                                                            \
    "A example.com 192.0.2.9", "A example.com 2001:db8::9", NULL               \
  }

typedef struct {
  const char *path, *uri;
  gboolean needs_stream;
  const char *expected;
  const char *lines[24];
  guint random, asked; /* asked: 0 is not looked at */
} Row;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const Row rows[] = {
  /* 4.1: a number needs no look-up */
  { "rfc3263-4.1/numeric", "sip:192.0.2.5", FALSE, "udp:192.0.2.5:5060", NONE },
  { "rfc3263-4.1/numeric-port", "sip:192.0.2.5:5070", FALSE,
    "udp:192.0.2.5:5070", NONE },
  { "rfc3263-4.1/numeric-v6", "sip:[2001:DB8::5]", FALSE,
    "udp:2001:db8::5:5060", NONE },
  { "rfc3263-4.1/numeric-sips", "sips:192.0.2.5", FALSE, "tls:192.0.2.5:5061",
    NONE },
  { "rfc3263-4.1/numeric-tcp", "sip:192.0.2.5;transport=TCP", FALSE,
    "tcp:192.0.2.5:5060", NONE },
  { "rfc3263-4.1/numeric-tls", "sip:192.0.2.5;transport=tls", FALSE,
    "tls:192.0.2.5:5061", NONE },
  { "rfc3261-26.2.2/sips-tcp", "sips:192.0.2.5;transport=tcp", FALSE,
    "tls:192.0.2.5:5061", NONE },
  { "rfc3261-26.2.2/sips-udp", "sips:192.0.2.5;transport=udp", FALSE, "no way",
    NONE },
  { "rfc3263-4.1/unknown-transport", "sip:192.0.2.5;transport=sctp", FALSE,
    "no way", NONE },
  { "rfc3263-4/maddr", "sip:example.com;maddr=192.0.2.7", FALSE,
    "udp:192.0.2.7:5060", NONE },
  { "rfc3261-18.1.1/large", "sip:192.0.2.5", TRUE, "tcp:192.0.2.5:5060", NONE },
  { "rfc3261-18.1.1/large-udp", "sip:192.0.2.5;transport=udp", TRUE,
    "tcp:192.0.2.5:5060", NONE },
  { "rfc3261-19.1.1/tel", "tel:+4912345", FALSE, "no way", NONE },
  /* 4.2: a port says that there is nothing to choose */
  { "rfc3263-4.2/port", "sip:example.com:5080", FALSE, "udp:192.0.2.9:5080",
    FULL, 0, 1 },
  { "rfc3263-4.2/port-sips", "sips:example.com:5080", FALSE,
    "tls:192.0.2.9:5080", FULL, 0, 1 },
  { "rfc3263-4.2/transport", "sip:example.com;transport=tcp", FALSE,
    "tcp:192.0.2.2:5070", FULL, 0, 2 },
  { "rfc3263-4.2/transport-tls", "sip:example.com;transport=tls", FALSE,
    "tls:2001:db8::3:5071", FULL },
  { "rfc3263-4.2/transport-no-srv", "sip:example.com;transport=tcp", FALSE,
    "tcp:192.0.2.9:5060 tcp:2001:db8::9:5060", BARE },
  { "rfc3263-4.2/no-srv", "sip:example.com", FALSE,
    "udp:192.0.2.9:5060 udp:2001:db8::9:5060", BARE },
  { "rfc3263-4.2/no-srv-sips", "sips:example.com", FALSE,
    "tls:192.0.2.9:5061 tls:2001:db8::9:5061", BARE },
  { "rfc3263-4.2/nothing", "sip:example.org", FALSE, "", FULL },
  /* 4.1: NAPTR decides, by order and preference */
  { "rfc3263-4.1/naptr", "sip:example.com", FALSE,
    "tls:2001:db8::3:5071 tcp:192.0.2.2:5070 udp:192.0.2.1:5060", FULL },
  { "rfc3263-4.1/naptr-sips", "sips:example.com", FALSE, "tls:2001:db8::3:5071",
    FULL },
  { "rfc3263-4.1/naptr-large", "sip:example.com", TRUE,
    "tls:2001:db8::3:5071 tcp:192.0.2.2:5070", FULL },
  { "rfc3263-4.1/naptr-preference",
    "sip:example.com",
    FALSE,
    "tcp:192.0.2.2:5060 udp:192.0.2.1:5060",
    { "N example.com 10 90 s SIP+D2U _sip._udp.example.com",
      "N example.com 10 20 S sip+d2t _sip._tcp.example.com",
      "S _sip._udp.example.com 1 0 5060 u.example.com",
      "S _sip._tcp.example.com 1 0 5060 t.example.com",
      "A u.example.com 192.0.2.1", "A t.example.com 192.0.2.2", NULL } },
  { "rfc3263-4.1/naptr-not-for-us",
    "sip:example.com",
    FALSE,
    "udp:192.0.2.9:5060",
    { "N example.com 10 10 u E2U+sip _sip._udp.example.com",
      "N example.com 10 10 s SIP+D2S _sip._sctp.example.com",
      "N example.com 10 10 s SIP+D2U _sip._udp.example.com !x!y!",
      "N example.com 10 10 a SIP+D2U u.example.com",
      "A u.example.com 192.0.2.1", "A example.com 192.0.2.9", NULL } },
  { "rfc3263-4.1/srv-alone", "sip:example.com", FALSE, "tcp:192.0.2.2:5070",
    SRVS },
  { "rfc3263-4.1/srv-alone-sips", "sips:example.com", FALSE,
    "tls:192.0.2.2:5071", SRVS },
  /* the choice among SRV records */
  { "rfc2782/priority",
    "sip:example.com;transport=udp",
    FALSE,
    "udp:192.0.2.1:1 udp:192.0.2.2:2 udp:192.0.2.3:3",
    { "S _sip._udp.example.com 30 9 3 c.example.com",
      "S _sip._udp.example.com 10 1 1 a.example.com",
      "S _sip._udp.example.com 20 5 2 b.example.com",
      "A a.example.com 192.0.2.1", "A b.example.com 192.0.2.2",
      "A c.example.com 192.0.2.3", NULL } },
  { "rfc2782/weight-low",
    "sip:example.com;transport=udp",
    FALSE,
    "udp:192.0.2.1:1 udp:192.0.2.2:2",
    { "S _sip._udp.example.com 10 60 2 b.example.com",
      "S _sip._udp.example.com 10 0 1 a.example.com",
      "A a.example.com 192.0.2.1", "A b.example.com 192.0.2.2", NULL },
    0 },
  { "rfc2782/weight-high",
    "sip:example.com;transport=udp",
    FALSE,
    "udp:192.0.2.2:2 udp:192.0.2.1:1",
    { "S _sip._udp.example.com 10 60 2 b.example.com",
      "S _sip._udp.example.com 10 0 1 a.example.com",
      "A a.example.com 192.0.2.1", "A b.example.com 192.0.2.2", NULL },
    60 },
  { "rfc2782/not-there",
    "sip:example.com;transport=udp",
    FALSE,
    "udp:192.0.2.9:5060",
    { "S _sip._udp.example.com 0 0 0 ", "A example.com 192.0.2.9", NULL } },
  { "bound",
    "sip:example.com:5060",
    FALSE,
    "udp:192.0.2.1:5060 udp:192.0.2.2:5060 udp:192.0.2.3:5060 "
    "udp:192.0.2.4:5060 udp:192.0.2.5:5060 udp:192.0.2.6:5060 "
    "udp:192.0.2.7:5060 udp:192.0.2.8:5060",
    { "A example.com 192.0.2.1", "A example.com 192.0.2.1",
      "A example.com 192.0.2.2", "A example.com 192.0.2.3",
      "A example.com 192.0.2.4", "A example.com 192.0.2.5",
      "A example.com 192.0.2.6", "A example.com 192.0.2.7",
      "A example.com 192.0.2.8", "A example.com 192.0.2.9", NULL } },
};
#pragma GCC diagnostic pop

static void
test_plan (gconstpointer data)
{
  const Row *row = data;
  Canned canned = { .lines = row->lines, .random = row->random };
  g_autofree char *text = plan_text (row->uri, row->needs_stream, &canned);

  g_assert_cmpstr (text, ==, row->expected);
  if (row->asked != 0)
    g_assert_cmpuint (canned.asked, ==, row->asked);
}

/* A DNS server: answers SRV and NAPTR from a table, counts, may be silent. */

typedef struct {
  SipLoop *loop;
  LoopPort *port;
  Resolver *resolver;
  int fd;
  LoopWatch *watch;
  guint questions;
  gboolean is_silent, is_bad;
  guint8 kept[1024]; /* the question not answered while silent */
  gsize kept_len;
  struct sockaddr_in kept_from;
  GString *story;
  guint answers, wanted;
} Fixture;

static gsize
put_name (guint8 *out, const char *name)
{
  g_auto (GStrv) labels = g_strsplit (name, ".", -1);
  gsize n = 0;

  for (guint i = 0; labels[i] != NULL && *labels[i]; i++) {
    out[n++] = (guint8) strlen (labels[i]);
    memcpy (out + n, labels[i], strlen (labels[i]));
    n += strlen (labels[i]);
  }
  out[n++] = 0;
  return n;
}

static gsize
put_number (guint8 *out, guint number)
{
  out[0] = (guint8) (number >> 8);
  out[1] = (guint8) number;
  return 2;
}

static gsize
put_string (guint8 *out, const char *text)
{
  out[0] = (guint8) strlen (text);
  memcpy (out + 1, text, strlen (text));
  return 1 + strlen (text);
}

/* The data of the one record there is for a question of this type. */
static gsize
put_data (Fixture *f, guint8 *out, guint type, gboolean is_tcp)
{
  gsize n = 0;

  if (type == 35) { /* NAPTR */
    n += put_number (out + n, 10);
    n += put_number (out + n, 10);
    n += put_string (out + n, "s");
    n += put_string (out + n, "SIP+D2T");
    n += put_string (out + n, "");
    n += put_name (out + n, "_sip._tcp.good.test");
  } else { /* SRV */
    n += put_number (out + n, 1);
    n += put_number (out + n, 0);
    n += put_number (out + n, is_tcp ? 5070 : 5071);
    n += put_name (out + n, "localhost");
  }
  return f->is_bad ? n / 2 : n;
}

/* "good.test" has NAPTR and SRV over TCP; everything else does not exist. */
static gsize
make_answer (Fixture *f, guint8 *packet, gsize len)
{
  gsize n = 12, name = 12;
  gboolean is_tcp = memmem (packet, len, "\4_tcp", 5) != NULL;
  gboolean is_udp = memmem (packet, len, "\4_udp", 5) != NULL;
  gboolean is_there = memmem (packet, len, "\4good\4test", 10) && !is_udp;
  guint type;
  gsize size;

  while (packet[n] != 0)
    n += packet[n] + 1u;
  type = packet[n + 1] * 256u + packet[n + 2];
  n += 5;
  packet[2] = 0x84;
  packet[3] = is_there ? 0 : 3;
  memset (packet + 6, 0, 6);
  if (!is_there)
    return n;
  packet[7] = 1;
  n += put_number (packet + n, 0xc000u + (guint) name);
  n += put_number (packet + n, type);
  n += put_number (packet + n, 1);
  n += put_number (packet + n, 0);
  n += put_number (packet + n, 60);
  size = put_data (f, packet + n + 2, type, is_tcp);
  put_number (packet + n, (guint) size);
  return n + 2 + size;
}

static void
answer_kept (Fixture *f)
{
  gsize n = make_answer (f, f->kept, f->kept_len);

  sendto (f->fd, f->kept, n, 0, (struct sockaddr *) &f->kept_from,
          sizeof f->kept_from);
}

static void
dns_cb (int fd, LoopEvents events, gpointer data)
{
  Fixture *f = data;
  socklen_t len = sizeof f->kept_from;
  gssize n
      = recvfrom (fd, f->kept, 512, 0, (struct sockaddr *) &f->kept_from, &len);

  if (n < 12)
    return;
  f->kept_len = (gsize) n;
  f->questions++;
  if (!f->is_silent)
    answer_kept (f);
}

static void
set_up (Fixture *f, gconstpointer data)
{
  struct sockaddr_in at
      = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t len = sizeof at;

  f->loop = sip_loop_new ();
  f->port = sip_loop_port (f->loop);
  f->story = g_string_new (NULL);
  f->fd = socket (AF_INET, SOCK_DGRAM, 0);
  g_assert_cmpint (bind (f->fd, (struct sockaddr *) &at, len), ==, 0);
  getsockname (f->fd, (struct sockaddr *) &at, &len);
  f->watch = f->port->watch (f->port->self, f->fd, LOOP_READ, dns_cb, f);
  f->resolver = resolver_new (f->loop);
  resolver_set_dns_port (f->resolver, ntohs (at.sin_port));
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  resolver_free (f->resolver);
  f->port->unwatch (f->port->self, f->watch);
  close (f->fd);
  sip_loop_free (f->loop);
  g_string_free (f->story, TRUE);
}

static void
answer_cb (const ResolverHop *hops, gsize n, gpointer data)
{
  Fixture *f = data;
  g_autofree char *text = hops_text (hops, n);

  g_string_append_printf (f->story, "[%s]", text);
  if (++f->answers == f->wanted)
    sip_loop_quit (f->loop);
}

static ResolverQuery *
ask (Fixture *f, const char *text)
{
  g_autoptr (Uri) uri = uri_of (text);
  ResolverQuery *query = resolver_start (f->resolver, uri, FALSE, answer_cb, f);

  g_assert_nonnull (query);
  return query;
}

static void
wait_answers (Fixture *f, guint wanted)
{
  f->wanted = wanted;
  if (f->answers < wanted)
    sip_loop_run (f->loop);
}

static void
test_numeric (Fixture *f, gconstpointer data)
{
  ask (f, "sip:192.0.2.1");
  ask (f, "sips:192.0.2.1;transport=udp");
  g_assert_cmpuint (f->answers, ==, 0); /* never inside resolver_start */
  wait_answers (f, 2);
  g_assert_cmpstr (f->story->str, ==, "[udp:192.0.2.1:5060][]");
  g_assert_cmpuint (f->questions, ==, 0);
}

static void
test_hosts_file (Fixture *f, gconstpointer data)
{
  ask (f, "sip:localhost:5070");
  wait_answers (f, 1);
  g_assert_nonnull (strstr (f->story->str, "udp:127.0.0.1:5070"));
  g_assert_cmpuint (f->questions, ==, 0);
}

static void
test_dns (Fixture *f, gconstpointer data)
{
  ask (f, "sip:good.test");
  wait_answers (f, 1);
  g_assert_nonnull (strstr (f->story->str, "tcp:127.0.0.1:5070"));
  g_assert_cmpuint (f->questions, ==, 2); /* NAPTR, SRV */
  g_string_truncate (f->story, 0);
  ask (f, "sip:GOOD.test"); /* is known now */
  wait_answers (f, 2);
  g_assert_nonnull (strstr (f->story->str, "tcp:127.0.0.1:5070"));
  g_assert_cmpuint (f->questions, ==, 2);
}

static void
test_dns_shared (Fixture *f, gconstpointer data)
{
  ask (f, "sip:good.test;transport=tcp");
  ask (f, "sip:good.test;transport=tcp");
  ask (f, "sip:good.test;transport=tcp");
  wait_answers (f, 3);
  g_assert_cmpuint (f->questions, ==, 1);
}

/* A record cut in the middle is no record; the address is tried then, and
 * there is none. */
static void
test_dns_bad (Fixture *f, gconstpointer data)
{
  f->is_bad = TRUE;
  ask (f, "sip:good.test;transport=tcp");
  wait_answers (f, 1);
  g_assert_cmpstr (f->story->str, ==, "[]");
}

static void
test_cancel (Fixture *f, gconstpointer data)
{
  ResolverQuery *numeric = ask (f, "sip:192.0.2.1");
  ResolverQuery *named = ask (f, "sip:localhost:5070");

  resolver_cancel (numeric);
  resolver_cancel (named);
  ask (f, "sip:192.0.2.2");
  wait_answers (f, 1);
  ask (f, "sip:localhost:5070");
  wait_answers (f, 2);
  g_assert_true (g_str_has_prefix (f->story->str, "[udp:192.0.2.2:5060][udp:"));
}

/* A thread that waits for a silent server does not hold up resolver_free, and
 * what it brings later is thrown away. */
static void
test_free_while_waiting (Fixture *f, gconstpointer data)
{
  guint idle = MAX (g_thread_pool_get_num_unused_threads (), 1);

  f->is_silent = TRUE;
  ask (f, "sip:good.test;transport=tcp");
  while (f->questions == 0)
    su_root_step (sip_loop_root (f->loop), 10);
  g_clear_pointer (&f->resolver, resolver_free);
  answer_kept (f);
  while (g_thread_pool_get_num_unused_threads () < idle)
    su_root_step (sip_loop_root (f->loop), 10);
  g_assert_cmpuint (f->answers, ==, 0);
}

typedef struct {
  Fixture *f;
  guint left;
} Again;

static void
again_cb (const ResolverHop *hops, gsize n, gpointer data)
{
  Again *again = data;
  g_autoptr (Uri) uri = uri_of ("sip:localhost:5070");

  if (--again->left == 0)
    sip_loop_quit (again->f->loop);
  else
    resolver_start (again->f->resolver, uri, FALSE, again_cb, again);
}

static void
test_start_inside (Fixture *f, gconstpointer data)
{
  Again again = { f, 10 };
  g_autoptr (Uri) uri = uri_of ("sip:localhost:5070");

  resolver_start (f->resolver, uri, FALSE, again_cb, &again);
  sip_loop_run (f->loop);
  g_assert_cmpuint (again.left, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  alarm (120);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strconcat ("/sip/plan/", rows[i].path, NULL);
    g_test_add_data_func (path, &rows[i], test_plan);
  }
#define ADD(path, fn)                                                          \
  g_test_add ("/sip/resolve/" path, Fixture, NULL, set_up, fn, tear_down)
  ADD ("numeric", test_numeric);
  ADD ("hosts-file", test_hosts_file);
  ADD ("dns", test_dns);
  ADD ("dns-shared", test_dns_shared);
  ADD ("dns-bad", test_dns_bad);
  ADD ("cancel", test_cancel);
  ADD ("free-while-waiting", test_free_while_waiting);
  ADD ("start-inside", test_start_inside);
  return g_test_run ();
}

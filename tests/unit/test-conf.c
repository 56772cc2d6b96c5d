/* SPDX-License-Identifier: ISC
 *
 * conf/: what a configuration may say, what is said about a wrong line, and
 * that the sample is what conf_dump writes. */
#include "base/error.h"
#include "conf/conf.h"

#include <string.h>

#define DOMAINS "[server]\ndomains = example.com\n"

static Conf *
parsed (const char *text)
{
  g_autoptr (GError) error = NULL;
  Conf *conf = conf_parse (text, strlen (text), "x.conf", &error);

  g_assert_no_error (error);
  g_assert_nonnull (conf);
  return conf;
}

static void
test_defaults (void)
{
  g_autoptr (Conf) conf = parsed (DOMAINS);

  g_assert_cmpstr (conf_list (conf, "server", "domains")[0], ==, "example.com");
  g_assert_null (conf_list (conf, "server", "domains")[1]);
  g_assert_cmpstr (conf_string (conf, "server", "user"), ==, "");
  g_assert_cmpstr (conf_string (conf, "server", "log_level"), ==, "notice");
  g_assert_cmpstr (conf_string (conf, "database", "dsn"), ==,
                   "dbname=rollcall");
  g_assert_cmpint (conf_int (conf, "database", "hung_after"), ==, 2);
  g_assert_cmpint (conf_int (conf, "sip", "max_body"), ==, 65536);
  g_assert_cmpint (conf_int (conf, "sip", "tcp_idle"), ==, 3 * 3600);
  g_assert_cmpstr (conf_list (conf, "sip", "listen")[1], ==, "[::]:5060");
  g_assert_null (conf_list (conf, "sip", "tls_listen")[0]);
  g_assert_cmpstr (conf_list (conf, "auth", "algorithms")[0], ==, "md5");
  g_assert_cmpint (conf_int (conf, "registrar", "default_expires"), ==, 3600);
  g_assert_false (conf_has_address (conf, "sip", "trusted_peers", "127.0.0.1"));
  g_assert_true (
      conf_has_address (conf, "http", "admin_networks", "127.0.0.1"));
}

static void
test_written (void)
{
  g_autoptr (Conf) conf
      = parsed ("# comment\n\n  # another\n[server]  \r\n"
                "domains=Example.COM ; b.example;\r\n"
                "  log_level =  debug \n"
                "[database]\ndsn=host=/tmp password=a\\\\b\\sc  # no comment\n"
                "[sip]\nlisten=\ntls_listen = [::1]:5061\ntls_certificate=/c\n"
                "tls_key=/k\nmax_body= 2k\ntcp_idle =1d\nudp_mtu=1300\n"
                "[registrar]\nmin_expires=1\nmax_expires=30s\n"
                "[presence]\nmin_expires=5\nmax_expires=5\ndefault_expires=5\n"
                "[xmpp]\nserver = XMPP.example.com:5347\nsecret = s\n"
                "component = b.example\nrooms=rooms.x.example\n"
                "[auth]\nalgorithms = SHA256;md5\n[server]\nuser = rollcall");
  const char *const *algorithms = conf_list (conf, "auth", "algorithms");

  g_assert_cmpstr (conf_list (conf, "server", "domains")[0], ==, "example.com");
  g_assert_cmpstr (conf_list (conf, "server", "domains")[1], ==, "b.example");
  g_assert_null (conf_list (conf, "server", "domains")[2]);
  g_assert_cmpstr (conf_string (conf, "server", "log_level"), ==, "debug");
  g_assert_cmpstr (conf_string (conf, "server", "user"), ==, "rollcall");
  g_assert_cmpstr (conf_string (conf, "database", "dsn"), ==,
                   "host=/tmp password=a\\b c  # no comment");
  g_assert_null (conf_list (conf, "sip", "listen")[0]);
  g_assert_cmpint (conf_int (conf, "sip", "max_body"), ==, 2048);
  g_assert_cmpint (conf_int (conf, "sip", "tcp_idle"), ==, 86400);
  g_assert_cmpint (conf_int (conf, "sip", "udp_mtu"), ==, 1300);
  g_assert_cmpint (conf_int (conf, "registrar", "min_expires"), ==, 1);
  g_assert_cmpint (conf_int (conf, "presence", "default_expires"), ==, 5);
  /* a default that was not written bends to the bounds */
  g_assert_cmpint (conf_int (conf, "registrar", "default_expires"), ==, 30);
  g_assert_cmpstr (conf_list (conf, "xmpp", "server")[0], ==,
                   "xmpp.example.com:5347");
  g_assert_cmpstr (algorithms[0], ==, "sha256");
  g_assert_cmpstr (algorithms[1], ==, "md5");
}

typedef struct {
  const char *text, *message; /* how the message begins */
} Bad;

static const Bad bads[] = {
  { "", "x.conf:1: domains in [server] must be given; allowed: " },
  { "[sip]\n\n", "x.conf:2: domains in [server] must be given; allowed: " },
  { "\n[server]\n\n", "x.conf:2: domains in [server] must be given;" },
  { DOMAINS "[sipp]\n",
    "x.conf:3: there is no group [sipp]; allowed: server, database, sip,"
    " auth, " },
  { DOMAINS "[sip]\nlisen = 1\n",
    "x.conf:4: there is no option lisen in [sip]; allowed: listen,"
    " tls_listen, " },
  { DOMAINS "user[de] = x\n", "x.conf:3: there is no option user[de] in" },
  { "domains = a\n", "x.conf:1: an option before any group; allowed: server" },
  { DOMAINS "\nwhat\n",
    "x.conf:4: neither a comment, a group nor an option; allowed: # " },
  { DOMAINS "= x\n", "x.conf:3: there is no option  in [server]; allowed: " },
  { DOMAINS "[sip\n", "x.conf:3: a group header that does not end with" },
  { DOMAINS "[sip] x\n", "x.conf:3: a group header that does not end with" },
  { DOMAINS "; comment\n", "x.conf:3: neither a comment, a group nor" },
  { DOMAINS "user = a\nuser = a\n",
    "x.conf:4: user in [server] is already on line 3; allowed: once" },
  { DOMAINS "[sip]\n[server]\ndomains = b\n",
    "x.conf:5: domains in [server] is already on line 2" },
  { DOMAINS "user = \xff\n", "x.conf:3: bytes that are no text" },
  { DOMAINS "user = a\\qb\n", "x.conf:3: user in [server] has a wrong escape" },
  { DOMAINS "user = a\\nb\n",
    "x.conf:3: user in [server]: a control character in it; allowed: " },
  { DOMAINS "control_socket =\n",
    "x.conf:3: control_socket in [server]: empty; allowed: a text of 1 to" },
  { DOMAINS "log_level = loud\n",
    "x.conf:3: log_level in [server]: not one of the words; allowed: error,"
    " warning, notice, info, debug" },
  { "[server]\ndomains =\n",
    "x.conf:2: domains in [server]: empty; allowed: " },
  { "[server]\ndomains = a;-b\n",
    "x.conf:2: domains in [server]: \"-b\" is no domain name; allowed: " },
  { "[server]\ndomains = a..b\n", "x.conf:2: domains in [server]: \"a..b\"" },
  { "[server]\ndomains = a b\n", "x.conf:2: domains in [server]: \"a b\"" },
  { "[server]\ndomains = a;A\n",
    "x.conf:2: domains in [server]: \"a\" is in it twice; allowed: " },
  { DOMAINS "[database]\nconnections = 0\n",
    "x.conf:4: connections in [database]: too small; allowed: a number from 1"
    " to 16" },
  { DOMAINS "[database]\nconnections = 17\n",
    "x.conf:4: connections in [database]: too large; allowed: " },
  { DOMAINS "[database]\nconnections = two\n",
    "x.conf:4: connections in [database]: not a number; allowed: " },
  { DOMAINS "[database]\nconnections = -1\n",
    "x.conf:4: connections in [database]: not a number; allowed: " },
  { DOMAINS "[database]\nconnections = 2s\n",
    "x.conf:4: connections in [database]: not a number; allowed: " },
  { DOMAINS "[database]\nconnections = 99999999999999999999999\n",
    "x.conf:4: connections in [database]: not a number; allowed: " },
  { DOMAINS "[database]\nhung_after = 2 s\n",
    "x.conf:4: hung_after in [database]: not a time; allowed: 1s to 5m,"
    " written as 30, 90s, 10m, 2h or 7d" },
  { DOMAINS "[database]\nhung_after = 6m\n",
    "x.conf:4: hung_after in [database]: too large; allowed: " },
  { DOMAINS "[sip]\nmax_body = 2T\n",
    "x.conf:4: max_body in [sip]: not a size; allowed: 1k to 1M bytes" },
  { DOMAINS "[sip]\nlisten = 0.0.0.0\n",
    "x.conf:4: listen in [sip]: \"0.0.0.0\" has no port; allowed: 0 to 16"
    " addresses with port" },
  { DOMAINS "[sip]\nlisten = localhost:5060\n",
    "x.conf:4: listen in [sip]: \"localhost:5060\" has no numeric address" },
  { DOMAINS "[sip]\nlisten = ::1:5060\n",
    "x.conf:4: listen in [sip]: \"::1:5060\" has no numeric address" },
  { DOMAINS "[sip]\nlisten = [127.0.0.1]:5060\n",
    "x.conf:4: listen in [sip]: \"[127.0.0.1]:5060\" has no numeric" },
  { DOMAINS "[sip]\nlisten = 127.0.0.1:70000\n",
    "x.conf:4: listen in [sip]: \"127.0.0.1:70000\" has no port from 1" },
  { DOMAINS "[sip]\nlisten = 127.0.0.1:1;127.0.0.1:1\n",
    "x.conf:4: listen in [sip]: \"127.0.0.1:1\" is in it twice" },
  { DOMAINS "[sip]\nlisten =\n",
    "x.conf:4: listen and tls_listen in [sip] are both empty; allowed: " },
  { DOMAINS "[sip]\ntls_listen = [::]:5061\ntls_key = /k\n",
    "x.conf:4: tls_listen in [sip] without tls_certificate; allowed: " },
  { DOMAINS "[xmpp]\nserver = xmpp.example.com\nsecret = s\n",
    "x.conf:4: server in [xmpp]: \"xmpp.example.com\" has no port; allowed: 0 to"
    " 1 hosts with port" },
  { DOMAINS "[xmpp]\nserver = -x:5347\nsecret = s\n",
    "x.conf:4: server in [xmpp]: \"-x\" is no domain name" },
  { DOMAINS "[xmpp]\nserver = a:1;b:2\nsecret = s\n",
    "x.conf:4: server in [xmpp]: too many items" },
  { DOMAINS "[xmpp]\nserver = a:5347\n",
    "x.conf:4: server in [xmpp] without a secret, or with two; allowed: " },
  { DOMAINS "[xmpp]\nserver = a:5347\nsecret = s\nsecret_file = /s\n",
    "x.conf:4: server in [xmpp] without a secret, or with two; allowed: " },
  { DOMAINS "[xmpp]\ncomponent = b.example\n",
    "x.conf:4: component in [xmpp]: \"b.example\" is no domain of ours; " },
  { DOMAINS "[xmpp]\ndomains = a.example; Example.com\n",
    "x.conf:4: domains in [xmpp]: \"example.com\" is in domains of [server]" },
  { DOMAINS "[xmpp]\nrooms = a.b\ndomains = b.c;a.b\n",
    "x.conf:4: rooms in [xmpp]: \"a.b\" is in domains of [xmpp], too; " },
  { DOMAINS "[xmpp]\nrooms = example.com\n",
    "x.conf:4: rooms in [xmpp]: \"example.com\" is in domains of [server]" },
  { DOMAINS "[xcap]\nroot = xcap.example.com\n",
    "x.conf:4: root in [xcap]: \"xcap.example.com\" is no such URI; "
    "allowed: " },
  { DOMAINS "[xcap]\nroot = https:///a\n", "x.conf:4: root in [xcap]: " },
  { DOMAINS "[xcap]\nroot = https://a/?b\n", "x.conf:4: root in [xcap]: " },
  { DOMAINS "[sip]\ntrusted_peers = 10.0.0.0/33\n",
    "x.conf:4: trusted_peers in [sip]: \"10.0.0.0/33\" has a wrong prefix" },
  { DOMAINS "[sip]\ntrusted_peers = ::/129\n",
    "x.conf:4: trusted_peers in [sip]: \"::/129\" has a wrong prefix" },
  { DOMAINS "[sip]\ntrusted_peers = 10.0.0/8\n",
    "x.conf:4: trusted_peers in [sip]: \"10.0.0/8\" is no address" },
  { DOMAINS "[sip]\ntrusted_peers = 10.0.0.0/\n",
    "x.conf:4: trusted_peers in [sip]: \"10.0.0.0/\" has a wrong prefix" },
  { DOMAINS "[auth]\nalgorithms =\n",
    "x.conf:4: algorithms in [auth]: empty; allowed: words of md5, sha256" },
  { DOMAINS "[auth]\nalgorithms = md5;sha512\n",
    "x.conf:4: algorithms in [auth]: \"sha512\" is not one of the words" },
  { DOMAINS "[registrar]\nmin_expires = 0\n",
    "x.conf:4: min_expires in [registrar]: too small; allowed: 1s to 7d" },
  { DOMAINS "[presence]\nmin_expires = 50\nmax_expires = 40\n",
    "x.conf:5: min_expires (50) in [presence] is above max_expires (40)" },
  { DOMAINS "[subscriptions]\ndefault_expires = 30\n",
    "x.conf:4: min_expires (60) in [subscriptions] is above default_expires" },
  { DOMAINS "[registrar]\ndefault_expires = 3h\n",
    "x.conf:4: default_expires (3h) in [registrar] is above max_expires (2h)" },
};

static void
test_bad (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bads); i++) {
    g_autoptr (GError) error = NULL;
    Conf *conf
        = conf_parse (bads[i].text, strlen (bads[i].text), "x.conf", &error);

    g_test_message ("%s", bads[i].message);
    g_assert_null (conf);
    g_assert_error (error, RC_ERROR, RC_ERROR_CONFIG);
    if (!g_str_has_prefix (error->message, bads[i].message))
      g_assert_cmpstr (error->message, ==, bads[i].message);
    g_assert_nonnull (strstr (error->message, "; allowed: "));
  }
}

static void
test_nul_and_size (void)
{
  static const char with_nul[] = DOMAINS "user = a\0b\n";
  g_autofree char *huge = g_strnfill ((1 << 20) + 1, '\n');
  g_autoptr (GError) error = NULL;

  g_assert_null (conf_parse (with_nul, sizeof with_nul - 1, "x.conf", &error));
  g_assert_cmpstr (error->message, ==,
                   "x.conf:3: bytes that are no text; allowed: UTF-8");
  g_clear_error (&error);
  g_assert_null (conf_parse (huge, strlen (huge), "x.conf", &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_CONFIG);
}

static void
test_no_file (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (conf_load ("/nonexistent/rollcall.conf", &error));
  g_assert_error (error, RC_ERROR, RC_ERROR_CONFIG);
  g_assert_true (g_str_has_prefix (error->message,
                                   "/nonexistent/rollcall.conf: the config"));
}

typedef struct {
  const char *addr;
  gboolean is_in;
} Member;

static void
test_addresses (void)
{
  static const Member members[] = {
    { "127.0.0.1", TRUE },
    { "127.0.0.2", FALSE },
    { "::ffff:127.0.0.1", TRUE },
    { "10.255.0.1", TRUE },
    { "11.0.0.0", FALSE },
    { "172.16.0.0", TRUE },
    { "172.31.255.255", TRUE },
    { "172.32.0.0", FALSE },
    { "172.15.255.255", FALSE },
    { "::1", TRUE },
    { "[::1]", TRUE },
    { "::2", FALSE },
    { "fe80::1%eth0", TRUE },
    { "fec0::1", FALSE },
    { "2001:db8:1::9", TRUE },
    { "2001:db8:2::9", FALSE },
    { "::ffff:10.1.1.1", TRUE },
    { "::10.1.1.1", FALSE },
    { "", FALSE },
    { "[", FALSE },
    { "x", FALSE },
    { "localhost", FALSE },
    { "127.0.0.1.", FALSE },
    { "0", FALSE },
    { "1111:2222:3333:4444:5555:6666:255.255.255.2555", FALSE },
  };
  g_autoptr (Conf) conf
      = parsed (DOMAINS "[sip]\ntrusted_peers = 127.0.0.1;10.9.8.7/8;"
                        "172.16.0.0/12;::1;fe80::/10;2001:db8:1::/48\n");
  g_autoptr (Conf) all = parsed (DOMAINS "[sip]\ntrusted_peers = 0.0.0.0/0\n");

  for (guint i = 0; i < G_N_ELEMENTS (members); i++) {
    g_test_message ("%s", members[i].addr);
    g_assert_cmpint (
        conf_has_address (conf, "sip", "trusted_peers", members[i].addr), ==,
        members[i].is_in);
  }
  g_assert_true (conf_has_address (all, "sip", "trusted_peers", "8.8.8.8"));
  g_assert_false (conf_has_address (all, "sip", "trusted_peers", "2001::8"));
}

static void
test_needs_restart (void)
{
  g_autoptr (Conf) a = parsed (DOMAINS "[sip]\nudp_buffer = 64k\n");
  g_autoptr (Conf) same
      = parsed ("[sip]\nudp_buffer = 65536\n[server]\ndomains = EXAMPLE.com;\n"
                "log_level = debug\n[registrar]\nmax_expires = 5m\n");
  g_autoptr (Conf) other = parsed (
      "[server]\ndomains = b.example\nuser = x\n[sip]\nudp_buffer = 1M\n");
  g_auto (GStrv) none = conf_needs_restart (a, same);
  g_auto (GStrv) some = conf_needs_restart (a, other);
  g_autofree char *joined = g_strjoinv (" ", some);

  g_assert_null (none[0]);
  g_assert_cmpstr (joined, ==, "server.domains server.user sip.udp_buffer");
}

/* The table itself: a default is valid, help is a sentence, no name twice. */
static void
test_table (void)
{
  g_autoptr (GHashTable) seen
      = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  gsize n;
  const ConfOption *options = conf_options (&n);

  g_assert_cmpuint (n, >, 40);
  for (gsize i = 0; i < n; i++) {
    g_test_message ("%s.%s", options[i].group, options[i].key);
    g_assert_true (g_hash_table_add (
        seen, g_strconcat (options[i].group, ".", options[i].key, NULL)));
    g_assert_true (g_str_has_suffix (options[i].help, "."));
    g_assert_true (g_ascii_isupper (options[i].help[0]));
    g_assert_cmpint (options[i].min, <=, options[i].max);
    g_assert_true (
        (options[i].allowed != NULL)
        == (options[i].type == CONF_ENUM || options[i].type == CONF_WORDS));
  }
}

/* The sample with the required values filled in and, on wish, every default
 * made active. */
static char *
filled_sample (gboolean is_active)
{
  g_autofree char *sample = conf_dump (NULL);
  g_auto (GStrv) lines = g_strsplit (sample, "\n", -1);

  for (char **line = lines; *line != NULL; line++) {
    char *text = *line;

    if (g_str_equal (text, "domains ="))
      *line = g_strdup ("domains = example.com");
    else if (is_active && text[0] == '#' && g_ascii_islower (text[1]))
      *line = g_strdup (text + 1);
    else
      continue;
    g_free (text);
  }
  return g_strjoinv ("\n", lines);
}

static void
test_dump_round_trip (void)
{
  g_autoptr (Conf) defaults = parsed (DOMAINS);
  g_autofree char *expected = conf_dump (defaults);

  for (int is_active = 0; is_active < 2; is_active++) {
    g_autofree char *text = filled_sample (is_active);
    g_autoptr (Conf) conf = parsed (text);
    g_autofree char *dump = conf_dump (conf);

    g_assert_cmpstr (dump, ==, expected);
  }
}

static void
test_dump_values (void)
{
  g_autoptr (Conf) conf = parsed (
      "[server]\ndomains = a.example;b.example\n[database]\n"
      "dsn = password='a\\\\b#=c' host=/tmp\n[sip]\nmax_body = 100k\n");
  g_autofree char *dump = conf_dump (conf), *again_dump = NULL;
  g_autoptr (Conf) again = parsed (dump);

  again_dump = conf_dump (again);
  g_assert_cmpstr (again_dump, ==, dump);
  g_assert_nonnull (strstr (dump, "\nmax_body = 100k\n"));
  g_assert_cmpstr (conf_string (again, "database", "dsn"), ==,
                   "password='a\\b#=c' host=/tmp");
  g_assert_cmpint (conf_int (again, "sip", "max_body"), ==, 100 * 1024);
}

static void
test_sample_file (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "contrib",
                                                 "rollcall.conf.sample", NULL);
  g_autofree char *file = NULL, *sample = conf_dump (NULL);
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &file, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (file, ==, sample); /* make update-sample */
}

/* A beginning of the file is good or is refused at one of its lines. */
static void
test_cut (void)
{
  g_autoptr (Conf) conf = parsed (DOMAINS);
  g_autofree char *text = conf_dump (conf);
  gsize len = strlen (text);
  guint refused = 0;

  for (gsize cut = 0; cut <= len; cut++) {
    g_autofree char *copy = g_memdup2 (text, cut + 1);
    g_autoptr (GError) error = NULL;
    g_autoptr (Conf) part = conf_parse (copy, cut, "x.conf", &error);

    g_assert_true ((part == NULL) == (error != NULL));
    refused += part == NULL;
  }
  g_assert_cmpuint (refused, >, 100);
  g_assert_cmpuint (refused, <, len);
}

static void
test_fuzz (void)
{
  static const char odd[] = "=[]#;:./\\-\"\n\r\t \xff"
                            "0a9sk%";
  g_autoptr (GRand) rand = g_rand_new_with_seed (5);
  g_autofree char *seed = filled_sample (TRUE);
  gsize len = strlen (seed);
  guint accepted = 0, refused = 0;

  for (guint i = 0; i < 2000; i++) {
    g_autofree char *text = g_memdup2 (seed, len);
    g_autoptr (GError) error = NULL;
    g_autoptr (Conf) conf = NULL;

    for (int n = g_rand_int_range (rand, 1, 4); n > 0; n--)
      text[g_rand_int_range (rand, 0, (gint32)len)]
          = odd[g_rand_int_range (rand, 0, sizeof odd)];
    conf = conf_parse (text, len, "x.conf", &error);
    if (conf == NULL) {
      g_assert_true (g_str_has_prefix (error->message, "x.conf:"));
      refused++;
    } else {
      g_autofree char *dump = conf_dump (conf);
      g_autoptr (Conf) again = parsed (dump);

      accepted++;
    }
  }
  g_assert_cmpuint (accepted, >, 100);
  g_assert_cmpuint (refused, >, 100);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/conf/parse/defaults", test_defaults);
  g_test_add_func ("/conf/parse/written", test_written);
  g_test_add_func ("/conf/parse/bad", test_bad);
  g_test_add_func ("/conf/parse/nul-and-size", test_nul_and_size);
  g_test_add_func ("/conf/parse/cut-at-every-byte", test_cut);
  g_test_add_func ("/conf/parse/fuzz", test_fuzz);
  g_test_add_func ("/conf/load/no-file", test_no_file);
  g_test_add_func ("/conf/addresses", test_addresses);
  g_test_add_func ("/conf/needs-restart", test_needs_restart);
  g_test_add_func ("/conf/table", test_table);
  g_test_add_func ("/conf/dump/round-trip", test_dump_round_trip);
  g_test_add_func ("/conf/dump/values", test_dump_values);
  g_test_add_func ("/conf/dump/sample-file", test_sample_file);
  return g_test_run ();
}

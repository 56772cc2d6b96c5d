/* SPDX-License-Identifier: ISC
 *
 * service/: what a user subscribes to at his own address: the client policy
 * (ua-profile, RFC 6080) and the number of messages that wait (message-summary,
 * RFC 3842). */
#include "tests/lib/servicebed.h"

#include <string.h>

#define ROOT "http://xcap.example.com/xcap-root/"
#define TYPE "application/vnd.rollcall.settings+xml"
#define POINTER "message/external-body"
#define HISTORY(value) "<allow-history>" value "</allow-history>"
#define CUT_PASTE(value) "<allow-cut-paste>" value "</allow-cut-paste>"

/* --- ua-profile --- */

static void
ask (ServiceBed *bed, const char *watcher)
{
  bed->profile_type = "user";
  bed_subscribe (bed, watcher, watcher, "ua-profile", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

static void
allow_history (ServiceBed *bed, gboolean is_on)
{
  bed->settings.allow_history = is_on;
  bed_set (bed);
}

static void
test_profile_first (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) notify = NULL;

  bed->settings.allow_cut_paste = FALSE;
  bed_set (bed);
  ask (bed, ALICE);
  notify = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
  g_assert_cmpint (notify->state, ==, SUBS_ACTIVE);
  g_assert_cmpstr (notify->content_type, ==, TYPE);
  g_assert_cmpstr (notify->event_params, ==, "effective-by=0");
  g_assert_nonnull (strstr (notify->body, HISTORY ("true")));
  g_assert_nonnull (strstr (notify->body, CUT_PASTE ("false")));
}

/* One for each subscriber, with the newest; nothing before its time. */
static void
test_profile_pushed (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  ask (bed, ALICE);
  ask (bed, BOB);
  bed_drain (bed);
  fake_loop_run (bed->loop, 2); /* they are not of this very second */
  allow_history (bed, FALSE);
  allow_history (bed, TRUE);
  bed->settings.allow_cut_paste = FALSE;
  allow_history (bed, FALSE);
  fake_loop_run (bed->loop, 1);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 2);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("false"));
  bed_expect (bed, BOB, SUBS_ACTIVE, CUT_PASTE ("false"));
  fake_loop_run (bed->loop, 2);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
}

/* One out, and two changes meanwhile: the newest follows. */
static void
test_profile_coalesced (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  ask (bed, ALICE);
  allow_history (bed, FALSE);
  fake_loop_run (bed->loop, 1);
  bed->settings.allow_cut_paste = FALSE;
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("true"));
  bed_expect (bed, ALICE, SUBS_ACTIVE, CUT_PASTE ("false"));
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

/* Other settings are nothing to it, and the client policy is nothing to who
 * watches presence; also when both change while the other is still paced. */
static void
test_profile_unconcerned (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  ask (bed, ALICE);
  bed_subscribe (bed, BOB, ALICE, "presence", 3600);
  bed_drain (bed);
  fake_loop_run (bed->loop, 2);
  bed->settings.max_contacts = 7;
  bed->settings.offline_ttl = 7;
  bed_set (bed);
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  allow_history (bed, FALSE);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("false"));
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed->settings.share_availability = FALSE;
  bed_set (bed);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, BOB, SUBS_ACTIVE, "entity=");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
  bed->settings.share_availability = TRUE;
  bed_set (bed);
  allow_history (bed, TRUE);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("true"));
  bed_expect (bed, BOB, SUBS_ACTIVE, "<basic>closed");
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

/* Behind many whom it does not concern it comes within a second. */
static void
test_profile_among_many (void)
{
  enum { N = 4000 };
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->settings.max_watchers = POLICY_NO_LIMIT;
  bed_set (bed);
  for (guint i = 0; i < N; i++) {
    g_autofree char *watcher = g_strdup_printf ("w%u@example.net", i);

    bed_subscribe (bed, watcher, ALICE, "presence", 3600);
    bed_drain (bed);
  }
  ask (bed, ALICE);
  bed_drain (bed);
  allow_history (bed, FALSE);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("false"));
  g_assert_cmpuint (bed_drain (bed), ==, 0);
}

static void
test_profile_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  ask (bed, ALICE);
  bed_drain (bed);
  bed->settings.allow_history = FALSE;
  bed_restart (bed);
  bed_set (bed); /* changed while it was down, or just then */
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("false"));
  bed_drain (bed);
  allow_history (bed, TRUE);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, HISTORY ("true"));
}

/* RFC 6080 6.6: what we do not have is 404; the parameter must be there. */
static void
test_profile_types (void)
{
  static const struct {
    const char *watcher, *type;
    ServiceVerdict verdict;
  } rows[] = {
    { ALICE, "User", SERVICE_OK },
    { ALICE, "device", SERVICE_NOT_FOUND },
    { ALICE, "local-network", SERVICE_NOT_FOUND },
    { ALICE, "application", SERVICE_NOT_FOUND },
    { ALICE, "", SERVICE_NOT_FOUND },
    { ALICE, NULL, SERVICE_BAD_REQUEST },
    { BOB, "user", SERVICE_FORBIDDEN },
    { EVE, "user", SERVICE_FORBIDDEN },
  };
  g_autoptr (ServiceBed) bed = bed_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    bed->profile_type = rows[i].type;
    bed_subscribe (bed, rows[i].watcher, ALICE, "ua-profile", 3600);
    g_assert_cmpint (bed->verdict, ==, rows[i].verdict);
  }
  bed_subscribe (bed, ALICE, "nobody@example.com", "ua-profile", 3600);
  g_assert_cmpint (bed->verdict, !=, SERVICE_OK);
}

/* RFC 6080 6.4: a day, as far as the limits go. */
static void
test_profile_duration (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  bed->profile_type = "user";
  bed_subscribe (bed, ALICE, ALICE, "ua-profile", -1);
  g_assert_cmpuint (bed->granted, ==, 7200);
  bed_subscribe (bed, ALICE, ALICE, "ua-profile", 600);
  g_assert_cmpuint (bed->granted, ==, 600);
  bed_drain (bed);
  bed_subscribe (bed, ALICE, ALICE, "ua-profile", 0);
  bed_expect (bed, ALICE, SUBS_TERMINATED, HISTORY ("true"));
}

/* The data where they are taken, a pointer where it is and can be. */
static void
test_profile_accept (void)
{
  static const struct {
    const char *accept;
    gboolean has_root;
    const char *type; /* NULL: refused */
  } rows[] = {
    { NULL, TRUE, TYPE },
    { "*/*", FALSE, TYPE },
    { POINTER ", " TYPE, TRUE, TYPE },
    { "text/plain, " POINTER, TRUE, POINTER "; " },
    { POINTER, FALSE, NULL },
    { "application/pidf+xml", TRUE, NULL },
    { TYPE ";q=0", TRUE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (ServiceBed) bed = bed_new ();
    g_autoptr (FakeNotify) notify = NULL;

    bed->xcap_root = rows[i].has_root ? ROOT : NULL;
    bed_restart (bed);
    bed->accept = rows[i].accept;
    bed->profile_type = "user";
    bed_subscribe (bed, ALICE, ALICE, "ua-profile", 3600);
    g_assert_cmpint (bed->verdict, ==,
                     rows[i].type != NULL ? SERVICE_OK
                                          : SERVICE_NOT_ACCEPTABLE);
    if (rows[i].type == NULL)
      continue;
    notify = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
    g_assert_true (g_str_has_prefix (notify->content_type, rows[i].type));
  }
}

/* RFC 4483: the Content-ID changes with the data. */
static void
test_profile_pointer (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();
  g_autoptr (FakeNotify) first = NULL, second = NULL;

  bed->xcap_root = ROOT;
  bed_restart (bed);
  bed->accept = POINTER;
  ask (bed, ALICE);
  first = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
  g_assert_nonnull (strstr (first->content_type,
                            "access-type=\"URL\"; "
                            "URL=\"" ROOT
                            "org.rollcall.settings/global/policy\"; size=1"));
  g_assert_true (g_str_has_prefix (first->body,
                                   "Content-Type: " TYPE "\r\nContent-ID: <"));
  g_assert_true (g_str_has_suffix (first->body, "@example.com>\r\n\r\n"));
  fake_loop_settle (bed->loop);
  allow_history (bed, FALSE);
  fake_loop_run (bed->loop, 1);
  second = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
  g_assert_cmpstr (first->body, !=, second->body);
  bed->xcap_root = NULL; /* the server lost its XCAP: it has nothing to say */
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  bed_expect (bed, ALICE, SUBS_ACTIVE, NULL);
}

/* --- message-summary --- */

static void
sent_cb (const ServiceSent *sent, const char *error, gpointer data)
{
  g_assert_null (error);
  g_assert_cmpuint (sent->n_taken, ==, 1);
}

static void
send_one (ServiceBed *bed)
{
  const ServiceSend message = {
    .from = BOB, .to = (const char *const[]){ "sip:" ALICE, NULL }, .text = "x"
  };

  service_send (bed->service, &message, sent_cb, NULL);
  fake_loop_run (bed->loop, 0.1); /* copies are paced */
}

static void
watch_summary (ServiceBed *bed)
{
  bed_subscribe (bed, ALICE, ALICE, "message-summary", 3600);
  g_assert_cmpint (bed->verdict, ==, SERVICE_OK);
}

static void
expect_summary (ServiceBed *bed, guint n)
{
  g_autoptr (FakeNotify) notify
      = fake_sip_answer (bed->sip, ALICE, SUBS_NOTIFY_OK);
  g_autofree char *expected
      = g_strdup_printf ("Messages-Waiting: %s\r\n"
                         "Message-Account: sip:" ALICE "\r\n"
                         "Text-Message: %u/0\r\n",
                         n > 0 ? "yes" : "no", n);

  fake_loop_settle (bed->loop);
  g_assert_cmpstr (notify->content_type, ==,
                   "application/simple-message-summary");
  g_assert_cmpstr (notify->body, ==, expected);
}

/* RFC 3842 3.11: the first at once, the others once a second. */
static void
test_summary_pace (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  send_one (bed);
  watch_summary (bed);
  expect_summary (bed, 1);
  send_one (bed);
  expect_summary (bed, 2);
  for (guint i = 0; i < 5; i++)
    send_one (bed);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  fake_loop_run (bed->loop, 0.6);
  expect_summary (bed, 7);
  store_mem_purge_messages (bed->store, ALICE);
  fake_loop_run (bed->loop, 0.5);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  fake_loop_run (bed->loop, 0.7);
  expect_summary (bed, 0);
  fake_loop_run (bed->loop, 3);
  g_assert_cmpuint (bed->sip->notifies->len, ==, 0);
  send_one (bed);
  expect_summary (bed, 1);
}

static void
test_summary_restart (void)
{
  g_autoptr (ServiceBed) bed = bed_new ();

  watch_summary (bed);
  expect_summary (bed, 0);
  send_one (bed);
  expect_summary (bed, 1);
  send_one (bed);
  bed_restart (bed);
  fake_loop_run (bed->loop, 1);
  expect_summary (bed, 2);
}

/* A line for each of many. */
static void
pass_over (const char *domain, GLogLevelFlags level, const char *text,
           gpointer data)
{
  (void)domain, (void)level, (void)text, (void)data;
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_handler ("subs", G_LOG_LEVEL_DEBUG, pass_over, NULL);
  g_test_add_func ("/ua-profile/first", test_profile_first);
  g_test_add_func ("/ua-profile/pushed", test_profile_pushed);
  g_test_add_func ("/ua-profile/coalesced", test_profile_coalesced);
  g_test_add_func ("/ua-profile/unconcerned", test_profile_unconcerned);
  g_test_add_func ("/ua-profile/among-many", test_profile_among_many);
  g_test_add_func ("/ua-profile/restart", test_profile_restart);
  g_test_add_func ("/ua-profile/rfc6080-6.6/types", test_profile_types);
  g_test_add_func ("/ua-profile/rfc6080-6.4/duration", test_profile_duration);
  g_test_add_func ("/ua-profile/rfc6080-6.5/accept", test_profile_accept);
  g_test_add_func ("/ua-profile/rfc4483/pointer", test_profile_pointer);
  g_test_add_func ("/message-summary/rfc3842-3.11/pace", test_summary_pace);
  g_test_add_func ("/message-summary/restart", test_summary_restart);
  return g_test_run ();
}

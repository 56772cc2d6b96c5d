/* SPDX-License-Identifier: ISC
 *
 * One message to many (RFC 5365), over the store in memory: who gets a copy and
 * what it is, who does not and why, and when the sender is answered. */
#include "tests/lib/mailbed.h"

#include <string.h>

#define TYPE "multipart/mixed;boundary=b"
#define ENTRY(uri, kind) "<entry uri=\"" uri "\" cp:copyControl=\"" kind "\"/>"
#define BODY(entries)                                                          \
  "--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n"                           \
  "--b\r\nContent-Type: application/resource-lists+xml\r\n"                    \
  "Content-Disposition: recipient-list\r\n\r\n"                                \
  "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\" "           \
  "xmlns:cp=\"urn:ietf:params:xml:ns:copycontrol\"><list>" entries             \
  "</list></resource-lists>\r\n--b--\r\n"
#define TO_BOB ENTRY ("sip:bob@example.com", "to")
#define CC_CAROL ENTRY ("sip:carol@example.com", "cc")
#define BCC_BOB ENTRY ("sip:bob@example.com", "bcc")
#define BCC_CAROL ENTRY ("sip:carol@example.com", "bcc")
#define TO_EVE ENTRY ("sip:eve@example.net", "to")
#define TO_NOBODY ENTRY ("sip:nobody@example.com", "to")

static MailBed *
with_devices (void)
{
  MailBed *bed = mail_bed_new ();

  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_register (bed, CAROL, MOBILE, 3600);
  return bed;
}

static void
start_sending (MailBed *bed, const char *body)
{
  bed->answers = 0;
  mail_bed_send (bed, &(MailBedMessage){ .sender = ALICE,
                                         .device = PHONE,
                                         .content_type = TYPE,
                                         .body = body,
                                         .is_many = TRUE });
}

/* Those of this second are on their way afterwards. */
static void
send_list (MailBed *bed, const char *body, ServiceVerdict verdict)
{
  start_sending (bed, body);
  fake_loop_run (bed->bed->loop, 0.5);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, verdict);
}

static const FakeForward *
copy_to (MailBed *bed, const char *device)
{
  GPtrArray *forwards = bed->bed->sip->forwards;
  g_autofree char *start = g_strdup_printf ("sip:%s@", device);

  for (guint i = 0; i < forwards->len; i++) {
    const FakeForward *forward = forwards->pdata[i];

    if (g_str_has_prefix (forward->target, start))
      return forward;
  }
  g_error ("no copy to %s", device);
}

static void
take_all (MailBed *bed, guint n)
{
  g_assert_cmpuint (bed->bed->sip->forwards->len, ==, n);
  g_free (mail_bed_take_all (bed));
}

static void
expect_ledger (MailBed *bed, const char *text)
{
  fake_loop_run (bed->bed->loop, 2.5);
  g_assert_cmpstr (mail_bed_ledger (bed), ==, text);
}

/* --- Copies --- */

static void
test_copies (void)
{
  g_autoptr (MailBed) bed = with_devices ();
  const FakeForward *copy;

  send_list (bed, BODY (TO_BOB CC_CAROL), SERVICE_ACCEPTED);
  copy = copy_to (bed, DESK);
  g_assert_true (g_str_has_prefix (copy->content_type, "multipart/mixed"));
  g_assert_nonnull (strstr (copy->body, "hello"));
  g_assert_nonnull (strstr (copy->body, "recipient-list-history"));
  g_assert_nonnull (strstr (copy->body, "sip:carol@example.com"));
  g_assert_nonnull (strstr (copy->headers, "To: <sip:bob@example.com>\r\n"));
  g_assert_nonnull (
      strstr (copy->headers, "From: <sip:alice@example.com>;tag="));
  copy = copy_to (bed, MOBILE);
  g_assert_nonnull (strstr (copy->headers, "To: <sip:carol@example.com>\r\n"));
  g_assert_cmpstr (copy->call_id, ==, copy_to (bed, DESK)->call_id);
  take_all (bed, 2);
  expect_ledger (bed, "bob@example.com ended desk=delivered, "
                      "carol@example.com ended mobile=delivered");
}

static void
test_bcc_is_not_seen (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (TO_BOB BCC_CAROL), SERVICE_ACCEPTED);
  g_assert_null (strstr (copy_to (bed, DESK)->body, "carol"));
  g_assert_nonnull (strstr (copy_to (bed, DESK)->body, "bob"));
  take_all (bed, 2);
}

static void
test_unwrapped (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (BCC_BOB BCC_CAROL), SERVICE_ACCEPTED);
  g_assert_cmpstr (copy_to (bed, DESK)->content_type, ==, "text/plain");
  g_assert_cmpstr (copy_to (bed, DESK)->body, ==, "hello");
  take_all (bed, 2);
}

static void
test_once_each (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (TO_BOB BCC_BOB TO_BOB), SERVICE_ACCEPTED);
  take_all (bed, 1);
  expect_ledger (bed, "bob@example.com ended desk=delivered");
}

/* --- Who may not be written to --- */

static void
add_contact (MailBed *bed, const char *owner, const char *uri,
             const char *group)
{
  StorePolicy *policy = store_policy_new (owner);

  g_ptr_array_add (policy->contacts, g_strdup (uri));
  g_ptr_array_add (policy->groups, g_strdup (group));
  store_mem_put_policy (bed->bed->store, policy);
  fake_loop_settle (bed->bed->loop);
}

/* RFC 5360 5.9 */
static void
test_consent (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (TO_BOB TO_EVE TO_NOBODY), SERVICE_ACCEPTED);
  take_all (bed, 1);
  fake_loop_run (bed->bed->loop, 2.5);
  g_assert_nonnull (strstr (mail_bed_ledger (bed), "eve@example.net ended "
                                                   "=failed"));
  g_assert_nonnull (strstr (mail_bed_ledger (bed), "nobody@example.com ended "
                                                   "=failed"));
  add_contact (bed, ALICE, "sip:eve@example.net", "contacts");
  send_list (bed, BODY (TO_BOB TO_EVE), SERVICE_ACCEPTED);
  copy_to (bed, "eve");
  take_all (bed, 2);
}

static void
test_blocked (void)
{
  g_autoptr (MailBed) bed = with_devices ();
  StorePolicy *policy = store_policy_new (BOB);

  store_policy_add_decision (policy, ALICE, "block");
  store_mem_put_policy (bed->bed->store, policy);
  policy = store_policy_new (CAROL);
  store_policy_add_decision (policy, ALICE, "polite_block");
  store_mem_put_policy (bed->bed->store, policy);
  fake_loop_settle (bed->bed->loop);
  start_sending (bed, BODY (TO_BOB CC_CAROL));
  fake_loop_run (bed->bed->loop, 0.5);
  take_all (bed, 0);
  fake_loop_run (bed->bed->loop, 2.5);
  g_assert_nonnull (
      strstr (mail_bed_ledger (bed), "bob@example.com ended =failed"));
}

static void
test_all_refused (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (TO_EVE TO_NOBODY), SERVICE_FORBIDDEN);
  take_all (bed, 0);
}

static void
test_too_many (void)
{
  g_autoptr (MailBed) bed = with_devices ();
  g_autoptr (GString) entries = g_string_new (NULL);
  g_autofree char *body = NULL;
  static const char whole[] = BODY ("@");
  const char *at = strchr (whole, '@');

  for (guint i = 0; i < 21; i++)
    g_string_append_printf (entries, ENTRY ("sip:u%u@example.com", "to"), i);
  body = g_strdup_printf ("%.*s%s%s", (int)(at - whole), whole, entries->str,
                          at + 1);
  send_list (bed, body, SERVICE_TOO_LARGE);
  take_all (bed, 0);
}

static void
test_wrong_entry (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (TO_BOB "<entry uri=\"no uri\"/>"), SERVICE_BAD_REQUEST);
  g_assert_nonnull (strstr (bed->text, "no uri"));
  take_all (bed, 0);
  send_list (bed, BODY (""), SERVICE_BAD_REQUEST);
  send_list (bed, "--b--\r\n", SERVICE_BAD_REQUEST);
  send_list (bed, "", SERVICE_BAD_REQUEST);
}

static void
test_messages_are_off (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  bed->bed->settings.im_enabled = FALSE;
  bed_set (bed->bed);
  fake_loop_settle (bed->bed->loop);
  send_list (bed, BODY (TO_BOB), SERVICE_FORBIDDEN);
  take_all (bed, 0);
}

/* --- When --- */

static void
test_answered_when_committed (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  send_list (bed, BODY (TO_BOB CC_CAROL), SERVICE_ACCEPTED);
  start_sending (bed, BODY (TO_BOB));
  g_assert_cmpuint (bed->answers, ==, 0);
  fake_loop_settle (bed->bed->loop);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpstr (mail_bed_ledger (bed), ==,
                   "bob@example.com queued, carol@example.com queued, "
                   "bob@example.com queued");
}

static void
test_away (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  send_list (bed, BODY (TO_BOB CC_CAROL), SERVICE_ACCEPTED);
  take_all (bed, 2);
  store_mem_set_up (bed->bed->store, FALSE);
  send_list (bed, BODY (TO_BOB CC_CAROL), SERVICE_BUSY);
  store_mem_set_up (bed->bed->store, TRUE);
  fake_loop_run (bed->bed->loop, 60);
  take_all (bed, 0);
}

static void
test_repeated (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();
  const MailBedMessage message = { .sender = ALICE,
                                   .device = PHONE,
                                   .content_type = TYPE,
                                   .body = BODY (TO_BOB),
                                   .call_id = "again",
                                   .is_many = TRUE };

  for (guint i = 1; i <= 3; i++) {
    mail_bed_send (bed, &message);
    fake_loop_run (bed->bed->loop, 0.5);
    g_assert_cmpuint (bed->answers, ==, i);
    g_assert_cmpint (bed->verdict, ==, SERVICE_ACCEPTED);
    g_assert_cmpstr (mail_bed_ledger (bed), ==, "bob@example.com queued");
    if (i == 2)
      mail_bed_restart (bed);
  }
}

static void
test_locks_nothing (void)
{
  g_autoptr (MailBed) bed = mail_bed_new ();

  mail_bed_register (bed, ALICE, PHONE, 3600);
  mail_bed_register (bed, BOB, DESK, 3600);
  mail_bed_register (bed, BOB, MOBILE, 3600);
  mail_bed_send (bed, &(MailBedMessage){
                          .sender = BOB,
                          .device = MOBILE,
                          .content_type = TYPE,
                          .body = BODY (ENTRY ("sip:alice@example.com", "to")),
                          .is_many = TRUE });
  fake_loop_run (bed->bed->loop, 0.5);
  take_all (bed, 1);
  mail_bed_write (bed, ALICE, BOB, "to both");
  take_all (bed, 2);
}

/* --- A group of contacts --- */

static void
send_to_group (MailBed *bed, const char *sender, const char *group,
               ServiceVerdict verdict)
{
  bed->answers = 0;
  mail_bed_send (bed, &(MailBedMessage){ .sender = sender,
                                         .device = PHONE,
                                         .recipient = ALICE,
                                         .body = "hello",
                                         .list = group });
  fake_loop_run (bed->bed->loop, 0.5);
  g_assert_cmpuint (bed->answers, ==, 1);
  g_assert_cmpint (bed->verdict, ==, verdict);
}

static void
test_group (void)
{
  g_autoptr (MailBed) bed = with_devices ();

  add_contact (bed, ALICE, "sip:bob@example.com", "friends");
  send_to_group (bed, ALICE, "friends", SERVICE_ACCEPTED);
  g_assert_cmpstr (copy_to (bed, DESK)->body, ==, "hello");
  take_all (bed, 1);
  send_to_group (bed, ALICE, SERVICE_ALL_CONTACTS, SERVICE_ACCEPTED);
  take_all (bed, 1);
  send_to_group (bed, ALICE, "others", SERVICE_NOT_FOUND);
  send_to_group (bed, BOB, "friends", SERVICE_FORBIDDEN);
  take_all (bed, 0);
}

/* --- An administrator's --- */

typedef struct {
  guint n;
  ServiceSent sent;
  char *error;
} Report;

static void
sent_cb (const ServiceSent *sent, const char *error, gpointer data)
{
  Report *report = data;

  report->n++;
  if (sent != NULL)
    report->sent = *sent;
  g_free (report->error);
  report->error = g_strdup (error);
}

static void
test_paced (void)
{
  enum { N = 300, RATE = 100 };
  g_autoptr (MailBed) bed = mail_bed_new ();
  const ServiceSend send = { .from = ALICE, .text = "to all" };
  Report report = { 0 };
  guint before;

  for (guint i = 0; i < N; i++) {
    g_autofree char *aor = g_strdup_printf ("u%u@example.com", i);
    g_autofree char *device = g_strdup_printf ("d%u", i);

    bed_put_user (bed->bed, aor, POLICY_AS_SETTINGS, POLICY_AS_SETTINGS);
    fake_loop_settle (bed->bed->loop);
    mail_bed_register (bed, aor, device, 3600);
  }
  service_send (bed->bed->service, &send, sent_cb, &report);
  fake_loop_settle (bed->bed->loop);
  g_assert_cmpuint (report.n, ==, 1);
  g_assert_null (report.error);
  g_assert_cmpuint (report.sent.n_taken, ==, N + 3);
  before = bed->bed->sip->forwards->len;
  fake_loop_run (bed->bed->loop, 1);
  g_assert_cmpuint (bed->bed->sip->forwards->len - before, <=, RATE + 10);
  g_assert_cmpuint (bed->bed->sip->forwards->len - before, >=, RATE - 10);
  fake_loop_run (bed->bed->loop, 3);
  g_free (mail_bed_take_all (bed));
  g_assert_null (strstr (mail_bed_ledger (bed), "u299@example.com queued"));
}

static void
test_administrator (void)
{
  g_autoptr (MailBed) bed = with_devices ();
  const char *const to[] = { "sip:bob@example.com", "sip:eve@example.net",
                             "sip:nobody@example.com", NULL };
  const ServiceSend send
      = { .from = "admin@example.com", .to = to, .text = "hello" };
  const ServiceSend wrong
      = { .from = "admin@elsewhere.example", .to = to, .text = "hello" };
  Report report = { 0 };

  service_send (bed->bed->service, &send, sent_cb, &report);
  fake_loop_run (bed->bed->loop, 0.5);
  g_assert_cmpuint (report.n, ==, 1);
  g_assert_cmpuint (report.sent.n_taken, ==, 2);
  g_assert_cmpuint (report.sent.n_refused, ==, 1);
  take_all (bed, 2);
  service_send (bed->bed->service, &wrong, sent_cb, &report);
  g_assert_cmpuint (report.n, ==, 2);
  g_assert_nonnull (report.error);
  store_mem_set_up (bed->bed->store, FALSE);
  service_send (bed->bed->service, &send, sent_cb, &report);
  fake_loop_run (bed->bed->loop, 5);
  g_assert_cmpuint (report.n, ==, 3);
  g_assert_cmpuint (report.sent.n_taken, ==, 0);
  g_assert_cmpuint (report.sent.n_failed, ==, 2);
  store_mem_set_up (bed->bed->store, TRUE);
  fake_loop_run (bed->bed->loop, 5);
  take_all (bed, 0);
  g_free (report.error);
}

int
main (int argc, char **argv)
{
  static const struct {
    const char *path;
    void (*fn) (void);
  } tests[] = {
    { "/broadcast/rfc5365-7.3/copies", test_copies },
    { "/broadcast/rfc5364-4/bcc-is-not-seen", test_bcc_is_not_seen },
    { "/broadcast/rfc5365-7.3/unwrapped", test_unwrapped },
    { "/broadcast/once-each", test_once_each },
    { "/broadcast/rfc5360-5.9/consent", test_consent },
    { "/broadcast/blocked", test_blocked },
    { "/broadcast/all-refused", test_all_refused },
    { "/broadcast/too-many", test_too_many },
    { "/broadcast/wrong-entry-is-named", test_wrong_entry },
    { "/broadcast/messages-are-off", test_messages_are_off },
    { "/broadcast/answered-when-committed", test_answered_when_committed },
    { "/broadcast/postgresql-away", test_away },
    { "/broadcast/repeated", test_repeated },
    { "/broadcast/locks-nothing", test_locks_nothing },
    { "/broadcast/group", test_group },
    { "/broadcast/paced", test_paced },
    { "/broadcast/administrator", test_administrator },
  };

  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add_func (tests[i].path, tests[i].fn);
  return g_test_run ();
}

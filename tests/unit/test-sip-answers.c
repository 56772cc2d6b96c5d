/* SPDX-License-Identifier: ISC
 *
 * sip/answers: what a retransmission gets, with a fake clock. */
#include "sip/answers.h"

#include <string.h>

#define SEC ((gint64)G_USEC_PER_SEC)

static const AnswersKey first = { .branch = "z9hG4bK-1",
                                  .sent_by = "192.0.2.1",
                                  .port = "5060",
                                  .method = "REGISTER",
                                  .call_id = "a@b",
                                  .cseq = 1 };

static void
test_pending_then_done (void)
{
  g_autoptr (Answers) answers = answers_new (10, 32);
  const Answer done = { .status = 200,
                        .phrase = "OK",
                        .headers = "Expires: 60\r\n",
                        .body = "x\0y",
                        .body_len = 3 };
  Answer out = { 0 };

  g_assert_cmpint (answers_find (answers, &first, 0, &out), ==, ANSWERS_NEW);
  g_assert_cmpint (answers_find (answers, &first, SEC, &out), ==,
                   ANSWERS_PENDING);
  answers_finish (answers, &first, &done);
  g_assert_cmpint (answers_find (answers, &first, 2 * SEC, &out), ==,
                   ANSWERS_DONE);
  g_assert_cmpint (out.status, ==, 200);
  g_assert_cmpstr (out.phrase, ==, "OK");
  g_assert_cmpstr (out.headers, ==, "Expires: 60\r\n");
  g_assert_cmpmem (out.body, out.body_len, "x\0y", 3);
}

static void
test_first_answer_stays (void)
{
  g_autoptr (Answers) answers = answers_new (10, 32);
  const Answer ok = { .status = 200, .phrase = "OK", .headers = "" };
  const Answer bad = { .status = 500, .phrase = "No", .headers = "" };
  Answer out = { 0 };

  answers_find (answers, &first, 0, &out);
  answers_finish (answers, &first, &ok);
  answers_finish (answers, &first, &bad);
  g_assert_cmpint (answers_find (answers, &first, 1, &out), ==, ANSWERS_DONE);
  g_assert_cmpint (out.status, ==, 200);
  g_assert_null (out.body);
}

/* Each part of the key tells requests apart. */
static void
test_key (void)
{
  AnswersKey others[6];
  g_autoptr (Answers) answers = answers_new (10, 32);
  Answer out = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    others[i] = first;
  others[0].branch = "z9hG4bK-2";
  others[1].sent_by = "192.0.2.2";
  others[2].port = NULL;
  others[3].method = "PUBLISH";
  others[4].call_id = "c@d";
  others[5].cseq = 2;
  answers_find (answers, &first, 0, &out);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_cmpint (answers_find (answers, &others[i], 0, &out), ==,
                     ANSWERS_NEW);
  g_assert_cmpuint (answers_size (answers), ==, 7);
}

static void
test_forget (void)
{
  g_autoptr (Answers) answers = answers_new (10, 32);
  Answer out = { 0 };

  answers_find (answers, &first, 0, &out);
  answers_forget (answers, &first);
  answers_forget (answers, &first);
  g_assert_cmpuint (answers_size (answers), ==, 0);
  g_assert_cmpint (answers_find (answers, &first, 1, &out), ==, ANSWERS_NEW);
}

static void
test_expiry (void)
{
  g_autoptr (Answers) answers = answers_new (10, 32);
  AnswersKey second = first;
  Answer out = { 0 };

  second.cseq = 2;
  answers_find (answers, &first, 0, &out);
  answers_find (answers, &second, 20 * SEC, &out);
  g_assert_cmpint (answers_find (answers, &first, 32 * SEC - 1, &out), ==,
                   ANSWERS_PENDING);
  g_assert_cmpint (answers_find (answers, &first, 32 * SEC, &out), ==,
                   ANSWERS_NEW);
  g_assert_cmpint (answers_find (answers, &second, 40 * SEC, &out), ==,
                   ANSWERS_PENDING);
  answers_advance (answers, 52 * SEC - 1);
  g_assert_cmpuint (answers_size (answers), ==, 2);
  answers_advance (answers, 52 * SEC);
  g_assert_cmpuint (answers_size (answers), ==, 1);
}

static void
test_bound (void)
{
  g_autoptr (Answers) answers = answers_new (3, 32);
  AnswersKey key = first;
  Answer out = { 0 };

  for (key.cseq = 1; key.cseq <= 5; key.cseq++)
    answers_find (answers, &key, key.cseq, &out);
  g_assert_cmpuint (answers_size (answers), ==, 3);
  key.cseq = 5;
  g_assert_cmpint (answers_find (answers, &key, 6, &out), ==, ANSWERS_PENDING);
  key.cseq = 2;
  g_assert_cmpint (answers_find (answers, &key, 6, &out), ==, ANSWERS_NEW);
  answers_finish (answers, &first, &(Answer){ .status = 200 });
}

static void
test_tag (void)
{
  g_autoptr (Answers) one = answers_new (3, 32), two = answers_new (3, 32);
  AnswersKey other = first;
  char tag[14], again[14], elsewhere[14], another[14];

  other.branch = "z9hG4bK-2";
  answers_tag (one, &first, tag);
  answers_tag (one, &first, again);
  answers_tag (two, &first, elsewhere);
  answers_tag (one, &other, another);
  g_assert_cmpuint (strlen (tag), ==, 13);
  g_assert_cmpstr (tag, ==, again);
  g_assert_cmpstr (tag, !=, elsewhere);
  g_assert_cmpstr (tag, !=, another);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sip/answers/rfc3261-17.2.2/pending-then-done",
                   test_pending_then_done);
  g_test_add_func ("/sip/answers/rfc3261-17.2.2/first-answer-stays",
                   test_first_answer_stays);
  g_test_add_func ("/sip/answers/rfc3261-17.2.3/key", test_key);
  g_test_add_func ("/sip/answers/forget", test_forget);
  g_test_add_func ("/sip/answers/rfc3261-17.2.2/expiry", test_expiry);
  g_test_add_func ("/sip/answers/bound", test_bound);
  g_test_add_func ("/sip/answers/rfc3261-8.2.7/tag", test_tag);
  return g_test_run ();
}

/* SPDX-License-Identifier: ISC
 *
 * Answers to retransmitted requests over UDP (RFC 3261 17.2.2), so that nta
 * needs no server transactions: per request a small record, first pending, then
 * with the final answer, for as long as the client may repeat it (64*T1).
 * Bounded: the oldest go first.  Knows no socket and no sofia type. */
#pragma once
#include <glib.h>

typedef struct Answers Answers;

/* What makes a request the same (RFC 3261 17.2.3); Call-ID and CSeq besides,
 * since the branch is the client's word.  Borrowed. */
typedef struct {
  const char *branch;  /* of the top Via; "": none (RFC 2543) */
  const char *sent_by; /* its host */
  const char *port;    /* its port, or NULL */
  const char *method;
  const char *call_id;
  guint32 cseq;
} AnswersKey;

/* A final answer: headers is what it has beyond those copied from the request,
 * as text ("Expires: 60\r\n..."). */
typedef struct {
  int status;
  const char *phrase;
  const char *headers;
  const void *body; /* NULL: none */
  gsize body_len;
} Answer;

typedef enum {
  ANSWERS_NEW,     /* first seen: now it is pending */
  ANSWERS_PENDING, /* being worked on: drop the retransmission */
  ANSWERS_DONE,    /* answer again as the first time */
} AnswersVerdict;

/* max: how many are kept; lifetime in seconds. */
Answers *answers_new (guint max, guint lifetime);
void answers_free (Answers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Answers, answers_free)

/* Looks a request up and enters it when it is new.  On ANSWERS_DONE *out is
 * filled, borrowed until the next call.  now: microseconds, monotonic. */
AnswersVerdict answers_find (Answers *self, const AnswersKey *key, gint64 now,
                             Answer *out);
/* Notes the final answer of a pending one (copied); one that is no longer there
 * is left out. */
void answers_finish (Answers *self, const AnswersKey *key,
                     const Answer *answer);
/* Takes one out: after a 401 or 407, for some clients repeat the same branch
 * and CSeq with credentials. */
void answers_forget (Answers *self, const AnswersKey *key);

/* Forgets those whose time is over; so does answers_find. */
void answers_advance (Answers *self, gint64 now);

guint answers_size (const Answers *self);

/* A To tag for this request: the same for each of its retransmissions, without
 * any state (RFC 3261 8.2.7); unlike from process to process.  out: at least 14
 * bytes. */
void answers_tag (const Answers *self, const AnswersKey *key, char *out);

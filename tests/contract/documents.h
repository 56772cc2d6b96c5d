/* SPDX-License-Identifier: ISC
 *
 * Documents of a rig: calls that wait for their answer, and lists to put. */
#pragma once
#include "tests/contract/rig.h"

#define RL "urn:ietf:params:xml:ns:resource-lists"
#define ALICE "alice@example.com"

/* The last answer; strings until the next. */
typedef struct {
  DocumentsOutcome outcome;
  char *etag, *body, *text;
  char *uris; /* separated by blanks; NULL: none */
  gboolean is_here;
} Answer;

/* A document and how it is put. */
typedef struct {
  const char *auid, *owner, *name;
  const char *old_etag, *body;
  gboolean may_shorten;
  const char *unique; /* one; or NULL */
} Put;

/* Static. */
const Answer *doc_fetch (Rig *rig, const char *auid, const char *owner,
                         const char *name);
const Answer *doc_put (Rig *rig, const Put *put);
const Answer *doc_remove (Rig *rig, const char *auid, const char *owner,
                          const char *name, const char *old_etag);
/* "auid/name" by line. */
const char *doc_list (Rig *rig, const char *auid, const char *owner);
/* Begins a put, whose answer goes to *out; nothing waits. */
void doc_start_put (Rig *rig, const Put *put, Answer *out);
void answer_clear (Answer *self);

/* Alice's resource list. */
const Answer *lists_fetch (Rig *rig);
/* A new document of one list "friends" with these, separated by blanks
 * ("bob": sip:bob@example.com, else as it is); old_etag NULL: there is none. */
char *lists_body (const char *entries);
const Answer *lists_put (Rig *rig, const char *old_etag, const char *entries,
                         gboolean may_shorten);
void assert_outcome (const Answer *answer, DocumentsOutcome outcome);
/* The contacts of alice as the policy has them, sorted, users without domain. */
void assert_contacts (Rig *rig, const char *expected);

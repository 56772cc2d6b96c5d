/* SPDX-License-Identifier: ISC
 *
 * Messages of a rig: what is asked of the port, and what it answers. */
#pragma once
#include "tests/contract/rig.h"

#define ALICE "alice@example.com"
#define BOB "bob@example.com"

/* One from BOB, with every field set, its own Call-ID and a body "body ID". */
StoredMessage *sample_message (guint64 id, const char *recipient);

/* Outcomes are noted under label: "LABEL=DONE" by line. */
void msg_put (Rig *rig, const char *label, const StoredMessage *message);
/* sample_message, labelled by its id. */
void msg_put_sample (Rig *rig, guint64 id, const char *recipient);
void msg_end (Rig *rig, const char *label, const char *recipient, guint64 id,
              MessagesEnd end, const char *device, guint status);
/* What is read, as "ID ID ...", with "+" behind when there are more; "away".
 * Static. */
const char *msg_read (Rig *rig, const char *recipient, guint64 after, guint n);
/* The messages of the last one; NULL: away. */
const GPtrArray *msg_last (void);
/* -1: away. */
gint64 msg_count (Rig *rig, const char *recipient);
/* Noted as "LABEL=..." when it is over, and "AOR:N" for each one counted. */
void msg_sweep (Rig *rig, const char *label, guint keep);
/* Waits for n outcomes, in any order (each recipient has his own): all DONE. */
void msg_expect_done (Rig *rig, guint n);
void assert_messages (Rig *rig, const char *expected);

/* SPDX-License-Identifier: ISC
 *
 * The statements that are prepared for messages, on the lanes and at the start.
 * Those that write many have an array for each parameter, in binary format. */
#pragma once

/* What prepares them, for a lane, behind others.  Static. */
const char *messages_setup (void);

/* id, call_id, from_tag, cseq, sender, recipient, imdn_id, content_type, headers,
 * body, created_at, us until it expires.  Gives the ids that are there as these
 * messages: now, or (again) since before. */
#define PUT_MESSAGES "put_messages"
#define PUT_MESSAGES_AGAIN "put_messages_again"
#define PUT_COLUMNS 12
/* id: they have never been. */
#define UNDO_MESSAGES "undo_messages"
/* States that only the statements know: the table has 'failed'.  END_MESSAGES:
 * the body goes.  NOTE_DELIVERIES: also what was delivered. */
#define STATE_RETURNED "returned"
#define STATE_BOUNCED "bounced"
/* id, device, state (but for 'failed' the body goes), status (0: none); each (id,
 * device) once. */
#define END_MESSAGES "end_messages"
#define END_COLUMNS 4
/* recipient; gives the numbers, in order. */
#define COUNT_MESSAGES "count_messages"

/* recipient, id above which, number; gives READ_* in the order of ids. */
#define READ_MESSAGES "read_messages"
enum {
  READ_ID,
  READ_CALL_ID,
  READ_FROM_TAG,
  READ_CSEQ,
  READ_SENDER,
  READ_RECIPIENT,
  READ_IMDN_ID,
  READ_CONTENT_TYPE,
  READ_HEADERS,
  READ_BODY,
  READ_CREATED_AT,
  READ_EXPIRES_AT,
  READ_NOW,
  READ_REFUSED, /* text[] */
};

/* recipient; gives their ids in order. */
#define LIST_MESSAGES "list_messages"

/* seconds that the ledger is kept, number of each kind: gives (recipient,
 * expired, removed): a row of numbers, then one for each recipient of those that
 * expired. */
#define SWEEP_MESSAGES "sweep_messages"

/* id, device, state, status (0: none), us since; each (id, device) once. */
#define NOTE_DELIVERIES "note_deliveries"
#define NOTE_COLUMNS 5
/* imdn_id, sender, recipient, device, us since. */
#define NOTE_DISPLAYED "note_displayed"
#define DISPLAYED_COLUMNS 5

/* At the start: (recipient, n) of those that wait, the last id; (call_id,
 * from_tag, cseq) of those that came lately.  Static. */
const char *messages_load_waiting_sql (void);
const char *messages_load_last_sql (void);
const char *messages_load_seen_sql (void);

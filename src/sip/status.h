/* SPDX-License-Identifier: ISC
 *
 * From what service/ says to SIP statuses. */
#pragma once
#include "sip/incoming.h"

/* Answers with what verdict means; any but SERVICE_OK and SERVICE_RELAYED.
 * text: why (or NULL), min_expires for SERVICE_BRIEF. */
void status_reply (SipIncoming *request, ServiceVerdict verdict,
                   const char *text, guint min_expires);
/* Answers with a status of another side's; text: why, or NULL. */
void status_reply_as (SipIncoming *request, guint status, const char *text);
/* 503 with Retry-After. */
void status_reply_busy (SipIncoming *request);

/* SPDX-License-Identifier: ISC
 *
 * From what service/ says to SIP statuses. */
#pragma once
#include "sip/incoming.h"

/* Answers with what verdict means; any but SERVICE_OK and SERVICE_RELAYED.
 * text: why (or NULL), min_expires for SERVICE_BRIEF. */
void status_reply (SipIncoming *request, ServiceVerdict verdict,
                   const char *text, guint min_expires);
/* 503 with Retry-After. */
void status_reply_busy (SipIncoming *request);

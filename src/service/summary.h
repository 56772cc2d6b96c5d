/* SPDX-License-Identifier: ISC
 *
 * The event package message-summary (RFC 3842): how many messages wait. */
#pragma once
#include "service/service-priv.h"

#define SUMMARY "message-summary"

Summaries *summaries_new (void);
void summaries_free (Summaries *self);

GBytes *summary_document (Service *service, Sub *sub);
/* The number of messages that wait for aor is another: told at once, and within
 * the following second once more with the newest number (RFC 3842 3.11). */
void summary_changed (Service *service, const char *aor);

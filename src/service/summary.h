/* SPDX-License-Identifier: ISC
 *
 * The event package message-summary (RFC 3842): how many messages wait. */
#pragma once
#include "service/service-priv.h"

#define SUMMARY "message-summary"

GBytes *summary_document (Service *service, Sub *sub);
/* The number of messages that wait for aor is another. */
void summary_changed (Service *service, const char *aor);

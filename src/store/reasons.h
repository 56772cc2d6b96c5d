/* SPDX-License-Identifier: ISC
 *
 * Why a document is refused, in words for its user. */
#pragma once
#include <glib.h>

/* New sentence.  reason: as rollcall.judge_contact and put_document give it
 * ("limit", "target_full", "no_such_user", "invalid", "documents"), another or
 * NULL: the database's fault; uri: what it is about, or NULL. */
char *reason_sentence (const char *reason, const char *uri);

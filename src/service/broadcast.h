/* SPDX-License-Identifier: ISC
 *
 * One message to many: to the recipients that its body names (RFC 5365), to a
 * group of contacts, or to whom an administrator says.  Each recipient gets a
 * copy, which is stored before it is tried; the copies are delivered at a rate.
 *
 * Who may be written to (RFC 5365 10; a list is no way around consent): users
 * of ours, as far as their policy lets the sender, and the sender's contacts. */
#pragma once
#include "service/service-priv.h"

/* command->is_many or ->list; the answer comes when all copies are committed:
 * 202 as soon as one of them is. */
void broadcast_message (Service *self, const ServiceCaller *caller,
                        const MessageCommand *command, MessageAnswerFn answer,
                        gpointer data);

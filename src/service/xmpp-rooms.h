/* SPDX-License-Identifier: ISC
 *
 * Text conferences for the rest of service/: rooms of an XMPP server as SIP
 * addresses (RFC 7702; XEP-0045).  Who of ours is in one is kept in
 * `room_members`. */
#pragma once
#include "service/subscribe-priv.h"

#define CONFERENCE "conference"

/* --- SUBSCRIBE (RFC 4575) --- */

/* Is a dialog, or what a new one asks for, about a room? */
gboolean xmpp_rooms_is_asked (Service *self, const SubsDialog *dialog);
/* The address of that room as it is known here; NULL: it is about none.  New. */
char *xmpp_rooms_address (Service *self, const SubsDialog *dialog);
/* May it be?  SERVICE_OK, or the answer and why. */
ServiceVerdict xmpp_rooms_check (Service *self, const SubscribeCommand *command,
                                 const char *user, const char **text);
/* Outside a dialog: he goes in first, unless it is a fetch. */
void xmpp_rooms_subscribe (Service *self, const SubscribeRequest *request);

/* For the row of the package: a NOTIFY's document, and what became of it. */
GBytes *xmpp_rooms_document (Service *self, Sub *sub);
void xmpp_rooms_notified (Service *self, Sub *sub, gboolean is_ok);
/* A dialog's state changed; it is gone. */
void xmpp_rooms_watcher_changed (Service *self, const SubsAction *action);
void xmpp_rooms_forget (Service *self, Sub *sub);

/* --- MESSAGE --- */

/* Is it to a room, or somebody in one? */
gboolean xmpp_rooms_is_addressed (Service *self, const MessageCommand *command);
void xmpp_rooms_say (Service *self, const ServiceCaller *caller,
                     const MessageCommand *command, MessageAnswerFn answer,
                     gpointer data);

/* --- What happens --- */

/* Start: a row of the store (taken), and the end of them. */
void xmpp_rooms_member_cb (StoreMember *row, gpointer self);
void xmpp_rooms_loaded (Service *self);
/* RegChanges that are in force. */
void xmpp_rooms_bindings_changed (Service *self, const GPtrArray *changes);
/* He may not sign in any more. */
void xmpp_rooms_user_gone (Service *self, const char *aor);
/* Somebody, or everybody, shares his availability now, or does not. */
void xmpp_rooms_sharing_changed (Service *self);
void xmpp_rooms_limits_changed (Service *self);
/* Whoever waits for a room is told that it does not answer. */
void xmpp_rooms_give_up (Service *self);
/* For the counters. */
guint xmpp_rooms_size (Service *self);

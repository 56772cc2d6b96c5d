/* SPDX-License-Identifier: ISC
 *
 * Between the two halves of SUBSCRIBE: subscribe.c checks and reads,
 * subscribe-decide.c decides, writes and answers.  Each of these answers the
 * request once, or sees to it that it is, and takes what was read for it. */
#pragma once
#include "service/lists.h"
#include "service/xcap_events.h"

/* A SUBSCRIBE while it is being decided. */
typedef struct {
  const ServiceCaller *caller;
  const SubscribeCommand *command;
  XcapWatch *watch; /* what it asks to be told of, when that has to be read */
  List *list;       /* the same of a list; NULL in a refresh: it is there */
  SubscribeAnswerFn answer;
  gpointer data;
} SubscribeRequest;

/* Inside a dialog; outside of one: new, or a repetition. */
void subscribe_in_dialog (Service *self, const SubscribeRequest *request);
void subscribe_outside (Service *self, const SubscribeRequest *request);
/* In the dialog of sub, or a repetition of what made it (DESIGN section 3, rule
 * 6). */
void subscribe_refresh (Service *self, Sub *sub,
                        const SubscribeRequest *request);

void subscribe_answer_now (Service *self, ServiceVerdict verdict,
                           const char *text, SubscribeAnswerFn answer,
                           gpointer data);
/* The same for request; takes nothing. */
void subscribe_refuse (Service *self, ServiceVerdict verdict, const char *text,
                       const SubscribeRequest *request);
/* Frees what was read for it and is not needed. */
void subscribe_forget_read (const SubscribeRequest *request);

/* --- Questions; nothing is answered --- */

/* The dialog of an in-dialog SUBSCRIBE; NULL with a verdict and *text (or
 * NULL). */
Sub *subscribe_dialog_of (Service *self, const SubscribeRequest *request,
                          ServiceVerdict *verdict, const char **text);
/* What an earlier copy of a SUBSCRIBE without To tag made; NULL: it is new. */
Sub *subscribe_repeated (Service *self, const SubscribeRequest *request);
/* The dialog with the names as we know them; borrowed. */
SubsDialog subscribe_known_dialog (Service *self,
                                   const SubscribeRequest *request);
/* What the policy and the limits say of a new one (the caller clears judged);
 * FALSE: forbidden, and *text says why or is NULL. */
gboolean subscribe_may_watch (Service *self, const SubsDialog *dialog,
                              PolicyAnswer *judged, const char **text);

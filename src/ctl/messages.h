/* SPDX-License-Identifier: ISC
 *
 * Which messages a command is about: the options --recipient, --sender, --state,
 * --waiting and --older-than, in any combination. */
#pragma once
#include "ctl/ctl.h"

/* The condition on rollcall.messages m, of the parameters $1 to $5. */
#define MESSAGES_CHOSEN                                                        \
  " ($1::text IS NULL OR lower(m.recipient COLLATE \"C\")"                     \
  "   = lower($1 COLLATE \"C\"))"                                              \
  " AND ($2::text IS NULL OR lower(m.sender COLLATE \"C\")"                    \
  "   = lower($2 COLLATE \"C\"))"                                              \
  " AND ($3::text IS NULL OR EXISTS (SELECT FROM rollcall.message_log g"       \
  "   WHERE g.id = m.id AND g.state = $3))"                                    \
  " AND ($4::boolean IS NULL OR m.body IS NOT NULL)"                           \
  " AND ($5::timestamptz IS NULL OR m.created_at < $5)"
#define MESSAGES_PARAMS 5

typedef struct {
  char *recipient, *sender, *state, *is_waiting, *before; /* or NULL */
} MessagesChoice;

/* Was any of the options given? */
gboolean messages_is_chosen (const Ctl *self);
/* What the options say; FALSE, and said so, for what they cannot say. */
gboolean messages_choose (Ctl *self, MessagesChoice *out);
void messages_choice_clear (MessagesChoice *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (MessagesChoice, messages_choice_clear)
/* Into the first MESSAGES_PARAMS of params; borrowed. */
void messages_params (const MessagesChoice *self, const char **params);

/* args as a literal of bigint[], for the caller to free; NULL, and said so, for
 * what is no id. */
char *messages_ids (char **args);

/* SPDX-License-Identifier: ISC
 *
 * Which people a list has: a service of an rls-services document, a group of a
 * user's contacts, or the body of a SUBSCRIBE (RFC 4826, RFC 5367).  References
 * are followed inside the owner's documents and the global ones: those are what
 * he may read (RFC 4825 5.7). */
#pragma once
#include "service/service-priv.h"

typedef enum {
  LIST_READ,
  LIST_NONE,      /* there is no such list */
  LIST_FORBIDDEN, /* it is somebody else's */
  LIST_BAD_EVENT, /* not for this package */
  LIST_BAD,       /* its body cannot be read; text says why */
  LIST_TOO_LARGE, /* the same: it has too many members */
  LIST_AWAY,      /* PostgreSQL is away */
} ListOutcome;

typedef struct {
  char *key; /* by which members are the same: user@domain where there is one */
  char *uri; /* as the list has it */
  char *name; /* or NULL */
} ListEntry;

typedef struct {
  ListOutcome outcome;
  char *text;         /* or NULL */
  char *name;         /* display name of the list, or NULL */
  GPtrArray *entries; /* ListEntry, each once; LIST_READ */
  gboolean is_stored; /* it depends on documents */
} ListContents;

/* What a list is asked for by. */
typedef struct {
  const char *watcher; /* AoR: who subscribes */
  const char *address; /* as SubsDialog.presentity has it: see lists.h */
  const char *package;
  const SubsBody *body; /* of the SUBSCRIBE, or NULL */
} ListQuestion;

/* contents is borrowed. */
typedef void (*ListReadFn) (const ListContents *contents, gpointer data);
/* Calls fn once, inside the call or later; with LIST_AWAY after all_lists_free. */
void list_read (Service *service, const ListQuestion *question, ListReadFn fn,
                gpointer data);

/* The part of a SUBSCRIBE's body that is a list: the body itself, or a part of
 * a multipart/mixed one; NULL: there is none.  The caller unrefs. */
GBytes *list_part (const SubsBody *body);

/* The URI that an address stands for.  The caller frees. */
char *list_uri (const char *address);

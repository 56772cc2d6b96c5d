/* SPDX-License-Identifier: ISC
 *
 * What the commands of rollcallctl share: options, the table of commands, a
 * session with PostgreSQL, output. */
#pragma once
#include "conf/conf.h"

#include <libpq-fe.h>

#define CTL_OK 0
#define CTL_FAILED 1
#define CTL_USAGE 2

typedef struct {
  char *file;       /* the configuration's path */
  Conf *conf;       /* read at first need; NULL with --dsn */
  char *dsn;        /* --dsn, or NULL */
  gboolean is_json;
  char *password_file;        /* of user add and passwd */
  char *name, *group;         /* of who is added */
  gboolean is_all, bypasses_limits;
  char *from, **to;           /* of a message that is sent */
  char *recipient, *sender;   /* which messages */
  char *state, *older_than;
  gboolean is_waiting, shows_text;
  char *limit;                /* how many are listed */
  PGconn *db;                 /* opened at first need */
} Ctl;

/* Options that not every command takes. */
typedef enum {
  CTL_DSN = 1,
  CTL_NAME = 2,
  CTL_PASSWORD_FILE = 4,
  CTL_GROUP = 8,
  CTL_ALL = 16,
  CTL_BYPASS_LIMITS = 32,
  CTL_SEND = 64,     /* --from and --to */
  CTL_MESSAGES = 128, /* which messages: --recipient and the like */
  CTL_LIMIT = 256,
  CTL_TEXT = 512
} CtlOptions;

#define CTL_MANY G_MAXUINT /* arguments: as many as are given */

typedef struct {
  const char *words; /* "user add" */
  const char *args;  /* "AOR", "[PATTERN]"; "" for none */
  const char *help;
  guint min_args, max_args;
  CtlOptions takes; /* another one is a usage error */
  int (*run) (Ctl *self, char **args); /* gives the exit status */
} Command;

/* All commands, in the order of the manual; n_out gets their number. */
const Command *ctl_commands (gsize *n_out);

/* Prints "rollcallctl: ..." to stderr and returns CTL_FAILED. */
int ctl_fail (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* The same with "See rollcallctl --help."; returns CTL_USAGE. */
int ctl_usage (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The configuration; NULL (and said so) when it cannot be read. */
const Conf *ctl_conf (Ctl *self);

/* pg.c */
/* What libpq says of the session, its hints left out: one line, in which errors
 * of several addresses stand one after the other. */
char *ctl_db_error (const PGconn *db);
/* The database's connection string, borrowed; NULL, and said so, when the
 * configuration cannot be read. */
const char *ctl_dsn (Ctl *self);
/* Opens the session; seconds: how long that may take, NULL as dsn says. On
 * failure *why_out says in a line what libpq says, which the caller frees. */
gboolean ctl_connect (Ctl *self, const char *dsn, const char *seconds,
                      char **why_out);
/* The session; NULL (and said so) when there is none. */
PGconn *ctl_db (Ctl *self);
/* Runs one statement with text parameters; NULL (and said so in a line, with
 * PostgreSQL's hint) on an error.  PQclear it. */
PGresult *ctl_query (Ctl *self, const char *sql, guint n,
                     const char *const *params);
/* The same, but errors are the caller's to judge (ctl_is_good); NULL: there is
 * no session, and that was said. */
PGresult *ctl_try (Ctl *self, const char *sql, guint n,
                   const char *const *params);
gboolean ctl_is_good (const PGresult *result);
/* Says in a line what PostgreSQL refused; returns CTL_FAILED. */
int ctl_complain (Ctl *self, const PGresult *result);
/* A literal of type text[]; an item may be NULL.  The caller frees. */
char *ctl_array (const char *const *items, gsize n);
/* Runs statements without a result. */
gboolean ctl_exec (Ctl *self, const char *sql);
void ctl_close (Ctl *self);
/* The running daemon, if there is one, takes what was changed into force before
 * this returns; the exit status. */
int ctl_sync (Ctl *self);

/* print.c */
/* Prints a result as aligned columns, the last one broken into lines on a
 * terminal, or as a JSON array of objects. */
void ctl_print (const Ctl *self, const PGresult *result);
/* The same of the first n rows. */
void ctl_print_some (const Ctl *self, const PGresult *result, int n);
/* Prints the first n columns of a row, a line for each: its name, its value. */
void ctl_print_lines (const PGresult *result, int row, int n);
/* The bytes of a bytea as PostgreSQL writes it; what is no UTF-8 in them, and a
 * NUL, is U+FFFD.  The caller frees. */
char *ctl_bytes (const char *literal);
/* Appends a row as a JSON object. */
void ctl_json_row (GString *out, const PGresult *result, int row);
/* Says what was done to a user: "AOR DONE", or an object. */
void ctl_say (const Ctl *self, const char *aor, const char *done);
/* Columns of the terminal; 0: the output goes elsewhere. */
guint ctl_width (void);

/* user.c: the canonical AoR, which the caller frees; NULL, and said so, for
 * what is none. */
char *ctl_aor (const char *text);
/* The user of this AoR, as the database spells him; NULL, and said so, for
 * nobody.  The caller frees. */
char *ctl_owner (Ctl *self, const char *text);

/* db.c: the version of the schema's files; 0, and said so: they are not there. */
guint ctl_newest_schema (void);

/* password.c: asks twice on a terminal, else reads a line from stdin or from
 * --password-file. NULL (and said so) when there is none. Free with
 * password_free. */
char *password_read (const Ctl *self);
void password_free (char *password);

/* The commands. */
int db_init (Ctl *self, char **args);
int db_upgrade (Ctl *self, char **args);
int user_add (Ctl *self, char **args);
int user_list (Ctl *self, char **args);
int user_show (Ctl *self, char **args);
int user_set (Ctl *self, char **args);
int user_passwd (Ctl *self, char **args);
int user_remove (Ctl *self, char **args);
int user_enable (Ctl *self, char **args);
int user_disable (Ctl *self, char **args);
int settings_show (Ctl *self, char **args);
int settings_set (Ctl *self, char **args);
int contacts_add (Ctl *self, char **args);
int contacts_remove (Ctl *self, char **args);
int contacts_list (Ctl *self, char **args);
int contacts_import (Ctl *self, char **args);
int contacts_export (Ctl *self, char **args);
int watchers_list (Ctl *self, char **args);
int watchers_allow (Ctl *self, char **args);
int watchers_block (Ctl *self, char **args);
int watchers_polite_block (Ctl *self, char **args);
int watchers_forget (Ctl *self, char **args);
int messages_list (Ctl *self, char **args);
int messages_show (Ctl *self, char **args);
int messages_retry (Ctl *self, char **args);
int messages_purge (Ctl *self, char **args);
int message_send (Ctl *self, char **args);
int troubleshoot (Ctl *self, char **args);

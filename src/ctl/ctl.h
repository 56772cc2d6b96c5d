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
  char *password_file, *name; /* of user add and passwd */
  PGconn *db;                 /* opened at first need */
} Ctl;

/* Options that not every command takes. */
typedef enum {
  CTL_DSN = 1,
  CTL_NAME = 2,
  CTL_PASSWORD_FILE = 4
} CtlOptions;

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

/* The configuration; NULL (and said so) when it cannot be read. */
const Conf *ctl_conf (Ctl *self);

/* pg.c */
/* What libpq says of the session, its hints left out: one line, in which errors
 * of several addresses stand one after the other. */
char *ctl_db_error (const PGconn *db);
/* The session; NULL (and said so) when there is none. */
PGconn *ctl_db (Ctl *self);
/* Runs one statement with text parameters; NULL (and said so in a line, with
 * PostgreSQL's hint) on an error.  PQclear it. */
PGresult *ctl_query (Ctl *self, const char *sql, guint n,
                     const char *const *params);
/* Runs statements without a result. */
gboolean ctl_exec (Ctl *self, const char *sql);
void ctl_close (Ctl *self);
/* Prints a result as aligned columns, or as a JSON array of objects. */
void ctl_print (const Ctl *self, PGresult *result);
/* Says what was done to a user: "AOR DONE", or an object. */
void ctl_say (const Ctl *self, const char *aor, const char *done);
/* The running daemon, if there is one, takes what was changed into force before
 * this returns; the exit status. */
int ctl_sync (Ctl *self);

/* password.c: asks twice on a terminal, else reads a line from stdin or from
 * --password-file. NULL (and said so) when there is none. Free with
 * password_free. */
char *password_read (const Ctl *self);
void password_free (char *password);

/* db.c, user.c */
int db_init (Ctl *self, char **args);
int db_upgrade (Ctl *self, char **args);
int user_add (Ctl *self, char **args);
int user_list (Ctl *self, char **args);
int user_passwd (Ctl *self, char **args);
int user_remove (Ctl *self, char **args);
int user_enable (Ctl *self, char **args);
int user_disable (Ctl *self, char **args);

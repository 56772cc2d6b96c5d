/* SPDX-License-Identifier: ISC
 *
 * The one GError domain of the environment lane: what a file, a library or a
 * peer's bytes did to us.  Domain answers are enums of their rooms instead. */
#pragma once
#include <glib.h>

#define RC_ERROR (rc_error_quark ())

typedef enum {
  RC_ERROR_SYNTAX,      /* bytes that do not follow their grammar */
  RC_ERROR_BOUND,       /* well formed, but over a limit of ours */
  RC_ERROR_UNSUPPORTED, /* understood, not done here */
  RC_ERROR_CONFIG,      /* an option or a file an operator must mend */
  RC_ERROR_STORE,       /* PostgreSQL refused or is away */
  RC_ERROR_SCHEMA,      /* the database's schema is not ours */
  RC_ERROR_BUSY,        /* somebody else holds the resource */
  RC_ERROR_IO,          /* the system refused: socket, file */
  RC_ERROR_ABSENT,      /* nobody serves what was asked */
} RcError;

GQuark rc_error_quark (void);

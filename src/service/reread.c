/* SPDX-License-Identifier: ISC
 *
 * The table of readings. */
#include "service/reread.h"

/* clang-format off */
#define READ REREAD_DO_READ
#define RETRY REREAD_DO_RETRY
#define WAIT REREAD_DO_WAIT
#define TELL REREAD_DO_TELL
#define REJECT(why) { REREAD_REJECT, 0, why }
#define NOT_OUT REJECT ("nothing is being read")
#define NO_TIMER REJECT ("no timer is armed")

static const RereadRow table[N_REREAD][N_REREAD_EVENTS] = {
  [REREAD_FRESH] = {
    [REREAD_CHANGED] = { REREAD_DUE, WAIT, "changed: read it again" },
    [REREAD_TIME]    = NO_TIMER,
    [REREAD_GOT]     = NOT_OUT,
    [REREAD_FAILED]  = NOT_OUT,
    [REREAD_BACK]    = { REREAD_FRESH, 0, "nothing was missed" },
  },
  [REREAD_DUE] = {
    [REREAD_CHANGED] = { REREAD_DUE, 0, "coalesced" },
    [REREAD_TIME]    = { REREAD_READING, READ, "its time has come" },
    [REREAD_GOT]     = NOT_OUT,
    [REREAD_FAILED]  = NOT_OUT,
    [REREAD_BACK]    = { REREAD_DUE, 0, "it will be read anyway" },
  },
  [REREAD_READING] = {
    [REREAD_CHANGED] = { REREAD_READING_OLD, 0, "changed while it is being read" },
    [REREAD_TIME]    = NO_TIMER,
    [REREAD_GOT]     = { REREAD_FRESH, TELL, "read" },
    [REREAD_FAILED]  = { REREAD_AWAY, RETRY | TELL, "PostgreSQL is away" },
    [REREAD_BACK]    = { REREAD_READING, 0, "it is being read" },
  },
  [REREAD_READING_OLD] = {
    [REREAD_CHANGED] = { REREAD_READING_OLD, 0, "coalesced" },
    [REREAD_TIME]    = NO_TIMER,
    [REREAD_GOT]     = { REREAD_DUE, WAIT | TELL, "read, perhaps before the change: once more" },
    [REREAD_FAILED]  = { REREAD_AWAY, RETRY | TELL, "PostgreSQL is away" },
    [REREAD_BACK]    = { REREAD_READING_OLD, 0, "it is being read" },
  },
  [REREAD_AWAY] = {
    [REREAD_CHANGED] = { REREAD_AWAY, 0, "it will be read when PostgreSQL is back" },
    [REREAD_TIME]    = { REREAD_READING, READ, "another try" },
    [REREAD_GOT]     = NOT_OUT,
    [REREAD_FAILED]  = NOT_OUT,
    [REREAD_BACK]    = { REREAD_READING, READ, "PostgreSQL is back" },
  },
};
/* clang-format on */

const RereadRow *
reread_row (RereadState from, RereadEvent event)
{
  return &table[from][event];
}

/* SPDX-License-Identifier: ISC
 *
 * Leaving the terminal: the child goes on, the parent waits until it is ready
 * or has failed, and exits with its status. */
#pragma once
#include <glib.h>

/* Forks.  Returns in the child alone, with the descriptor for detach_report;
 * the parent exits by itself. -1 when fork fails. */
int detach (void);
/* Tells the waiting parent its exit status, once; fd < 0: nobody waits. */
void detach_report (int *fd, int status);

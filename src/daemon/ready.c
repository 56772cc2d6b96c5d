/* SPDX-License-Identifier: ISC
 *
 * sd_notify, where there is one. */
#include "config.h"

#include "daemon/ready.h"

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

void
ready_notify (const char *state)
{
  sd_notify (0, state);
}
#else
void
ready_notify (const char *state)
{
}
#endif

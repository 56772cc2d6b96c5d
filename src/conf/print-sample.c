/* SPDX-License-Identifier: ISC
 *
 * Prints the sample configuration for `make update-sample`. */
#include "conf/conf.h"

int
main (void)
{
  g_autofree char *text = conf_dump (NULL);

  g_print ("%s", text);
  return 0;
}

/* SPDX-License-Identifier: ISC
 *
 * What the answer of a device says (RFC 3261 16.7, 21; RFC 3428 7). */
#include "im/im-priv.h"

static gboolean
is_among (guint status, const guint *list, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (list[i] == status)
      return TRUE;
  return FALSE;
}

gboolean
im_is_settled (guint status)
{
  static const guint settled[] = { 413, 415, 416, 420, 488, 493 };

  return status >= 600 || is_among (status, settled, G_N_ELEMENTS (settled));
}

gboolean
im_is_away (guint status)
{
  static const guint away[] = { 408, 480, 486, 503 };

  return is_among (status, away, G_N_ELEMENTS (away));
}

ImOutcome
im_outcome (guint status)
{
  static const guint never[] = { 400, 405, 406, 414, 421, 489, 501, 505, 513 };

  if (status >= 200 && status < 300)
    return IM_TOOK;
  if (im_is_settled (status) || is_among (status, never, G_N_ELEMENTS (never)))
    return IM_WILL_NEVER;
  return IM_NOT_THERE;
}

guint
im_rank (guint status)
{
  static const guint mendable[] = { 401, 407, 415, 420, 484 };

  if (status < 300)
    return 0;
  if (status >= 600)
    return 1;
  if (status == 503)
    return 1000;
  if (status == 408)
    return 499;
  for (guint i = 0; i < G_N_ELEMENTS (mendable); i++)
    if (status == mendable[i])
      return 400 + i;
  if (im_is_settled (status))
    return 410;
  return status / 100 * 100 + 50;
}

/* SPDX-License-Identifier: ISC
 *
 * The organisation's policy: the one row of the table `settings` (DESIGN
 * section 4; rollcall-sql(7) describes each column). */
#pragma once
#include <glib.h>

#define POLICY_NO_LIMIT (-1) /* SQL's NULL */

typedef struct {
  gboolean share_availability;
  gboolean allow_without_approval;
  gint32 max_contacts; /* per user, or POLICY_NO_LIMIT */
  gint32 max_watchers; /* distinct ones per user, or POLICY_NO_LIMIT */
  gboolean adhoc_enabled;
  gint32 adhoc_max; /* at one time per user, or POLICY_NO_LIMIT */
  gint32 adhoc_ttl; /* seconds, or POLICY_NO_LIMIT */
  gboolean im_enabled;
  gboolean suppress_offline_im;
  gint32 offline_max_per_user;
  gint32 offline_ttl; /* seconds */
  gboolean allow_history;
  gboolean allow_cut_paste;
} PolicySettings;

/* The defaults of the table. */
extern const PolicySettings policy_settings_default;

/* What a user sets for himself. */
typedef enum {
  POLICY_AS_SETTINGS,
  POLICY_YES,
  POLICY_NO,
} PolicyOverride;

static inline gboolean
policy_override (PolicyOverride own, gboolean of_settings)
{
  return own == POLICY_AS_SETTINGS ? of_settings : own == POLICY_YES;
}

/* SPDX-License-Identifier: ISC */
#include "policy/settings.h"

const PolicySettings policy_settings_default = {
  .share_availability = TRUE,
  .allow_without_approval = TRUE,
  .max_contacts = 200,
  .max_watchers = 200,
  .adhoc_enabled = FALSE,
  .adhoc_max = POLICY_NO_LIMIT,
  .adhoc_ttl = 1800,
  .im_enabled = TRUE,
  .suppress_offline_im = FALSE,
  .offline_max_per_user = 1000,
  .offline_ttl = 604800,
  .allow_history = TRUE,
  .allow_cut_paste = TRUE,
};

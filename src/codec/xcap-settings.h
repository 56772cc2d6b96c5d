/* SPDX-License-Identifier: ISC
 *
 * Documents of org.rollcall.settings (README, "A user's own settings"): what a
 * user overrides of the cluster's settings (users/XUI/index), and the client
 * policy that everybody can read (global/policy). */
#pragma once
#include <glib.h>

#define XCAP_SETTINGS_AUID "org.rollcall.settings"
#define XCAP_SETTINGS_TYPE "application/vnd.rollcall.settings+xml"
#define XCAP_SETTINGS_NS "http://rollcall.org/ns/settings"
#define XCAP_SETTINGS_NAME "index"
#define XCAP_POLICY_NAME "policy"

typedef enum {
  XCAP_SETTING_DEFAULT, /* as the cluster has it */
  XCAP_SETTING_ON,
  XCAP_SETTING_OFF,
} XcapSetting;

/* Columns of users with the same names (NULL: XCAP_SETTING_DEFAULT). */
typedef struct {
  XcapSetting share_availability;
  XcapSetting allow_without_approval;
} XcapSettings;

/* Reads a document that xcap_usage_check has accepted; RC_ERROR_SYNTAX for
 * another. */
gboolean xcap_settings_parse (GBytes *document, XcapSettings *out,
                              GError **error);
/* A document that says just this. */
GBytes *xcap_settings_write (const XcapSettings *settings);

/* The global document: settings.allow_history, settings.allow_cut_paste. */
GBytes *xcap_policy_write (gboolean allow_history, gboolean allow_cut_paste);

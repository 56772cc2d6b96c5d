/* SPDX-License-Identifier: ISC
 *
 * The event package ua-profile (RFC 6080): the client policy of the settings, as
 * the profile of a user.  The data are in the NOTIFY, which RFC 6080 6.5 leaves
 * to the server; who takes nothing but message/external-body gets the place of
 * the same document in the XCAP tree (RFC 4483). */
#pragma once
#include "service/service-priv.h"

#define UA_PROFILE "ua-profile"
#define PROFILE_POINTER "message/external-body"

/* Is there a profile of the type that a SUBSCRIBE asks for?  Otherwise what to
 * answer, and why (static). */
ServiceVerdict profile_check (const SubscribeCommand *command,
                              const char **text);
/* The profile for this subscription, or what points to it; NULL: it takes
 * neither any more. */
GBytes *profile_document (Service *service, Sub *sub);
/* The type of that.  New. */
char *profile_type (Service *service, Sub *sub);
/* Is the profile another by settings than it was before? */
gboolean profile_has_changed (const PolicySettings *before,
                              const PolicySettings *settings);

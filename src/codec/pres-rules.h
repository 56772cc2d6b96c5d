/* SPDX-License-Identifier: ISC
 *
 * Presence rules (RFC 4745, 5025, with the conditions of the OMA's XDM common
 * policy) and the lists that they refer to (RFC 4826), from bytes to what
 * policy/ understands. */
#pragma once
#include "policy/user.h"

#define PRES_RULES_BYTES_MAX 1048576
#define PRES_RULES_MAX 1000 /* rules of a document */

/* Adds the rules of a document to `into`.  owner: AoR of whose they are, for
 * references to his lists; place: where they are kept, for people.  What we do
 * not know is treated as RFC 4745 wants: an unknown condition is never true,
 * unknown actions and transformations are left out.  RC_ERROR_SYNTAX for what
 * is no ruleset, RC_ERROR_BOUND for one over the bounds above or 32 levels;
 * nothing is added then. */
gboolean pres_rules_parse (const char *bytes, gsize len, const char *owner,
                           const char *place, PolicyRules *into,
                           GError **error);

/* Adds the lists of owner's resource-lists document "index", as he sees it
 * (xcap_contacts_merge), to `into`: a list within another as "outer/inner", and
 * those that a list refers to (external, entry-ref) as far as they are in the
 * same document.  Errors and bounds as above. */
gboolean pres_lists_parse (const char *bytes, gsize len, const char *owner,
                           PolicyUser *into, GError **error);

/* The name of the list that an anchor of a reference selects, as
 * policy_user_is_listed knows it: ".../resource-lists/users/XUI/index/~~/
 * resource-lists/list[@name="friends"]" with owner as the XUI.  NULL when it
 * selects something else.  The caller frees. */
char *pres_list_of (const char *anchor, const char *owner);

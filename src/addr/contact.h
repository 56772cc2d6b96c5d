/* SPDX-License-Identifier: ISC
 *
 * The address of a contact: what may be one, and by what two of them are the
 * same.  The same rules as rollcall.canonical_uri and uri_aor in SQL, and a
 * test holds them against each other: change both or none. */
#pragma once
#include <glib.h>

/* As contacts are compared: scheme, user and domain in lower case, no superfluous
 * escapes, a number without separators, parameters sorted; NULL: it is no valid
 * sip:, sips:, pres:, im:, xmpp: or tel: address of a person.  uri is UTF-8.  The
 * caller frees. */
char *contact_canonical (const char *uri);

/* user@domain of what contact_canonical gave; NULL for a telephone number.  The
 * caller frees. */
char *contact_aor (const char *canonical);

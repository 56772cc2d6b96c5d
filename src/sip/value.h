/* SPDX-License-Identifier: ISC
 *
 * Header values, from sofia's structures to ours and to text. */
#pragma once
#include "addr/uri.h"
#include "sip/sofia.h"

/* A URI as a value; NULL when addr/uri.h does not take it. Caller frees. */
Uri *value_uri (const url_t *url);
/* The same of who somebody is, in From and To: pres: and im: URIs are read as
 * the sip: URI of that user (RFC 3856 5, RFC 3860 4). */
Uri *value_identity (const url_t *url);
/* Its text, on home. */
const char *value_url (su_home_t *home, const url_t *url);

/* The value of a header and all others of its name, as text on home, separated
 * by ", ", without folds; NULL for none. */
const char *value_text (su_home_t *home, const void *header);

/* A parameter's value without quotes and, where it has them, without <>; on
 * home.  NULL: absent.  name with its '=': "reg-id=". */
const char *value_param (su_home_t *home, const msg_param_t *params,
                         const char *name);

/* The seconds of an expires parameter or header: bounded to 32 bits; a wrong
 * one counts as 3600 (RFC 3261 20.10); -1 for NULL. */
gint64 value_seconds (const char *text);

/* The date as headers have it (RFC 3261 20.17), always in English; on home. */
const char *value_date (su_home_t *home, gint64 unix_seconds);

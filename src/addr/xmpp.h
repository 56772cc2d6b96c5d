/* SPDX-License-Identifier: ISC
 *
 * JIDs (RFC 7622) as values, and SIP addresses <-> JIDs (RFC 7247 section 6, JID
 * escapes by XEP-0106).  Knows no network and no XML.  An XMPP user's address
 * inside is an AoR as of addr/aor.h: "xavier@xmpp.example.com". */
#pragma once
#include <glib.h>

#include "addr/uri.h"

/* Longest part of a JID, in bytes (RFC 7622 3.2 to 3.4). */
#define JID_PART_MAX 1023

/* In the canonical form: the local part and domain mapped to lower case, all in
 * NFC, the domain in U-labels.  NULL: it has no such part. */
typedef struct {
  char *local, *domain, *resource;
} Jid;

/* Parses "local@domain/resource".  What RFC 7622 forbids is RC_ERROR_SYNTAX, a
 * part that is too long RC_ERROR_BOUND.  On success gives a new Jid. */
gboolean jid_parse (const char *text, Jid **out, GError **error);
void jid_free (Jid *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Jid, jid_free)

/* The whole of it, or without the resource.  The caller frees. */
char *jid_to_string (const Jid *self);
char *jid_bare (const Jid *self);

/* Parts of a JID in the canonical form (as the XMPP port gives them).  New; the
 * domain is never NULL, the bare JID neither, the resource is when there is
 * none. */
char *jid_domain (const char *jid);
char *jid_bare_of (const char *jid);
char *jid_resource (const char *jid);

/* What may be a resource, a nickname for example, in NFC and without spaces at
 * its ends; NULL: nothing of it is left, it is too long, or has a forbidden
 * character.  The caller frees. */
char *jid_prepare_resource (const char *text);

/* RFC 7247 6.4.  The JID of a sip: or sips: URI: user and host, and gr as the
 * resource.  RC_ERROR_SYNTAX: it has no user that could be a local part (RFC
 * 7247 has no way to write it).  The caller frees. */
gboolean jid_from_uri (const Uri *uri, char **out, GError **error);
/* The bare JID of an AoR ("o'hara@example.com" -> "o\27hara@example.com"), or
 * with a resource unless that is NULL.  RC_ERROR_SYNTAX as above.  The caller
 * frees. */
gboolean jid_from_aor (const char *aor, const char *resource, char **out,
                       GError **error);

/* RFC 7247 6.5.  "sip:user@domain", with ";gr=RESOURCE" if the JID has one.  One
 * without local part gives "sip:domain", one of an international domain its
 * A-labels.  RC_ERROR_SYNTAX: it is none.  The caller frees. */
gboolean jid_to_uri (const char *jid, char **out, GError **error);
/* The AoR of a JID without its resource; RC_ERROR_SYNTAX: it has no local part,
 * or as above.  The caller frees. */
gboolean jid_to_aor (const char *jid, char **out, GError **error);

/* SPDX-License-Identifier: ISC
 *
 * Contacts and the document "index" of resource-lists (RFC 4826): the table
 * `contacts` decides who is in it, the document as it was stored (the frame)
 * is all around: nested lists, entry-refs, elements and attributes that we do
 * not know, comments.  What the contacts do not change keeps its bytes. */
#pragma once
#include <glib.h>

/* Longest display name and group that a contact has, in bytes; longer ones are
 * cut. */
#define XCAP_CONTACT_NAME_MAX 1024
#define XCAP_CONTACT_GROUP_MAX 256
/* The group of an entry in no list that has a name. */
#define XCAP_CONTACT_GROUP "contacts"

typedef struct {
  char *uri;          /* with scheme, as given */
  char *display_name; /* NULL: none */
  char *group;        /* name of its list */
  char *key;          /* by which it is compared (addr/contact.h); of an address
                         that is not valid the address itself */
} XcapContact;

/* Copies; group NULL or "": XCAP_CONTACT_GROUP. */
XcapContact *xcap_contact_new (const char *uri, const char *display_name,
                               const char *group);
void xcap_contact_free (gpointer self);

/* Is it a list whose entries are no contacts: one of the OMA's that say who is
 * blocked or granted something? */
gboolean xcap_contacts_is_reserved (const char *list_name);

/* The contacts of a document that xcap_usage_check has accepted, in its order: of
 * each address the first entry, but of those below a list of the OMA's.  Its
 * group is the name of the innermost list that has one.  New, of XcapContact;
 * empty for what is no such document. */
GPtrArray *xcap_contacts_read (GBytes *document);

/* The document that a GET gives: the frame (NULL: none), without the entries
 * that are no contacts, with the names and groups that contacts have now; those
 * that are not in it stand at the end of the first list of the root that is
 * named as their group, which is made when there is none.  New; the frame itself
 * when there is nothing to change. */
GBytes *xcap_contacts_merge (GBytes *frame, const GPtrArray *contacts);

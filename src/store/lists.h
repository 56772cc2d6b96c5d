/* SPDX-License-Identifier: ISC
 *
 * Resource lists that were read or written lately, by their entity tags, so that
 * a write names only the contacts that it changes. */
#pragma once
#include "codec/xcap-contacts.h"

typedef struct Lists Lists;

Lists *lists_new (void);
void lists_free (Lists *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Lists, lists_free)

/* The document with that entity tag, which says just what the table contacts
 * does.  contacts: what xcap_contacts_read gives, or NULL: it is asked at need. */
void lists_add (Lists *self, const char *etag, GBytes *document,
                GPtrArray *contacts);

/* It has been replaced: nobody will ask for it.  NULL, or not known: nothing. */
void lists_drop (Lists *self, const char *etag);

/* How the contacts of a user change. */
typedef struct {
  gboolean is_whole; /* not known: put has all of them */
  GPtrArray *gone;   /* const char *: URIs */
  GPtrArray *put;    /* const XcapContact *: new, or with another name */
} ListsChange;

/* From those of the document with that entity tag (NULL: none) to these, which
 * must outlive out; what out has is borrowed until the next call. */
void lists_compare (Lists *self, const char *etag, const GPtrArray *contacts,
                    ListsChange *out);
void lists_change_clear (ListsChange *self);

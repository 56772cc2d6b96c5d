/* SPDX-License-Identifier: ISC
 *
 * What of a presence document a watcher may see (RFC 5025 3.3), and what its
 * presentity's rules want to know of it. */
#pragma once
#include "policy/rights.h"
#include "presence/model.h"

/* The document as one with these rights sees it: chosen tuples, persons and
 * devices (3.3.1); of those what is always reported (3.3.2: contact,
 * service-class, basic, timestamps, the deviceID of a device) and what the
 * rights show.  An attribute is looked at by its name, wherever it stands; what
 * a tuple has in its status counts as an attribute of the tuple, and notes and
 * elements at the top of the document as those of an element.  Filtering what
 * was filtered changes nothing (section 4), unless an element was chosen by a
 * class that is not shown. The caller frees. */
PresenceDoc *pidf_filter (const PresenceDoc *doc, const PolicyRights *rights);

/* The sphere (RFC 5025 3.1.2): of all persons that have one, when they agree;
 * NULL: undefined.  The caller frees. */
char *pidf_sphere (const PresenceDoc *doc);

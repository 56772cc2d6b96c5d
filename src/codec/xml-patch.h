/* SPDX-License-Identifier: ISC
 *
 * XML patch operations (RFC 5261) carried out on a tree.  Not done: id(),
 * namespace::, comments and processing instructions as targets. */
#pragma once
#include <glib.h>
#include <libxml/tree.h>

#define XML_PATCH_OPERATIONS_MAX 500

/* Carries out the children <add>, <replace> and <remove> of patch, in its own
 * namespace, on doc, in order (RFC 5261 4).  RC_ERROR_SYNTAX where one is wrong
 * or selects not exactly one node (5.1), RC_ERROR_UNSUPPORTED for what is not
 * done, RC_ERROR_BOUND above the bound or when looking takes too long; doc is
 * then half patched. */
gboolean xml_patch_apply (xmlDoc *doc, xmlNode *patch, GError **error);

/* SPDX-License-Identifier: ISC
 *
 * What of a presence document a watcher may see (RFC 5025 3.3): a value that
 * rules add up to and whose name says all of it.  Knows no document. */
#pragma once
#include <glib.h>

typedef struct PolicyRights PolicyRights;

/* The three kinds of data elements (3.3.1). */
typedef enum {
  RIGHTS_SERVICES,
  RIGHTS_PERSONS,
  RIGHTS_DEVICES,
  RIGHTS_COMPONENTS
} PolicyComponent;

/* By what an element is chosen. */
typedef enum {
  RIGHTS_BY_ALL, /* without a value */
  RIGHTS_BY_CLASS,
  RIGHTS_BY_OCCURRENCE, /* its id attribute */
  RIGHTS_BY_DEVICE_ID,  /* devices only */
  RIGHTS_BY_URI,        /* services only */
  RIGHTS_BY_SCHEME,     /* services only */
  RIGHTS_SELECTORS
} PolicySelector;

/* The boolean permissions of 3.3.2. */
typedef enum {
  RIGHTS_ACTIVITIES = 1 << 0,
  RIGHTS_CLASS = 1 << 1,
  RIGHTS_DEVICE_ID = 1 << 2,
  RIGHTS_MOOD = 1 << 3,
  RIGHTS_PLACE_IS = 1 << 4,
  RIGHTS_PLACE_TYPE = 1 << 5,
  RIGHTS_PRIVACY = 1 << 6,
  RIGHTS_RELATIONSHIP = 1 << 7,
  RIGHTS_SPHERE = 1 << 8,
  RIGHTS_STATUS_ICON = 1 << 9,
  RIGHTS_TIME_OFFSET = 1 << 10,
  RIGHTS_NOTE = 1 << 11,
  RIGHTS_ALL_ATTRIBUTES = 1 << 12, /* those we do not know too */
} PolicyAttributes;

/* 3.3.2.12, in its order. */
typedef enum {
  RIGHTS_INPUT_NONE,
  RIGHTS_INPUT_BARE,
  RIGHTS_INPUT_THRESHOLDS,
  RIGHTS_INPUT_FULL
} PolicyInput;

/* None at all. */
PolicyRights *policy_rights_new (void);
void policy_rights_free (PolicyRights *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PolicyRights, policy_rights_free)

/* Each adds to what is there: sets become unions, booleans are or-ed, of
 * integers the greater stays (RFC 4745 10.2). */
void policy_rights_provide (PolicyRights *self, PolicyComponent component,
                            PolicySelector selector, const char *value);
void policy_rights_show (PolicyRights *self, PolicyAttributes attributes);
void policy_rights_show_input (PolicyRights *self, PolicyInput input);
void policy_rights_show_unknown (PolicyRights *self, const char *ns,
                                 const char *name);
void policy_rights_add (PolicyRights *self, const PolicyRights *other);

/* Is an element seen that has this (exactly spelled)?  What all of them are
 * seen by is asked with RIGHTS_BY_ALL and NULL. */
gboolean policy_rights_selects (const PolicyRights *self,
                                PolicyComponent component,
                                PolicySelector selector, const char *value);
/* Calls fn for each selector of the component, in no order. */
typedef void (*PolicySelectorFn) (PolicySelector selector, const char *value,
                                  gpointer data);
void policy_rights_foreach (const PolicyRights *self, PolicyComponent component,
                            PolicySelectorFn fn, gpointer data);
/* All of attributes (with RIGHTS_ALL_ATTRIBUTES: any)? */
gboolean policy_rights_shows (const PolicyRights *self,
                              PolicyAttributes attributes);
PolicyInput policy_rights_input (const PolicyRights *self);
gboolean policy_rights_shows_unknown (const PolicyRights *self, const char *ns,
                                      const char *name);
/* Is everything seen? */
gboolean policy_rights_is_full (const PolicyRights *self);

/* A string that is the same for the same rights, and the rights of such a
 * string; NULL for another one.  The caller frees. */
char *policy_rights_name (const PolicyRights *self);
PolicyRights *policy_rights_of (const char *name);
/* For people: "services: all; persons: class biz; attributes: mood, note"; ""
 * for none.  The caller frees. */
char *policy_rights_text (const PolicyRights *self);
/* About what it costs, in bytes. */
gsize policy_rights_size (const PolicyRights *self);

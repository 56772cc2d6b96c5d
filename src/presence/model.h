/* SPDX-License-Identifier: ISC
 *
 * A presence document as a value (RFC 3863, 4479, 4480): what codec/pidf reads
 * and writes and presence/ composes.  What we do not know is kept as XML text
 * fragments that carry their own namespace declarations; three need none: the
 * default namespace is PIDF's, dm: and rpid: are those of RFC 4479 and 4480. */
#pragma once
#include <glib.h>

typedef enum { BASIC_NONE, BASIC_OPEN, BASIC_CLOSED } PresenceBasic;

typedef struct {
  char *lang; /* may be NULL */
  char *text;
} PresenceNote;

typedef struct {
  char *id;
  PresenceBasic basic;
  char *status_extra; /* XML inside <status> beside <basic>, or NULL */
  char *extra;        /* XML of unknown and RPID children, or NULL */
  char *device_id;    /* dm:deviceID, or NULL */
  char *contact;      /* or NULL */
  char *priority;     /* as written: "0.8", or NULL */
  GPtrArray *notes;   /* PresenceNote, may be NULL */
  char *timestamp;    /* as written, or NULL */
} PresenceTuple;

/* One child of an element. */
typedef struct {
  char *name; /* "namespace name" */
  gsize end;  /* where its text in extra ends; the next one begins there */
} PresencePart;

/* dm:person and dm:device. */
typedef struct {
  char *id;
  char *extra;      /* all children but notes and timestamp, as XML, or NULL */
  GArray *parts;    /* PresencePart: what extra consists of, in order; NULL:
                       nothing, or not known */
  char *device_id;  /* of dm:device, or NULL */
  GPtrArray *notes; /* PresenceNote, may be NULL */
  char *timestamp;  /* or NULL */
} PresenceElement;

typedef struct {
  char *entity;       /* "sip:alice@example.com" or "pres:..." */
  GPtrArray *tuples;  /* PresenceTuple */
  GPtrArray *persons; /* PresenceElement */
  GPtrArray *devices; /* PresenceElement */
  GPtrArray *notes;   /* PresenceNote */
  char *extra;        /* other children of <presence>, or NULL */
} PresenceDoc;

PresenceDoc *presence_doc_new (const char *entity);
void presence_doc_free (PresenceDoc *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PresenceDoc, presence_doc_free)
PresenceDoc *presence_doc_copy (const PresenceDoc *self);

PresenceTuple *presence_tuple_new (const char *id, PresenceBasic basic);
PresenceTuple *presence_tuple_copy (const PresenceTuple *self);
void presence_tuple_free (PresenceTuple *self);
PresenceElement *presence_element_new (const char *id);
PresenceElement *presence_element_copy (const PresenceElement *self);
void presence_element_free (PresenceElement *self);
/* Appends a child to extra: text is its XML. */
void presence_element_add_part (PresenceElement *self, const char *name,
                                const char *text);
PresenceNote *presence_note_new (const char *lang, const char *text);
void presence_note_free (PresenceNote *self);

/* Same content, ids and order. */
gboolean presence_doc_equal (const PresenceDoc *a, const PresenceDoc *b);

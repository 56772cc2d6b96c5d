/* SPDX-License-Identifier: ISC
 *
 * application/reginfo+xml (RFC 3680 5) with the public GRUUs of RFC 5628. */
#pragma once
#include <glib.h>

#define REGINFO_TYPE "application/reginfo+xml"

/* Everything borrowed; NULL where absent. */
typedef struct {
  const char *id;
  const char *event;  /* "registered", "refreshed", "expired"... */
  gboolean is_active; /* else terminated */
  gint64 expires;     /* seconds left; -1: not said */
  guint q;            /* thousandths; 1000: not said */
  const char *call_id;
  guint32 cseq;
  const char *uri;
  const char *params;   /* of the Contact, ";"-led, without those of RFC 3261 */
  const char *instance; /* +sip.instance, without <> */
  const char *pub_gruu; /* RFC 5628 5 */
} ReginfoContact;

typedef struct ReginfoWriter ReginfoWriter;

/* A document about one address of record: aor is its URI, id its id; state
 * "init", "active" or "terminated". */
ReginfoWriter *reginfo_start (guint32 version, gboolean is_full,
                              const char *aor, const char *id,
                              const char *state);
void reginfo_add (ReginfoWriter *self, const ReginfoContact *contact);
/* Frees self. */
GBytes *reginfo_end (ReginfoWriter *self);

/* SPDX-License-Identifier: ISC
 *
 * A location table on a fake clock for the tests of reg/.  What is bound and
 * what changed is text: "+sip:a@1" put, "-sip:a@1" dropped, "sip:a@1=600" bound
 * for 600 s. */
#pragma once
#include "reg/reg.h"

#define SEC ((gint64) G_USEC_PER_SEC)
#define AOR "alice@example.com"

typedef struct {
  Reg *reg;
  gint64 now;
  GPtrArray *changes;
  GString *text;
} World;

extern const RegLimits world_limits;

World *world_new (void);
void world_free (World *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

/* What the last call changed, and what is bound now; valid until the next. */
const char *world_changes_text (World *w);
const char *world_bound (World *w);

/* A Contact with expires, -1: not given. */
RegContact world_contact (const char *uri, gint64 expires);

/* A REGISTER at the world's time; changes are those of this one. */
RegVerdict world_send (World *w, const RegRequest *request);
RegVerdict world_bind_all (World *w, const char *call_id, guint32 cseq,
                           const RegContact *contacts, gsize n);
RegVerdict world_bind_one (World *w, const char *call_id, guint32 cseq,
                           const char *uri, gint64 expires);
/* Contact: * */
RegVerdict world_unbind_all (World *w, const char *call_id, guint32 cseq,
                             gint64 expires);

/* Lets time pass; returns what has expired. */
const char *world_wait_for (World *w, gdouble seconds);

/* SPDX-License-Identifier: ISC
 *
 * What the tests of presence/ share: one presentity, a fake clock, limits, and
 * short ways to publish and to say what is composed. */
#pragma once
#include "presence/presence.h"

#include <string.h>

#define SEC ((gint64) G_USEC_PER_SEC)
#define ALICE "alice@example.com"

typedef struct {
  Presence *presence;
  PresenceLimits limits;
  gint64 now;
  guint32 cseq;
  guint n_gone, n_gone_visible;
  PresenceOutcome last;
} World;

static inline World *
world_new (void)
{
  World *self = g_new0 (World, 1);

  self->now = 1000 * SEC;
  self->presence = presence_new (self->now);
  self->limits = (PresenceLimits){ .min_expires = 60,
                                   .max_expires = 7200,
                                   .default_expires = 3600,
                                   .max_publications = 4 };
  return self;
}

static inline void
world_free (World *self)
{
  presence_outcome_clear (&self->last);
  presence_free (self->presence);
  g_free (self);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)

static inline void
gone_cb (const PresenceRow *row, gboolean is_visible, gpointer data)
{
  World *self = data;

  g_assert_nonnull (row->aor);
  g_assert_nonnull (row->key);
  self->n_gone++;
  self->n_gone_visible += is_visible != FALSE;
  /* What watchers get now can be asked for from here. */
  presence_doc_free (presence_compose (self->presence, row->aor));
}

static inline void
world_advance (World *self, gint64 seconds)
{
  self->now += seconds * SEC;
  presence_advance (self->presence, self->now, gone_cb, self);
}

static inline PresenceDoc *
doc_with (const char *id, PresenceBasic basic)
{
  PresenceDoc *doc = presence_doc_new ("sip:" ALICE);

  g_ptr_array_add (doc->tuples, presence_tuple_new (id, basic));
  return doc;
}

/* A PUBLISH of ALICE with a new CSeq; its outcome is in self->last. */
static inline PresenceVerdict
publish (World *self, const char *if_match, gint64 expires, PresenceDoc *doc,
         const char *device)
{
  g_autoptr (GBytes) body = doc != NULL ? g_bytes_new ("doc", 3) : NULL;
  g_autofree char *etag = g_strdup (if_match);
  PresencePublish request = { .aor = ALICE,
                              .event = "presence",
                              .if_match = etag,
                              .expires = expires,
                              .body = body,
                              .doc = doc,
                              .device = device,
                              .call_id = "c1",
                              .from_tag = "f1",
                              .cseq = ++self->cseq };
  PresenceVerdict verdict;

  presence_outcome_clear (&self->last);
  verdict = presence_publish (self->presence, &request, &self->limits,
                              self->now, &self->last);
  g_assert_null (request.doc);
  g_assert_true ((self->last.row != NULL) == (verdict == PRESENCE_OK));
  return verdict;
}

static inline gboolean
commit_last (World *self)
{
  return presence_commit (self->presence, ALICE, self->last.ticket);
}

/* Publishes and commits; TRUE when what watchers see changed. */
static inline gboolean
put (World *self, const char *if_match, gint64 expires, PresenceDoc *doc,
     const char *device)
{
  g_assert_cmpint (publish (self, if_match, expires, doc, device), ==,
                   PRESENCE_OK);
  return commit_last (self);
}

/* The composed document in short: "id=open id=closed ...". */
static inline void
assert_composed (World *self, const char *expected)
{
  static const char *const names[] = {
    [BASIC_NONE] = "none", [BASIC_OPEN] = "open", [BASIC_CLOSED] = "closed"
  };
  g_autoptr (PresenceDoc) doc = presence_compose (self->presence, ALICE);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < doc->tuples->len; i++) {
    const PresenceTuple *tuple = doc->tuples->pdata[i];

    g_string_append_printf (text, "%s%s=%s", i > 0 ? " " : "", tuple->id,
                            names[tuple->basic]);
  }
  g_assert_cmpstr (doc->entity, ==, "sip:" ALICE);
  g_assert_cmpstr (text->str, ==, expected);
}

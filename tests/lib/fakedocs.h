/* SPDX-License-Identifier: ISC
 *
 * A DocumentsPort of which a test says what is there; it answers at the end of
 * the turn, or when the test lets it, with what was there at the call. */
#pragma once
#include "port/documents.h"
#include "port/loop.h"

typedef struct {
  DocumentsPort port;
  LoopPort *loop;
  GPtrArray *documents; /* private */
  GQueue waiting;       /* private */
  gboolean is_away;     /* nothing can be read */
  gboolean is_held;     /* nothing is answered before fake_docs_release */
  guint lists, fetches; /* calls so far */
} FakeDocs;

FakeDocs *fake_docs_new (LoopPort *loop);
/* Who waits is not called. */
void fake_docs_free (FakeDocs *self);

/* owner NULL: a global one; etag NULL: there is none any more. */
void fake_docs_put (FakeDocs *self, const char *auid, const char *owner,
                    const char *name, const char *etag, const char *body);
/* Answers what is held, and holds no more. */
void fake_docs_release (FakeDocs *self);

/* SPDX-License-Identifier: ISC
 *
 * What an XMPP server sends, as libxml2 trees of first-level elements.  Each is
 * parsed by itself, within the declarations of the stream's tag, so that no
 * state grows while the stream lives. */
#pragma once
#include <glib.h>
#include <libxml/tree.h>

#include "xmpp/scan.h"

#define NS_STREAMS "http://etherx.jabber.org/streams"
#define NS_COMPONENT "jabber:component:accept"

typedef struct Reader Reader;

/* What they get is borrowed.  None may free the reader. */
typedef struct {
  void (*opened) (const xmlNode *stream, gpointer data);
  void (*element) (xmlNode *element, gpointer data);
  void (*closed) (gpointer data);
  void (*dropped) (gpointer data); /* an element over a bound; or NULL */
} ReaderFns;

Reader *reader_new (const ScanLimits *limits, const ReaderFns *fns,
                    gpointer data);
void reader_free (Reader *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reader, reader_free)
/* Takes bytes; anything but STREAM_FINE ends it. */
StreamError reader_feed (Reader *self, const char *bytes, gsize len);
/* Called in one of the fns: nothing more is read. */
void reader_stop (Reader *self);

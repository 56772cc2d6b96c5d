/* SPDX-License-Identifier: ISC
 *
 * Threads of XMPP as Call-IDs (RFC 7572 4, table 1).  MESSAGEs with one Call-ID
 * and From tag have CSeqs that grow, also over a restart: a thread that is not
 * remembered any more begins at a number that grows with the time. */
#pragma once
#include <glib.h>

typedef struct XmppThreads XmppThreads;

/* Remembers at most max threads; those used longest ago give way. */
XmppThreads *xmpp_threads_new (guint max);
void xmpp_threads_free (XmppThreads *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (XmppThreads, xmpp_threads_free)

/* Strings are the caller's to free. */
typedef struct {
  char *call_id, *from_tag;
  guint32 cseq;
} XmppThreadStep;

/* The next message of a thread from one address to another one; thread NULL:
 * one of its own.  wall: us since 1970. */
void xmpp_threads_next (XmppThreads *self, const char *from, const char *to,
                        const char *thread, gint64 wall, XmppThreadStep *out);
guint xmpp_threads_size (const XmppThreads *self);

/* The Call-ID of a thread: its text, where that may be one and any phone can
 * read it, else a hash of it.  The caller frees. */
char *xmpp_thread_call_id (const char *thread);

/* SPDX-License-Identifier: ISC
 *
 * The table of threads: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/xmpp-thread.h"

#include <string.h>

#include "base/ids.h"

#define TOKEN_BITS 100
#define CALL_ID_MAX 128
#define HASH_CHARS 40
/* CSeq is below 2^31 (RFC 3261 8.1.1.5): two a second since 2020 last until
 * 2054. */
#define EPOCH G_GINT64_CONSTANT (1577836800)
#define PER_SECOND 2
#define CSEQ_MAX G_MAXINT32

typedef struct {
  GList link; /* in used */
  char *key, *call_id, *from_tag;
  guint32 cseq;
} Thread;

struct XmppThreads {
  GHashTable *by_key;
  GQueue used; /* the one used last at the tail */
  guint max;
};

static void
thread_free (gpointer data)
{
  Thread *thread = data;

  g_free (thread->key);
  g_free (thread->call_id);
  g_free (thread->from_tag);
  g_free (thread);
}

XmppThreads *
xmpp_threads_new (guint max)
{
  XmppThreads *self = g_new0 (XmppThreads, 1);

  g_assert (max > 0);
  self->by_key
      = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, thread_free);
  self->max = max;
  return self;
}

void
xmpp_threads_free (XmppThreads *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_key);
  g_free (self);
}

guint
xmpp_threads_size (const XmppThreads *self)
{
  return self->used.length;
}

/* The characters of RFC 3261 25.1 "word" without quotes, brackets and the
 * backslash, which some phones do not expect; one "@" inside. */
static gboolean
is_call_id (const char *text)
{
  gsize len = strlen (text);
  const char *at = strchr (text, '@');

  if (len == 0 || len > CALL_ID_MAX || at == text
      || (at != NULL && (at[1] == '\0' || strchr (at + 1, '@') != NULL)))
    return FALSE;
  for (gsize i = 0; i < len; i++)
    if (!g_ascii_isalnum (text[i])
        && strchr ("-.!%*_+`'~@:/?{}", text[i]) == NULL)
      return FALSE;
  return TRUE;
}

char *
xmpp_thread_call_id (const char *thread)
{
  g_autofree char *hash = NULL;

  if (is_call_id (thread))
    return g_strdup (thread);
  hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, thread, -1);
  return g_strndup (hash, HASH_CHARS);
}

static guint32
cseq_of_time (gint64 wall)
{
  gint64 seconds = wall / G_USEC_PER_SEC - EPOCH;

  return (guint32)CLAMP (seconds * PER_SECOND, 1, CSEQ_MAX - 1);
}

static void
drop_oldest (XmppThreads *self)
{
  Thread *thread = self->used.head->data;

  g_queue_unlink (&self->used, &thread->link);
  g_hash_table_remove (self->by_key, thread->key);
}

static Thread *
need (XmppThreads *self, const char *key, const char *call_id, gint64 wall)
{
  Thread *found = g_hash_table_lookup (self->by_key, key);

  if (found != NULL) {
    g_queue_unlink (&self->used, &found->link);
    g_queue_push_tail_link (&self->used, &found->link);
    return found;
  }
  if (self->used.length >= self->max)
    drop_oldest (self);
  found = g_new0 (Thread, 1);
  found->key = g_strdup (key);
  found->call_id = g_strdup (call_id);
  found->from_tag = rc_token_new (TOKEN_BITS);
  found->cseq = cseq_of_time (wall);
  found->link.data = found;
  g_queue_push_tail_link (&self->used, &found->link);
  g_hash_table_insert (self->by_key, found->key, found);
  return found;
}

void
xmpp_threads_next (XmppThreads *self, const char *from, const char *to,
                   const char *thread, gint64 wall, XmppThreadStep *out)
{
  g_autofree char *key = NULL, *call_id = NULL;
  Thread *found;

  if (thread == NULL || *thread == '\0') {
    out->call_id = rc_token_new (TOKEN_BITS);
    out->from_tag = rc_token_new (TOKEN_BITS);
    out->cseq = 1;
    return;
  }
  call_id = xmpp_thread_call_id (thread); /* a thread may be very long */
  key = g_strjoin ("\n", from, to, call_id, NULL);
  found = need (self, key, call_id, wall);
  out->call_id = g_strdup (found->call_id);
  out->from_tag = g_strdup (found->from_tag);
  out->cseq = found->cseq;
  found->cseq = MIN (found->cseq + 1, CSEQ_MAX);
}

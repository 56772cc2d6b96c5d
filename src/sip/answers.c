/* SPDX-License-Identifier: ISC
 *
 * A hash table of records that also stand in a queue in order of arrival; as
 * all live equally long, what has expired is at its head. */
#include "sip/answers.h"
#include "base/ids.h"

#include <string.h>

typedef struct {
  char *key;
  gint64 until;
  int status; /* 0: pending */
  char *phrase, *headers;
  GBytes *body;
} Record;

struct Answers {
  GHashTable *table; /* Record.key -> GList link of queue */
  GQueue queue;      /* Record, oldest first */
  guint max;
  gint64 lifetime;
  guint64 seed; /* of tags */
};

static void
record_free (Record *record)
{
  g_free (record->key);
  g_free (record->phrase);
  g_free (record->headers);
  g_clear_pointer (&record->body, g_bytes_unref);
  g_free (record);
}

Answers *
answers_new (guint max, guint lifetime)
{
  Answers *self = g_new0 (Answers, 1);

  self->table = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->queue);
  self->max = MAX (max, 1);
  self->lifetime = lifetime * G_USEC_PER_SEC;
  rc_random_bytes (&self->seed, sizeof self->seed);
  return self;
}

void
answers_free (Answers *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->table);
  g_queue_clear_full (&self->queue, (GDestroyNotify)record_free);
  g_free (self);
}

/* The separator is a byte that no header value has here (sip/check.c). */
static char *
key_text (const AnswersKey *key)
{
  char cseq[16];

  g_snprintf (cseq, sizeof cseq, "%u", key->cseq);
  return g_strjoin ("\n", key->branch, key->sent_by,
                    key->port != NULL ? key->port : "", key->method, cseq,
                    key->call_id, NULL);
}

static void
drop (Answers *self, GList *link)
{
  Record *record = link->data;

  g_hash_table_remove (self->table, record->key);
  g_queue_delete_link (&self->queue, link);
  record_free (record);
}

static void
drop_old (Answers *self, gint64 now)
{
  GList *head;

  while ((head = self->queue.head) != NULL
         && (((Record *)head->data)->until <= now
             || self->queue.length > self->max))
    drop (self, head);
}

static void
enter (Answers *self, char *key, gint64 now)
{
  Record *record = g_new0 (Record, 1);

  record->key = key;
  record->until = now + self->lifetime;
  g_queue_push_tail (&self->queue, record);
  g_hash_table_insert (self->table, record->key, self->queue.tail);
  drop_old (self, now);
}

void
answers_advance (Answers *self, gint64 now)
{
  drop_old (self, now);
}

AnswersVerdict
answers_find (Answers *self, const AnswersKey *key, gint64 now, Answer *out)
{
  g_autofree char *text = key_text (key);
  GList *link;
  Record *record;

  drop_old (self, now);
  link = g_hash_table_lookup (self->table, text);
  if (link == NULL) {
    enter (self, g_steal_pointer (&text), now);
    return ANSWERS_NEW;
  }
  record = link->data;
  if (record->status == 0)
    return ANSWERS_PENDING;
  *out = (Answer){ .status = record->status,
                   .phrase = record->phrase,
                   .headers = record->headers };
  if (record->body != NULL)
    out->body = g_bytes_get_data (record->body, &out->body_len);
  return ANSWERS_DONE;
}

static GList *
lookup (Answers *self, const AnswersKey *key)
{
  g_autofree char *text = key_text (key);

  return g_hash_table_lookup (self->table, text);
}

void
answers_finish (Answers *self, const AnswersKey *key, const Answer *answer)
{
  GList *link = lookup (self, key);
  Record *record = link != NULL ? link->data : NULL;

  if (record == NULL || record->status != 0)
    return;
  record->status = answer->status;
  record->phrase = g_strdup (answer->phrase);
  record->headers = g_strdup (answer->headers);
  if (answer->body != NULL)
    record->body = g_bytes_new (answer->body, answer->body_len);
}

void
answers_forget (Answers *self, const AnswersKey *key)
{
  GList *link = lookup (self, key);

  if (link != NULL)
    drop (self, link);
}

guint
answers_size (const Answers *self)
{
  return self->queue.length;
}

/* FNV-1a. */
static guint64
mix (guint64 hash, const char *text)
{
  for (; *text != '\0'; text++)
    hash = (hash ^ (guchar)*text) * G_GUINT64_CONSTANT (0x100000001b3);
  return (hash ^ '\n') * G_GUINT64_CONSTANT (0x100000001b3);
}

void
answers_tag (const Answers *self, const AnswersKey *key, char *out)
{
  static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
  guint64 hash = self->seed ^ key->cseq;

  hash = mix (hash, key->branch);
  hash = mix (hash, key->call_id);
  hash = mix (hash, key->method);
  for (guint i = 0; i < 13; i++, hash >>= 5)
    out[i] = digits[hash & 31];
  out[13] = '\0';
}

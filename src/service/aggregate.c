/* SPDX-License-Identifier: ISC
 *
 * Gathering IMDNs: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/aggregate.h"

#include <string.h>

#include "addr/aor.h"
#include "base/ids.h"
#include "codec/imdn.h"
#include "service/mail.h"
#include "service/reports.h"

#define ID_BITS 80
#define SECOND ((gint64)1000000)
/* Messages to many whose notifications are gathered; the oldest is forgotten. */
#define LISTS_MAX 10000
/* Notifications in one MESSAGE. */
#define BATCH_MAX 50

/* A message to many. */
typedef struct {
  char *key; /* sender and imdn.Message-ID */
  char *sender;
  GArray *waiting; /* Waiting */
  gint64 due;      /* when they are sent */
  GList link;      /* in lists */
  GList late;      /* in due, while something waits */
} List;

typedef struct {
  GBytes *imdn; /* the document */
  MessageAnswerFn answer;
  gpointer data;
} Waiting;

/* What was sent in one MESSAGE and waits for its answer. */
typedef struct {
  Service *service;
  GArray *waiting;
} Sent;

struct Aggregates {
  Service *service;
  GHashTable *by_key;
  GQueue lists; /* oldest first */
  GQueue due;   /* in order of time */
};

static void
waiting_clear (gpointer data)
{
  g_bytes_unref (((Waiting *)data)->imdn);
}

static GArray *
waiting_new (void)
{
  GArray *array = g_array_new (FALSE, FALSE, sizeof (Waiting));

  g_array_set_clear_func (array, waiting_clear);
  return array;
}

static void
list_free (gpointer data)
{
  List *self = data;

  g_array_unref (self->waiting);
  g_free (self->sender);
  g_free (self->key);
  g_free (self);
}

Aggregates *
aggregates_new (Service *service)
{
  Aggregates *self = g_new0 (Aggregates, 1);

  self->service = service;
  self->by_key = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, NULL);
  return self;
}

void
aggregates_free (Aggregates *self)
{
  List *list;

  if (self == NULL)
    return;
  while (self->lists.head != NULL) {
    list = self->lists.head->data;
    g_queue_unlink (&self->lists, &list->link);
    list_free (list);
  }
  g_hash_table_unref (self->by_key);
  g_free (self);
}

static char *
key_of (const char *sender, const char *imdn_id)
{
  g_autofree char *aor = aor_key (sender);

  return g_strdup_printf ("%s %s", aor, imdn_id);
}

/* --- Sending --- */

static void
sent_cb (const MessageAnswer *answer, gpointer data)
{
  Sent *self = data;
  /* A response is the sender's device's to one MESSAGE that is ours. */
  MessageAnswer out
      = { .verdict = answer->verdict == SERVICE_RELAYED ? SERVICE_ACCEPTED
                                                        : answer->verdict,
          .text = answer->text };

  for (guint i = 0; i < self->waiting->len; i++) {
    Waiting *waiting = &g_array_index (self->waiting, Waiting, i);

    waiting->answer (&out, waiting->data);
    service_leave (self->service);
  }
  g_array_unref (self->waiting);
  g_free (self);
}

static GBytes *
parts_of (const GArray *waiting, char **boundary_out)
{
  static const char type[] = "Content-Type: message/imdn+xml\r\n";
  g_autofree MimePart *parts = g_new0 (MimePart, waiting->len);

  for (guint i = 0; i < waiting->len; i++) {
    parts[i].headers = type;
    parts[i].headers_len = sizeof type - 1;
    parts[i].body = g_bytes_get_data (g_array_index (waiting, Waiting, i).imdn,
                                      &parts[i].len);
  }
  return multipart_write (parts, waiting->len, boundary_out);
}

/* message/cpim around a multipart/mixed of them. */
static GBytes *
body_of (Service *service, const char *from, const char *to,
         const GArray *waiting)
{
  g_autofree char *boundary = NULL, *headers = NULL, *id = NULL, *date = NULL;
  g_autoptr (GBytes) parts = parts_of (waiting, &boundary);
  GByteArray *out = g_byte_array_new ();
  MimePart content;

  id = rc_token_new (ID_BITS);
  date = cpim_datetime (clock_wall (service->clock) / SECOND);
  headers = g_strdup_printf ("Content-Type: multipart/mixed;boundary=\"%s\"\r\n"
                             "Content-Disposition: notification\r\n",
                             boundary);
  content.headers = headers;
  content.headers_len = strlen (headers);
  content.body = g_bytes_get_data (parts, &content.len);
  cpim_put_uri (out, "From", from);
  cpim_put_uri (out, "To", to);
  cpim_put_header (out, "DateTime", date);
  cpim_put_header (out, "NS", "imdn <" IMDN_NS ">");
  cpim_put_header (out, "imdn.Message-ID", id);
  cpim_put_content (out, &content);
  return g_byte_array_free_to_bytes (out);
}

static void
send_all (Aggregates *self, List *list)
{
  Service *service = self->service;
  g_autofree char *from = aor_to_uri (aor_domain (list->sender));
  g_autofree char *to = aor_to_uri (list->sender);
  MailItem item
      = { .content = IM_AUTOMATIC,
          .keep = service->settings.suppress_offline_im ? IM_REFUSE : IM_KEEP,
          .is_untold = TRUE,
          .answer = sent_cb };
  Sent *sent = g_new0 (Sent, 1);

  sent->service = service;
  sent->waiting = g_steal_pointer (&list->waiting);
  list->waiting = waiting_new ();
  g_queue_unlink (&self->due, &list->late);
  item.data = sent;
  item.message = mail_own (service, aor_domain (list->sender), list->sender);
  item.message->content_type = g_strdup ("message/cpim");
  item.message->body = body_of (service, from, to, sent->waiting);
  mail_send (service->mail, &item);
}

void
aggregates_advance (Aggregates *self)
{
  gint64 now = service_now (self->service);

  while (self->due.head != NULL && ((List *)self->due.head->data)->due <= now)
    send_all (self, self->due.head->data);
}

void
aggregates_give_up (Aggregates *self)
{
  while (self->due.head != NULL)
    send_all (self, self->due.head->data);
}

/* --- Gathering --- */

static void
forget_oldest (Aggregates *self)
{
  List *list = self->lists.head->data;

  if (list->waiting->len > 0)
    send_all (self, list);
  g_queue_unlink (&self->lists, &list->link);
  g_hash_table_remove (self->by_key, list->key);
  list_free (list);
}

void
aggregate_expect (Aggregates *self, const char *sender, const char *imdn_id)
{
  g_autofree char *key = key_of (sender, imdn_id);
  List *list;

  if (self->service->limits.imdn_window == 0
      || g_hash_table_contains (self->by_key, key))
    return;
  if (self->lists.length >= LISTS_MAX)
    forget_oldest (self);
  list = g_new0 (List, 1);
  list->key = g_steal_pointer (&key);
  list->sender = g_strdup (sender);
  list->waiting = waiting_new ();
  list->link.data = list->late.data = list;
  g_queue_push_tail_link (&self->lists, &list->link);
  g_hash_table_insert (self->by_key, list->key, list);
}

gboolean
aggregate_take (Aggregates *self, const char *recipient,
                const MessageCommand *command, MessageAnswerFn answer,
                gpointer data)
{
  g_autoptr (Imdn) imdn = NULL;
  g_autofree char *key = NULL;
  Waiting waiting = { .answer = answer, .data = data };
  List *list;

  if (self->lists.length == 0)
    return FALSE;
  imdn = report_read (command, &waiting.imdn);
  key = imdn != NULL ? key_of (recipient, imdn->message_id) : NULL;
  list = key != NULL ? g_hash_table_lookup (self->by_key, key) : NULL;
  if (list == NULL) {
    g_clear_pointer (&waiting.imdn, g_bytes_unref);
    return FALSE;
  }
  if (list->waiting->len == 0) {
    list->due = service_now (self->service)
                + (gint64)self->service->limits.imdn_window * SECOND;
    g_queue_push_tail_link (&self->due, &list->late);
  }
  g_array_append_val (list->waiting, waiting);
  service_enter (self->service);
  if (list->waiting->len >= BATCH_MAX)
    send_all (self, list);
  return TRUE;
}

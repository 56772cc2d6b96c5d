/* SPDX-License-Identifier: ISC
 *
 * Phones over the bed: see the header. */
#include "mailbed.h"

#include <string.h>

#define HOST "@192.0.2.1"

MailBed *
mail_bed_new (void)
{
  MailBed *self = g_new0 (MailBed, 1);

  self->bed = bed_new ();
  return self;
}

void
mail_bed_free (MailBed *self)
{
  if (self == NULL)
    return;
  bed_free (self->bed);
  g_free (self->text);
  g_free (self);
}

static void
forget_forwards (FakeSip *sip)
{
  while (sip->forwards->len > 0) {
    FakeForward *forward = sip->forwards->pdata[0];
    g_autofree char *target = g_strdup (forward->target);

    forward->done = fake_sip_nobody_cb;
    fake_sip_respond (sip, target, 0);
  }
}

void
mail_bed_restart (MailBed *self)
{
  bed_stop (self->bed);
  forget_forwards (self->bed->sip);
  bed_start (self->bed);
}

/* --- What phones do --- */

static void
registered_cb (const RegisterAnswer *answer, gpointer data)
{
  ((MailBed *)data)->verdict = answer->verdict;
}

static void
do_register (MailBed *self, const char *aor, const char *device,
             const char *source, const char *instance, gint64 expires)
{
  g_autofree char *contact = g_strconcat ("sip:", device, HOST, NULL);
  ServiceCaller caller = { .user = aor,
                           .source = source,
                           .call_id = contact,
                           .from_tag = "ft",
                           .cseq = ++self->cseq,
                           .contact = contact };
  RegContact item
      = { .uri = contact, .instance = instance, .q = -1, .expires = -1 };
  RegRequest request = { .aor = aor,
                         .call_id = contact,
                         .cseq = self->cseq,
                         .contacts = &item,
                         .n_contacts = 1,
                         .expires = expires,
                         .received = source };

  service_register (self->bed->service, &caller, &request, registered_cb, self);
  fake_loop_settle (self->bed->loop);
}

void
mail_bed_register (MailBed *self, const char *aor, const char *device,
                   gint64 expires)
{
  g_autofree char *source = g_strconcat ("udp:", device, NULL);

  do_register (self, aor, device, source, NULL, expires);
}

void
mail_bed_register_as (MailBed *self, const char *aor, const char *device,
                      const char *instance)
{
  g_autofree char *source = g_strconcat ("udp:", device, NULL);

  do_register (self, aor, device, source, instance, 3600);
}

void
mail_bed_move (MailBed *self, const char *aor, const char *device,
               const char *source)
{
  do_register (self, aor, device, source, NULL, 3600);
}

static void
messaged_cb (const MessageAnswer *answer, gpointer data)
{
  MailBed *self = data;

  self->answers++;
  self->verdict = answer->verdict;
  self->status
      = answer->response != NULL ? answer->response->status : answer->status;
  g_free (self->text);
  self->text = g_strdup (answer->text);
}

/* What a caller points to must be there until the answer; these tests are
 * short. */
static char *
keep (char *text)
{
  const char *kept = g_intern_string (text);

  g_free (text);
  return (char *)kept;
}

void
mail_bed_send (MailBed *self, const MailBedMessage *message)
{
  const char *call_id = message->call_id;
  const ServiceCaller caller
      = { .user = message->sender,
          .source = keep (g_strconcat ("udp:", message->device, NULL)),
          .call_id = call_id != NULL
                         ? call_id
                         : keep (g_strdup_printf ("c%u", ++self->cseq)),
          .from_tag = "ft",
          .cseq = 1 };
  const MessageCommand command
      = { .recipient = message->recipient,
          .peer = message->peer,
          .instance = message->resource,
          .subject = message->subject,
          .language = message->language,
          .is_sips = message->is_sips,
          .request = (SipIncoming *)self,
          .is_message = TRUE,
          .is_many = message->is_many,
          .list = message->list,
          .content_type = message->content_type != NULL ? message->content_type
                                                        : "text/plain",
          .body = message->body,
          .body_len
          = message->body_len > 0 ? message->body_len : strlen (message->body),
          .expires = message->expires > 0 ? message->expires : -1 };

  service_message (self->bed->service, &caller, &command, messaged_cb, self);
}

void
mail_bed_write (MailBed *self, const char *sender, const char *recipient,
                const char *text)
{
  mail_bed_send (self, &(MailBedMessage){ .sender = sender,
                                          .device = PHONE,
                                          .recipient = recipient,
                                          .body = text });
  fake_loop_settle (self->bed->loop);
}

/* --- What phones get --- */

static char *
shown (const FakeForward *forward)
{
  const char *name = forward->target + strlen ("sip:");

  return g_strdup_printf ("%.*s:%s", (int)strcspn (name, "@"), name,
                          forward->body != NULL ? forward->body : "live");
}

static int
by_device (gconstpointer a, gconstpointer b)
{
  return strncmp (a, b, MAX (strcspn (a, ":"), strcspn (b, ":")));
}

/* By device, each in its order; takes the list. */
static char *
joined (GList *texts)
{
  GString *out = g_string_new (NULL);

  texts = g_list_sort (texts, by_device); /* a stable one */
  for (GList *at = texts; at != NULL; at = at->next)
    g_string_append_printf (out, "%s%s", at == texts ? "" : " ",
                            (const char *)at->data);
  g_list_free_full (texts, g_free);
  return g_string_free (out, FALSE);
}

const char *
mail_bed_out (MailBed *self)
{
  GPtrArray *forwards = self->bed->sip->forwards;
  GList *texts = NULL;

  for (guint i = 0; i < forwards->len; i++)
    texts = g_list_append (texts, shown (forwards->pdata[i]));
  return keep (joined (texts));
}

void
mail_bed_answer (MailBed *self, const char *device, guint status)
{
  g_autofree char *target = g_strconcat ("sip:", device, HOST, NULL);

  fake_sip_respond (self->bed->sip, target, status);
  fake_loop_settle (self->bed->loop);
}

char *
mail_bed_take_all (MailBed *self)
{
  GPtrArray *forwards = self->bed->sip->forwards;
  GList *texts = NULL;

  while (forwards->len > 0) {
    g_autofree char *target
        = g_strdup (((FakeForward *)forwards->pdata[0])->target);

    texts = g_list_append (texts, shown (forwards->pdata[0]));
    fake_sip_respond (self->bed->sip, target, 200);
    fake_loop_settle (self->bed->loop);
  }
  return joined (texts);
}

/* --- The ledger --- */

/* A line of store_mem_list_messages without its id and sender, and without what
 * is the same for all devices of these tests. */
static void
put_line (GString *out, const char *line)
{
  g_auto (GStrv) words = g_strsplit (line, " ", -1);

  if (g_strv_length (words) < 4)
    return;
  if (out->len > 0)
    g_string_append (out, ", ");
  for (guint i = 2; words[i] != NULL; i++)
    g_string_append_printf (out, "%s%s", i > 2 ? " " : "", words[i]);
}

const char *
mail_bed_ledger (MailBed *self)
{
  g_auto (GStrv) lines
      = g_strsplit (store_mem_list_messages (self->bed->store), "\n", -1);
  g_autoptr (GString) out = g_string_new (NULL);

  for (guint i = 0; lines[i] != NULL; i++)
    put_line (out, lines[i]);
  g_string_replace (out, "sip:", "", 0);
  g_string_replace (out, HOST, "", 0);
  return g_intern_string (out->str);
}

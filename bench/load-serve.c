/* SPDX-License-Identifier: ISC
 *
 * A server that does nothing but answer: 200 to all, a NOTIFY to a SUBSCRIBE.
 * Against it the generator shows how fast it is itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load.h"

typedef struct {
  Net *net;
  GString *out;
  guint n;
} Null;

static void
notify (Null *self, const Sip *sip, guint conn)
{
  const char *at = sip->contact.at, *end;

  if (at == NULL || (at = memchr (at, '<', sip->contact.len)) == NULL
      || (end
          = memchr (at, '>', sip->contact.len - (guint)(at - sip->contact.at)))
             == NULL)
    return;
  g_string_printf (self->out,
                   "NOTIFY %.*s SIP/2.0\r\n"
                   "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKn%u\r\n"
                   "From: %.*s;tag=n\r\nTo: %.*s\r\nCall-ID: %.*s\r\n"
                   "CSeq: 1 NOTIFY\r\nEvent: presence\r\n"
                   "Subscription-State: active;expires=3600\r\n"
                   "Contact: <sip:127.0.0.1:%u>\r\nContent-Length: 0\r\n\r\n",
                   (int)(end - at - 1), at + 1, net_port (self->net), self->n,
                   (int)sip->to.len, sip->to.at, (int)sip->from.len,
                   sip->from.at, (int)sip->call_id.len, sip->call_id.at,
                   net_port (self->net));
  net_send (self->net, conn, self->out->str, self->out->len);
}

static void
take_cb (const Sip *sip, const char *text, guint conn, gpointer data)
{
  Null *self = data;
  char more[64] = "";

  if (sip->status != 0)
    return;
  self->n++;
  if (sip->method == 'P')
    g_snprintf (more, sizeof more, "SIP-ETag: e%u\r\nExpires: 3600\r\n",
                self->n);
  write_answer (self->out, sip, sip->method == 'M' ? "202 Accepted" : "200 OK",
                "n", more);
  net_send (self->net, conn, self->out->str, self->out->len);
  if (sip->method == 'S')
    notify (self, sip, conn);
}

int
load_serve (const char *address)
{
  Null self = { .out = g_string_sized_new (2048) };
  g_auto (GStrv) parts = g_strsplit (address, ":", 2);

  self.net = net_new (NULL, parts[0],
                      parts[1] != NULL ? (guint)atoi (parts[1]) : 5060, take_cb,
                      &self);
  net_reply_to_last (self.net, TRUE);
  for (;;)
    net_poll (self.net, 1000000);
}

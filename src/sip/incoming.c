/* SPDX-License-Identifier: ISC
 *
 * Requests that wait for their answer: taken in the callback of nta, answered
 * statelessly later on the same transport (stack.md section 11). */
#define G_LOG_DOMAIN "sip"
#include "sip/incoming.h"
#include "base/log.h"
#include "sip/out.h"

#include <arpa/inet.h>
#include <string.h>

/* The longest text of headers that is kept for a retransmission. */
#define HEADERS_MAX 4096

static gboolean
is_trusted (const Sip *sip, msg_t *msg)
{
  char host[INET6_ADDRSTRLEN];
  su_sockaddr_t *addr = msg_addr (msg);

  if (su_inet_ntop (addr->su_family, SU_ADDR (addr), host, sizeof host) == NULL)
    return FALSE;
  return conf_has_address (sip->conf, "sip", "trusted_peers", host);
}

SipIncoming *
incoming_new (Sip *sip, nta_agent_t *agent, msg_t *msg)
{
  SipIncoming *self = g_new0 (SipIncoming, 1);

  self->sip = sip;
  self->agent = agent;
  self->msg = msg;
  self->object = sip_object (msg);
  self->tport = nta_incoming_transport (agent, NULL, msg);
  self->flow = transport_flow_of (sip->transport, agent, msg);
  self->source = transport_source_of (sip->transport, agent, msg);
  self->is_trusted = is_trusted (sip, msg);
  self->refs = 1;
  return self;
}

SipIncoming *
incoming_ref (SipIncoming *self)
{
  self->refs++;
  return self;
}

/* Only what came over UDP is ever retransmitted. */
gboolean
incoming_is_datagram (const SipIncoming *self)
{
  return !tport_is_reliable (self->tport);
}

AnswersKey
incoming_key (const SipIncoming *self)
{
  const sip_t *sip = self->object;
  const char *branch = sip->sip_via->v_branch;

  return (AnswersKey){ .branch = branch != NULL ? branch : "",
                       .sent_by = sip->sip_via->v_host,
                       .port = sip->sip_via->v_port,
                       .method = sip->sip_request->rq_method_name,
                       .call_id = sip->sip_call_id->i_id,
                       .cseq = sip->sip_cseq->cs_seq };
}

void
incoming_unref (SipIncoming *self)
{
  if (self == NULL || --self->refs > 0)
    return;
  if (!self->is_answered)
    log_debug ("request from %s ends without an answer", self->source);
  checked_clear (&self->checked);
  g_clear_pointer (&self->tport, tport_unref);
  msg_destroy (self->msg);
  g_free (self->source);
  g_free (self->user);
  g_free (self);
}

/* What the answer has beyond what every answer has: it has no Via, From,
 * Call-ID, CSeq and status yet, nta adds those when it sends. */
static gboolean
headers_of (const sip_t *answer, char *out, gsize size)
{
  msg_header_t *const *slot = (msg_header_t *const *)&answer->sip_via;
  msg_header_t *const *end = (msg_header_t *const *)&answer->sip_separator;
  gsize used = 0;

  for (; slot < end; slot++)
    for (const msg_header_t *h = *slot; h != NULL; h = h->sh_next) {
      issize_t len = msg_header_e (out + used, size - used, h, 0);

      if (len < 0 || used + len >= size)
        return FALSE;
      used += len;
    }
  out[used] = '\0';
  return TRUE;
}

static void
remember (SipIncoming *self, int status, const char *phrase,
          const sip_t *answer)
{
  const AnswersKey key = incoming_key (self);
  const sip_payload_t *body = answer->sip_payload;
  char headers[HEADERS_MAX];
  Answer done = { .status = status, .phrase = phrase, .headers = headers };

  if (status == 401 || status == 407
      || !headers_of (answer, headers, sizeof headers)) {
    answers_forget (self->sip->answers, &key);
    return;
  }
  if (body != NULL) {
    done.body = body->pl_data;
    done.body_len = body->pl_len;
  }
  answers_finish (self->sip->answers, &key, &done);
}

/* RFC 3261 8.2.6.2 */
static void
add_to_tag (SipIncoming *self, msg_t *reply, sip_t *answer)
{
  const AnswersKey key = incoming_key (self);
  su_home_t *home = msg_home (reply);
  char tag[16];
  sip_to_t *to;

  if (answer->sip_to != NULL || self->object->sip_to->a_tag != NULL)
    return;
  answers_tag (self->sip->answers, &key, tag);
  to = sip_to_dup (home, self->object->sip_to);
  sip_to_tag (home, to, tag);
  msg_header_insert (reply, (msg_pub_t *)answer, (msg_header_t *)to);
}

/* A request may be kept for long after its answer: its connection may then go
 * when it wants (sofia closes none for idleness while somebody holds it). */
static void
release_transport (SipIncoming *self)
{
  g_clear_pointer (&self->tport, tport_unref);
}

/* Takes reply. */
static void
send_reply (SipIncoming *self, msg_t *reply, int status, const char *phrase)
{
  sip_t *answer = sip_object (reply);
  const sip_t *request = self->object;

  self->is_answered = TRUE;
  /* A closed connection is not opened anew towards whatever the Via says. */
  if (status == 408 || tport_is_closed (self->tport) || request->sip_via == NULL
      || request->sip_from == NULL || request->sip_to == NULL
      || request->sip_call_id == NULL || request->sip_cseq == NULL) {
    msg_destroy (reply);
    release_transport (self);
    return;
  }
  if (phrase == NULL)
    phrase = sip_status_phrase (status);
  add_to_tag (self, reply, answer);
  if (incoming_is_datagram (self))
    remember (self, status, phrase, answer);
  if (nta_msg_mreply (self->agent, reply, answer, status, phrase,
                      msg_ref_create (self->msg), NTATAG_TPORT (self->tport),
                      TAG_END ())
      < 0)
    g_info ("answer %d to %s could not be sent", status, self->source);
  release_transport (self);
}

void
incoming_reply (SipIncoming *self, int status, const char *phrase,
                tag_type_t tag, tag_value_t value, ...)
{
  msg_t *reply;
  ta_list ta;

  g_return_if_fail (!self->is_answered);
  reply = nta_msg_create (self->agent, 0);
  ta_start (ta, tag, value);
  if (sip_add_tl (reply, sip_object (reply), ta_tags (ta)) < 0)
    g_warning ("headers of an answer %d could not be made", status);
  (void)ta_end (ta);
  send_reply (self, reply, status, phrase);
}

gboolean
incoming_is_repeated (SipIncoming *self)
{
  const AnswersKey key = incoming_key (self);
  Answer answer;

  if (!incoming_is_datagram (self))
    return FALSE;
  switch (answers_find (self->sip->answers, &key, clock_now (self->sip->clock),
                        &answer)) {
  case ANSWERS_NEW:
    return FALSE;
  case ANSWERS_PENDING:
    self->is_answered = TRUE;
    return TRUE;
  case ANSWERS_DONE:
    break;
  }
  self->is_answered = TRUE;
  nta_msg_treply (
      self->agent, msg_ref_create (self->msg), answer.status, answer.phrase,
      NTATAG_TPORT (self->tport), SIPTAG_HEADER_STR (answer.headers),
      TAG_IF (answer.body != NULL,
              SIPTAG_PAYLOAD (sip_payload_create (
                  msg_home (self->msg), answer.body, answer.body_len))),
      TAG_END ());
  return TRUE;
}

/* Is this a header that the answer makes by itself? */
static gboolean
is_own (const sip_t *sip, msg_header_t *const *slot)
{
  const void *own[]
      = { &sip->sip_via,  &sip->sip_from,           &sip->sip_call_id,
          &sip->sip_cseq, &sip->sip_content_length, &sip->sip_separator };

  for (guint i = 0; i < G_N_ELEMENTS (own); i++)
    if (own[i] == slot)
      return TRUE;
  return FALSE;
}

/* What a 2xx to a MESSAGE must not have: a Contact, a body and what describes
 * one (RFC 3428 7, 9). */
static gboolean
is_barred (const sip_t *sip, msg_header_t *const *slot)
{
  const void *barred[]
      = { &sip->sip_contact,          &sip->sip_record_route,
          &sip->sip_accept,           &sip->sip_accept_encoding,
          &sip->sip_accept_language,  &sip->sip_mime_version,
          &sip->sip_content_type,     &sip->sip_content_encoding,
          &sip->sip_content_language, &sip->sip_content_disposition,
          &sip->sip_payload };

  if (sip->sip_cseq == NULL || sip->sip_cseq->cs_method != sip_method_message
      || sip->sip_status->st_status >= 300)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (barred); i++)
    if (barred[i] == slot)
      return TRUE;
  return FALSE;
}

/* A 503 would keep the sender away from us, for as long as somebody else says
 * (RFC 3261 16.7 step 6). */
void
incoming_relay (SipIncoming *self, SipResponse *response)
{
  const sip_t *from = response->object;
  msg_header_t *const *slot = (msg_header_t *const *)&from->sip_via;
  msg_header_t *const *end = (msg_header_t *const *)&from->sip_multipart;
  msg_t *reply;

  g_return_if_fail (!self->is_answered);
  if (from->sip_status->st_status == 503) {
    incoming_reply (self, 500, NULL, TAG_END ());
    return;
  }
  reply = nta_msg_create (self->agent, 0);
  for (; slot < end; slot++)
    if (*slot != NULL && !is_own (from, slot) && !is_barred (from, slot))
      sip_add_dup (reply, sip_object (reply), (const sip_header_t *)*slot);
  send_reply (self, reply, from->sip_status->st_status,
              from->sip_status->st_phrase);
}

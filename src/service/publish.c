/* SPDX-License-Identifier: ISC
 *
 * PUBLISH (RFC 3903 6): decide, write, answer, then show it to the watchers. */
#define G_LOG_DOMAIN "service"
#include "service/calls.h"
#include "service/orphans.h"
#include "service/partial.h"

#include "addr/aor.h"
#include "codec/dialoginfo.h"
#include "codec/pidf.h"

#include <string.h>

/* An event package that is published. */
typedef struct {
  const char *event, *content_type;
  /* Reads a body; *doc_out stays NULL where presence/ composes nothing. */
  gboolean (*read) (const char *bytes, gsize len, PresenceDoc **doc_out,
                    GError **error);
  /* What its watchers see of aor changed. */
  void (*changed) (Service *service, const char *aor);
  const char *fault; /* of a body that cannot be read */
} PublishKind;

static gboolean
read_calls (const char *bytes, gsize len, PresenceDoc **doc_out, GError **error)
{
  return calls_check (bytes, len, error);
}

static const PublishKind kinds[] = {
  { "presence", "application/pidf+xml", pidf_parse, service_presence_changed,
    "Bad presence document" },
  { CALLS_EVENT, DIALOGINFO_TYPE, read_calls, calls_changed,
    "Bad dialog-info document" },
};

/* NULL: nobody publishes that. */
static const PublishKind *
kind_of (const char *event)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_ascii_strcasecmp (kinds[i].event, event) == 0)
      return &kinds[i];
  return NULL;
}

static void
tell (Service *self, const PresenceRow *row)
{
  const PublishKind *kind = kind_of (row->event);

  if (kind != NULL)
    kind->changed (self, row->aor);
}

typedef struct {
  Service *service;
  char *aor;
  PresenceOutcome outcome;
  PublishAnswerFn answer;
  gpointer data;
} Publishing;

static void
publishing_free (Publishing *self)
{
  service_leave (self->service);
  presence_outcome_clear (&self->outcome);
  g_free (self->aor);
  g_free (self);
}

static void
answer_now (Service *self, ServiceVerdict verdict, const char *text,
            PublishAnswerFn answer, gpointer data)
{
  PublishAnswer out = { .verdict = verdict, .text = text };

  out.min_expires = self->limits.presence.min_expires;
  answer (&out, data);
}

static void
answer_bad_type (const PublishKind *kind, PublishAnswerFn answer, gpointer data)
{
  answer (&(PublishAnswer){ .verdict = SERVICE_BAD_TYPE,
                            .accept = kind->content_type },
          data);
}

static void
submit (Publishing *self, StoreDoneFn done)
{
  StorePort *store = self->service->store;
  StoreWrite write = { .kind = STORE_PUT_PUBLICATION };

  if (self->outcome.row != NULL)
    write.publication = presence_row_copy (self->outcome.row);
  store->submit (store->self, self->aor, &write,
                 self->outcome.row != NULL ? 1 : 0, FALSE, done, self);
}

static void
shorten (Publishing *self)
{
  Service *service = self->service;

  presence_shorten (service->presence, &self->outcome,
                    service->limits.away_expires, service_now (service));
  submit (self, NULL);
  counters_add (service->counters, "answers_from_memory", 1);
}

static void
refused (Publishing *self)
{
  Service *service = self->service;

  answer_now (service, SERVICE_FAILED, NULL, self->answer, self->data);
  if (presence_abort (service->presence, self->aor, self->outcome.ticket))
    tell (service, self->outcome.row);
}

static void
accepted (Publishing *self)
{
  Service *service = self->service;
  PublishAnswer out = { .verdict = SERVICE_OK,
                        .etag = self->outcome.etag,
                        .expires = self->outcome.expires };

  self->answer (&out, self->data);
  if (self->outcome.row != NULL
      && presence_commit (service->presence, self->aor, self->outcome.ticket))
    tell (service, self->outcome.row);
}

static void
stored_cb (StoreOutcome outcome, gpointer data)
{
  Publishing *self = data;

  if (outcome == STORE_AWAY && self->outcome.row != NULL)
    shorten (self);
  if (outcome == STORE_REFUSED && self->outcome.row != NULL)
    refused (self);
  else
    accepted (self);
  publishing_free (self);
}

void
service_publication_gone_cb (const PresenceRow *row, gboolean is_visible,
                             gpointer data)
{
  Service *self = data;
  StoreWrite write = { .kind = STORE_DROP_PUBLICATION };

  write.publication = presence_row_copy (row);
  self->store->submit (self->store->self, row->aor, &write, 1, FALSE, NULL,
                       NULL);
  if (is_visible)
    tell (self, row);
}

/* RFC 3903 12: an entity tag is a token. */
static gboolean
is_token (const char *text)
{
  for (; *text != '\0'; text++)
    if (!g_ascii_isalnum (*text) && strchr ("-.!%*_+`'~", *text) == NULL)
      return FALSE;
  return TRUE;
}

static ServiceVerdict
check (Service *self, const ServiceCaller *caller,
       const PublishCommand *command, const char **text)
{
  ServiceVerdict gate = service_gate (self);

  if (gate != SERVICE_OK)
    return gate;
  if (service_enabled_user (self, command->presentity) == NULL)
    return SERVICE_NOT_FOUND;
  if (!aor_equal (caller->user, command->presentity)) {
    *text = "Only the presentity may publish";
    return SERVICE_FORBIDDEN;
  }
  if (kind_of (command->event) == NULL)
    return SERVICE_BAD_EVENT;
  if (command->if_match != NULL && !is_token (command->if_match)) {
    *text = "SIP-If-Match is no single entity tag";
    return SERVICE_BAD_REQUEST;
  }
  return SERVICE_OK;
}

static ServiceVerdict
verdict_of (PresenceVerdict verdict, const char **text)
{
  static const struct {
    ServiceVerdict verdict;
    const char *text;
  } rows[] = {
    [PRESENCE_OK] = { SERVICE_OK, NULL },
    [PRESENCE_REPEAT] = { SERVICE_OK, NULL },
    [PRESENCE_NO_MATCH] = { SERVICE_NO_MATCH, NULL },
    [PRESENCE_BRIEF] = { SERVICE_BRIEF, NULL },
    [PRESENCE_NO_BODY] = { SERVICE_BAD_REQUEST, "Body missing" },
    [PRESENCE_TOO_MANY] = { SERVICE_FORBIDDEN, "Too many publications" },
  };

  *text = rows[verdict].text;
  return rows[verdict].verdict;
}

/* No body gives no doc. */
static ServiceVerdict
read_body (const ServiceCaller *caller, const PublishCommand *command,
           PresenceDoc **doc_out, const char **text)
{
  const PublishKind *kind = kind_of (command->event);
  g_autoptr (GError) error = NULL;
  gsize len;
  const char *bytes;

  if (command->body == NULL)
    return SERVICE_OK;
  if (command->content_type == NULL
      || g_ascii_strcasecmp (command->content_type, kind->content_type) != 0)
    return SERVICE_BAD_TYPE;
  bytes = g_bytes_get_data (command->body, &len);
  if (kind->read (bytes, len, doc_out, &error))
    return SERVICE_OK;
  g_info ("PUBLISH of %s (Call-ID %s): %s", command->presentity,
          caller->call_id, error->message);
  *text = kind->fault;
  return SERVICE_BAD_REQUEST;
}

/* The precondition is looked at before the body (RFC 3903 6 steps 3 and 5). */
static gboolean
is_stale (Service *self, const PresencePublish *request)
{
  return request->if_match != NULL
         && !presence_has_etag (self->presence, request->aor, request->event,
                                request->if_match);
}

static ServiceVerdict
decide (Service *self, const ServiceCaller *caller,
        const PublishCommand *command, PresenceOutcome *outcome,
        const char **text)
{
  PresencePublish request = {
    .aor = service_user (self, command->presentity)->aor,
    .event = kind_of (command->event)->event,
    .if_match = command->if_match,
    .expires = command->expires,
    .body = command->body,
    .call_id = caller->call_id,
    .from_tag = caller->from_tag,
    .cseq = caller->cseq,
  };
  ServiceVerdict verdict = read_body (caller, command, &request.doc, text);

  if (verdict != SERVICE_OK)
    return is_stale (self, &request) ? SERVICE_NO_MATCH : verdict;
  request.device = orphans_device_of (self, caller, request.aor);
  return verdict_of (presence_publish (self->presence, &request,
                                       &self->limits.presence,
                                       service_now (self), outcome),
                     text);
}

static void
store_decided (Service *self, const PublishCommand *command,
               const PresenceOutcome *outcome, PublishAnswerFn answer,
               gpointer data)
{
  Publishing *publishing = g_new0 (Publishing, 1);

  publishing->service = self;
  publishing->aor = g_strdup (service_user (self, command->presentity)->aor);
  publishing->outcome = *outcome;
  publishing->answer = answer;
  publishing->data = data;
  service_enter (self);
  submit (publishing, stored_cb);
}

void
service_publish (Service *self, const ServiceCaller *caller,
                 const PublishCommand *command, PublishAnswerFn answer,
                 gpointer data)
{
  const char *text = NULL;
  PresenceOutcome outcome = { 0 };
  PublishCommand whole;
  g_autoptr (GBytes) body = NULL;
  ServiceVerdict verdict = check (self, caller, command, &text);

  if (verdict == SERVICE_OK)
    verdict = partial_publication (self, command, &whole, &body, &text);
  if (verdict == SERVICE_OK)
    verdict = decide (self, caller, &whole, &outcome, &text);
  if (verdict == SERVICE_OK) {
    store_decided (self, command, &outcome, answer, data);
  } else if (verdict == SERVICE_BAD_TYPE) {
    answer_bad_type (kind_of (command->event), answer, data);
  } else {
    answer_now (self, verdict, text, answer, data);
    presence_outcome_clear (&outcome);
  }
  if (verdict != SERVICE_BUSY)
    service_resume (self, caller);
}

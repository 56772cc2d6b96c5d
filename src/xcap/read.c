/* SPDX-License-Identifier: ISC
 *
 * GET (RFC 4825 8.3 and 10; RFC 9110 13.2.2). */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

static void
answer_found (XcapCall *self, GBytes *content, const char *etag)
{
  XcapAnswer say = { .status = 200, .etag = etag, .body = content };

  switch (condition_check (self->if_match, self->if_none_match, etag, TRUE)) {
  case CONDITION_FAILED:
    say = (XcapAnswer){ .status = 412, .why = "It has changed." };
    break;
  case CONDITION_NOT_MODIFIED:
    say = (XcapAnswer){ .status = 304, .etag = etag };
    break;
  case CONDITION_MET:
    say.type = xcap_content_type (self->usage, self->path);
    break;
  }
  answer (self, &say);
}

void
read_answer (XcapCall *self, GBytes *document, const char *etag)
{
  XcapEdit edit = call_edit (self, document);
  g_autoptr (GBytes) content = NULL;

  switch (xcap_get (&edit, &content)) {
  case XCAP_DONE:
    answer_found (self, content, etag);
    return;
  case XCAP_BROKEN:
    answer_text (self, 500, "The document in store is broken.");
    return;
  default:
    answer_text (self, 404, "There is nothing here.");
    return;
  }
}

static void
fetched_cb (const DocumentsAnswer *got, gpointer data)
{
  g_autoptr (XcapCall) self = data;

  if (self->request == NULL)
    return; /* answered by xcap_free */
  switch (got->outcome) {
  case DOCUMENTS_DONE:
    read_answer (self, got->body, got->etag);
    return;
  case DOCUMENTS_NONE:
    answer_text (self, 404, "There is no such document.");
    return;
  case DOCUMENTS_AWAY:
    answer_busy (self, "The database is away.");
    return;
  default:
    answer_text (self, 500, "The document cannot be read.");
    return;
  }
}

void
read_start (XcapCall *self)
{
  DocumentsPort *documents = self->xcap->documents;
  g_autoptr (XcapCall) held = call_hold (self);
  DocumentsKey key = call_key (self);

  call_wait (self);
  documents->fetch (documents->self, &key, fetched_cb, self);
}

/* SPDX-License-Identifier: ISC
 *
 * GET (RFC 4825 8.3 and 10; RFC 9110 13.2.2). */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

static void
answer_found (XcapTask *self, GBytes *content, const char *etag)
{
  XcapReply say = { .status = 200, .etag = etag, .body = content };

  switch (condition_check (self->if_match, self->if_none_match, etag, TRUE)) {
  case CONDITION_FAILED:
    say = (XcapReply){ .status = 412, .why = "It has changed." };
    break;
  case CONDITION_NOT_MODIFIED:
    say = (XcapReply){ .status = 304, .etag = etag };
    break;
  case CONDITION_MET:
    say.type = xcap_content_type (self->usage, self->path);
    break;
  }
  reply (self, &say);
}

void
reader_reply (XcapTask *self, GBytes *document, const char *etag)
{
  XcapEdit edit = task_edit (self, document);
  g_autoptr (GBytes) content = NULL;

  switch (xcap_get (&edit, &content)) {
  case XCAP_DONE:
    answer_found (self, content, etag);
    return;
  case XCAP_BROKEN:
    reply_text (self, 500, "The document in store is broken.");
    return;
  default:
    reply_text (self, 404, "There is nothing here.");
    return;
  }
}

static void
fetched_cb (const DocumentsAnswer *got, gpointer data)
{
  g_autoptr (XcapTask) self = data;

  if (self->request == NULL)
    return; /* answered by xcap_free */
  switch (got->outcome) {
  case DOCUMENTS_DONE:
    reader_reply (self, got->body, got->etag);
    return;
  case DOCUMENTS_NONE:
    reply_text (self, 404, "There is no such document.");
    return;
  case DOCUMENTS_AWAY:
    reply_busy (self, "The database is away.");
    return;
  default:
    reply_text (self, 500, "The document cannot be read.");
    return;
  }
}

void
reader_start (XcapTask *self)
{
  DocumentsPort *documents = self->xcap->documents;
  g_autoptr (XcapTask) held = task_hold (self);
  DocumentsKey key = task_key (self);

  task_wait (self);
  documents->fetch (documents->self, &key, fetched_cb, self);
}

/* SPDX-License-Identifier: ISC
 *
 * PUT and DELETE (RFC 4825 8.2 and 8.4): fetch, edit, compare and swap.  Edits
 * of one document go one after the other, in the order of their requests; what
 * others change meanwhile (psql, another server) makes the edit begin anew, its
 * conditions too. */
#define G_LOG_DOMAIN "xcap"
#include "xcap/xcap-priv.h"

#include <string.h>

#include "base/ids.h"

/* How often an edit begins before it is given up. */
#define TRIES 8
/* Randomness of a service's URI that we propose. */
#define PROPOSED_BITS 40

/* The edits of one document; the first is under way. */
struct XcapLine {
  Xcap *xcap;
  char *key;
  GQueue tasks; /* XcapTask */
  /* As the last edit left it, so that the next need not fetch. */
  gboolean is_fresh;
  GBytes *document; /* NULL: there is none */
  char *etag;
};

static void begin (XcapTask *self);

void
editor_line_free (XcapLine *self)
{
  g_queue_clear (&self->tasks);
  g_clear_pointer (&self->document, g_bytes_unref);
  g_free (self->etag);
  g_free (self->key);
  g_free (self);
}

gboolean
editor_is_first (const XcapTask *self)
{
  return g_queue_peek_head (&self->line->tasks) == self;
}

static void
remember (XcapLine *self, GBytes *document, const char *etag)
{
  g_clear_pointer (&self->document, g_bytes_unref);
  g_free (self->etag);
  self->document = document != NULL ? g_bytes_ref (document) : NULL;
  self->etag = g_strdup (etag);
  self->is_fresh = TRUE;
}

static XcapLine *
line_of (const XcapTask *task)
{
  Xcap *xcap = task->xcap;
  char *key = g_strjoin ("\n", task->path->auid,
                         task->owner != NULL ? task->owner : "",
                         task->path->document, NULL);
  XcapLine *line = g_hash_table_lookup (xcap->lines, key);

  if (line != NULL) {
    g_free (key);
    return line;
  }
  line = g_new0 (XcapLine, 1);
  line->xcap = xcap;
  line->key = key;
  g_hash_table_insert (xcap->lines, line->key, line);
  return line;
}

/* It has been answered: the next one's turn. */
static void
end (XcapTask *self)
{
  XcapLine *line = self->line;
  XcapTask *next;

  g_queue_pop_head (&line->tasks);
  task_free (self);
  next = g_queue_peek_head (&line->tasks);
  if (next != NULL)
    begin (next);
  else
    g_hash_table_remove (line->xcap->lines, line->key);
}

static void
again (XcapTask *self)
{
  self->line->is_fresh = FALSE;
  if (++self->tries < TRIES) {
    counters_add (self->xcap->counters, "xcap_retries_total", 1);
    begin (self);
    return;
  }
  reply_busy (self, "The document changes all the time.");
  end (self);
}

/* The URI of another service that nobody has, most likely. */
static char *
propose (const char *uri)
{
  const char *at = strchr (uri, '@');
  g_autofree char *token = rc_token_new (PROPOSED_BITS);
  int n = at != NULL ? (int)(at - uri) : (int)strlen (uri);

  return g_strdup_printf ("%.*s-%s%s", n, uri, token, uri + n);
}

/* RFC 4826 4.4.5: those services whose URI is taken. */
static XcapError *
not_unique (const XcapTask *self, const char *const *taken)
{
  XcapError *error = xcap_error_new (XCAP_UNIQUENESS_FAILURE,
                                     "the URI of a service is taken");

  for (guint i = 0; self->service_uris && self->service_uris[i]; i++) {
    const char *uri = self->service_uris[i];
    g_autofree char *field
        = g_strdup_printf ("rls-services/service%%5b%u%%5d/@uri", i + 1);
    g_autofree char *other = propose (uri);
    const char *const alternatives[] = { other, NULL };

    if (taken == NULL || g_strv_contains (taken, uri))
      xcap_error_add_exists (error, field, alternatives);
  }
  return error;
}

static void
refuse (XcapTask *self, XcapError *taken)
{
  g_autoptr (XcapError) error = taken;

  reply_conflict (self, error);
  end (self);
}

/* The text names the first URI itself; the caller frees. */
static char *
phrase_of (const DocumentsAnswer *got)
{
  g_autofree char *also = NULL;

  if (got->uris == NULL || got->uris[0] == NULL || got->uris[1] == NULL)
    return g_strdup (got->text);
  also = g_strconcat (got->text, "; these do not fit either", NULL);
  return reply_naming (also, got->uris + 1);
}

static void
answer_written (XcapTask *self, const DocumentsAnswer *got)
{
  g_autofree char *text = NULL, *warning = NULL;
  XcapReply say = { .status = self->is_created ? 201 : 200 };

  if (self->written != NULL)
    say.etag = got->etag;
  if (got->uris != NULL && got->uris[0] != NULL) {
    text = reply_naming ("Contacts that do not fit were left out", got->uris);
    say.warning = warning = reply_warning (text);
    counters_add (self->xcap->counters, "xcap_shortened_total", 1);
    self->line->is_fresh = FALSE;
  } else {
    remember (self->line, self->written, say.etag);
  }
  reply (self, &say);
  end (self);
}

static void
written_cb (const DocumentsAnswer *got, gpointer data)
{
  XcapTask *self = data;
  g_autofree char *phrase = NULL;

  if (self->request == NULL) { /* answered by xcap_free */
    task_free (self);
    return;
  }
  switch (got->outcome) {
  case DOCUMENTS_DONE:
    answer_written (self, got);
    return;
  case DOCUMENTS_NONE:
  case DOCUMENTS_CHANGED:
    again (self);
    return;
  case DOCUMENTS_REFUSED:
    phrase = phrase_of (got);
    refuse (self, xcap_error_new (XCAP_CONSTRAINT_FAILURE, phrase));
    return;
  case DOCUMENTS_NOT_UNIQUE:
    refuse (self, not_unique (self, got->uris));
    return;
  case DOCUMENTS_AWAY:
    break;
  }
  reply_busy (self, "The database is away.");
  end (self);
}

/* document: NULL: it is to go. */
static void
write_out (XcapTask *self, GBytes *document)
{
  g_autoptr (XcapTask) held = task_hold (self);
  g_autofree char *etag = g_strdup (self->line->etag);
  DocumentsPort *port = self->xcap->documents;
  const char *overflow = conf_string (self->xcap->conf, "xcap", "overflow");
  DocumentsPut put = { .key = task_key (self), .old_etag = etag };

  g_clear_pointer (&self->written, g_bytes_unref);
  g_clear_pointer (&self->service_uris, g_strfreev);
  if (document == NULL) {
    port->remove (port->self, &put.key, etag, written_cb, self);
    return;
  }
  self->written = g_bytes_ref (document);
  self->service_uris = xcap_usage_service_uris (self->usage, document);
  put.body = document;
  put.unique = (const char *const *)self->service_uris;
  put.may_shorten
      = self->path->kind == XCAP_DOCUMENT && strcmp (overflow, "shorten") == 0;
  port->put (port->self, &put, written_cb, self);
}

/* With the document as line has it. */
static void
change (XcapTask *self)
{
  XcapEdit edit = task_edit (self, self->line->document);
  g_autoptr (GBytes) document = NULL;
  XcapError *error = NULL;
  XcapOutcome outcome = self->verb == XCAP_PUT
                            ? xcap_put (&edit, &document, &error)
                            : xcap_delete (&edit, &document, &error);

  switch (outcome) {
  case XCAP_DONE:
  case XCAP_CREATED:
    self->is_created = outcome == XCAP_CREATED;
    write_out (self, document);
    return;
  case XCAP_CONFLICT:
    refuse (self, error);
    return;
  case XCAP_NOT_FOUND:
    reply_text (self, 404, "There is nothing here.");
    break;
  case XCAP_READ_ONLY:
    reply_not_allowed (self);
    break;
  case XCAP_BROKEN:
    reply_text (self, 500, "The document in store is broken.");
    break;
  }
  end (self);
}

/* Conditions count when the document could be there (RFC 9110 13.2.1): an
 * element of one that is not has no parent, whatever the client expects. */
static gboolean
is_conditional (const XcapTask *self)
{
  return self->line->document != NULL
         || (self->verb == XCAP_PUT && self->path->kind == XCAP_DOCUMENT);
}

static void
work (XcapTask *self)
{
  if (is_conditional (self)
      && condition_check (self->if_match, self->if_none_match, self->line->etag,
                          FALSE)
             != CONDITION_MET) {
    reply_text (self, 412, "It has changed.");
    end (self);
    return;
  }
  change (self);
}

static void
fetched_cb (const DocumentsAnswer *got, gpointer data)
{
  XcapTask *self = data;

  if (self->request == NULL) { /* answered by xcap_free */
    task_free (self);
    return;
  }
  if (got->outcome == DOCUMENTS_DONE || got->outcome == DOCUMENTS_NONE) {
    gboolean is_there = got->outcome == DOCUMENTS_DONE;

    remember (self->line, is_there ? got->body : NULL,
              is_there ? got->etag : NULL);
    work (self);
    return;
  }
  if (got->outcome == DOCUMENTS_AWAY)
    reply_busy (self, "The database is away.");
  else
    reply_text (self, 500, "The document cannot be read.");
  end (self);
}

static void
begin (XcapTask *self)
{
  g_autoptr (XcapTask) held = task_hold (self);
  DocumentsPort *port = self->xcap->documents;
  DocumentsKey key = task_key (self);

  if (self->line->is_fresh)
    work (self);
  else
    port->fetch (port->self, &key, fetched_cb, self);
}

void
editor_start (XcapTask *self)
{
  self->line = line_of (self);
  task_wait (self);
  g_queue_push_tail (&self->line->tasks, self);
  if (self->line->tasks.length == 1)
    begin (self);
}

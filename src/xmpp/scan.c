/* SPDX-License-Identifier: ISC
 *
 * The scanner's states, one byte after the other. */
#include "xmpp/scan.h"

#include <string.h>

typedef enum {
  AT_TEXT,
  AT_LESS,  /* '<' */
  AT_OPEN,  /* in the tag of an element that begins */
  AT_SLASH, /* '/' in it */
  AT_VALUE, /* in an attribute's value */
  AT_CLOSE, /* in the tag of an element that ends */
  AT_BANG,  /* in "<![CDATA[" */
  AT_CDATA,
  AT_DECLARATION, /* in the XML declaration */
  AT_END,
} State;

struct Scan {
  ScanLimits limits;
  State state;
  StreamError fault;
  guint depth;      /* of open elements, the stream among them */
  guint attributes; /* of this tag */
  gboolean is_done; /* text has been given out */
  gboolean is_over; /* a bound: the element at hand is left out */
  gboolean has_declaration;
  char quote;
  guint name;    /* bytes of the name at hand in a tag */
  guint matched; /* characters of CDATA, or of the end of what is left */
  GString *text; /* of the element at hand */
};

#define CDATA "[CDATA["
/* Longer ones libxml2 does not take. */
#define NAME_BYTES 10000

const char *
stream_error_name (StreamError error)
{
  static const char *const names[] = {
    [STREAM_FINE] = "",
    [STREAM_BAD_FORMAT] = "bad-format",
    [STREAM_BAD_NAMESPACE_PREFIX] = "bad-namespace-prefix",
    [STREAM_CONNECTION_TIMEOUT] = "connection-timeout",
    [STREAM_INVALID_NAMESPACE] = "invalid-namespace",
    [STREAM_NOT_WELL_FORMED] = "not-well-formed",
    [STREAM_POLICY_VIOLATION] = "policy-violation",
    [STREAM_RESTRICTED_XML] = "restricted-xml",
    [STREAM_UNDEFINED_CONDITION] = "undefined-condition",
    [STREAM_UNSUPPORTED_ENCODING] = "unsupported-encoding",
  };

  return names[error];
}

Scan *
scan_new (const ScanLimits *limits)
{
  Scan *self = g_new0 (Scan, 1);

  self->limits = *limits;
  self->text = g_string_new (NULL);
  return self;
}

void
scan_free (Scan *self)
{
  if (self == NULL)
    return;
  g_string_free (self->text, TRUE);
  g_free (self);
}

StreamError
scan_fault (const Scan *self)
{
  return self->fault;
}

const char *
scan_text (const Scan *self, gsize *len_out)
{
  *len_out = self->text->len;
  return self->text->str;
}

static ScanResult
fault (Scan *self, StreamError error)
{
  self->fault = error;
  self->state = AT_END;
  return SCAN_FAULT;
}

static ScanResult
go_on (Scan *self, State state)
{
  self->state = state;
  return SCAN_MORE;
}

/* Over a bound: what an element is that the server passes on is not its own
 * fault, and only the stream's tag ends the stream. */
static ScanResult
go_over (Scan *self)
{
  if (self->depth == 0)
    return fault (self, STREAM_POLICY_VIOLATION);
  self->is_over = TRUE;
  g_string_truncate (self->text, 0);
  return SCAN_MORE;
}

/* A first-level element is complete. */
static ScanResult
element_done (Scan *self)
{
  gboolean is_over = self->is_over;

  self->is_over = FALSE;
  return is_over ? SCAN_DROPPED : SCAN_ELEMENT;
}

/* An element has begun, or ended too: is it one that is given out? */
static ScanResult
tag_done (Scan *self, gboolean is_end)
{
  self->state = AT_TEXT;
  if (!is_end && self->depth++ == 0)
    return SCAN_OPEN;
  if (!is_end)
    return self->depth > self->limits.depth + 1 ? go_over (self) : SCAN_MORE;
  if (self->depth == 0) {
    self->state = AT_END;
    return SCAN_CLOSE;
  }
  return self->depth == 1 ? element_done (self) : SCAN_MORE;
}

/* The first-level element itself counts, also when it has no content. */
static ScanResult
empty_done (Scan *self)
{
  if (self->depth > self->limits.depth)
    go_over (self);
  if (self->depth == 0) { /* a stream that ends at once has nothing to say */
    self->state = AT_END;
    return SCAN_CLOSE;
  }
  return tag_done (self, TRUE);
}

static ScanResult
at_text (Scan *self, char c)
{
  if (c == '<')
    return go_on (self, AT_LESS);
  if (self->depth > 1)
    return SCAN_MORE;
  g_string_truncate (self->text, 0); /* between elements */
  return strchr (" \t\r\n", c) != NULL && c != '\0'
             ? SCAN_MORE
             : fault (self, STREAM_BAD_FORMAT);
}

static ScanResult
at_less (Scan *self, char c)
{
  self->matched = 0;
  self->attributes = 0;
  self->name = 0;
  if (c == '/' && self->depth > 0)
    return go_on (self, AT_CLOSE);
  if (c == '!')
    return go_on (self, AT_BANG);
  if (c == '?' && self->depth == 0 && !self->has_declaration) {
    self->has_declaration = TRUE;
    return go_on (self, AT_DECLARATION);
  }
  if (c == '?')
    return fault (self, STREAM_RESTRICTED_XML);
  if (strchr ("/<>&'\"= \t\r\n", c) != NULL)
    return fault (self, STREAM_NOT_WELL_FORMED);
  return go_on (self, AT_OPEN);
}

static ScanResult
at_open (Scan *self, char c)
{
  switch (c) {
  case '>':
    return tag_done (self, FALSE);
  case '/':
    return go_on (self, AT_SLASH);
  case '<':
    return fault (self, STREAM_NOT_WELL_FORMED);
  case '"':
  case '\'':
    self->quote = c;
    self->state = AT_VALUE;
    self->name = 0;
    return ++self->attributes > self->limits.attributes ? go_over (self)
                                                        : SCAN_MORE;
  case ' ':
  case '\t':
  case '\r':
  case '\n':
  case '=':
    self->name = 0;
    return SCAN_MORE;
  default:
    return ++self->name > NAME_BYTES ? go_over (self) : SCAN_MORE;
  }
}

static ScanResult
at_value (Scan *self, char c)
{
  if (c == '<')
    return fault (self, STREAM_NOT_WELL_FORMED);
  return c == self->quote ? go_on (self, AT_OPEN) : SCAN_MORE;
}

static ScanResult
at_close (Scan *self, char c)
{
  if (c == '<' || c == '/' || c == '"' || c == '\'')
    return fault (self, STREAM_NOT_WELL_FORMED);
  if (c != '>')
    return SCAN_MORE;
  self->depth--;
  return tag_done (self, TRUE);
}

/* Comments and a DOCTYPE begin likewise, and are not allowed (RFC 6120 11.1). */
static ScanResult
at_bang (Scan *self, char c)
{
  if (c != CDATA[self->matched])
    return fault (self, STREAM_RESTRICTED_XML);
  if (CDATA[++self->matched] != '\0')
    return SCAN_MORE;
  if (self->depth < 2)
    return fault (self, STREAM_BAD_FORMAT);
  self->matched = 0;
  return go_on (self, AT_CDATA);
}

static ScanResult
at_cdata (Scan *self, char c)
{
  if (c == ']')
    self->matched = MIN (self->matched + 1, 2);
  else if (c == '>' && self->matched == 2)
    return go_on (self, AT_TEXT);
  else
    self->matched = 0;
  return SCAN_MORE;
}

/* An encoding, if it is named, is UTF-8 (RFC 6120 11.6). */
static gboolean
is_utf8 (const char *declaration)
{
  const char *name = strstr (declaration, "encoding");

  if (name == NULL)
    return TRUE;
  name += strlen ("encoding");
  name += strspn (name, " \t\r\n=");
  return (*name == '"' || *name == '\'')
         && g_ascii_strncasecmp (name + 1, "utf-8", 5) == 0 && name[6] == *name;
}

static ScanResult
at_declaration (Scan *self, char c)
{
  if (c == '?')
    self->matched = 1;
  else if (c == '>' && self->matched == 1) {
    if (!g_str_has_prefix (self->text->str, "<?xml "))
      return fault (self, STREAM_RESTRICTED_XML);
    if (!is_utf8 (self->text->str))
      return fault (self, STREAM_UNSUPPORTED_ENCODING);
    g_string_truncate (self->text, 0);
    return go_on (self, AT_TEXT);
  } else
    self->matched = 0;
  return SCAN_MORE;
}

static ScanResult
step (Scan *self, char c)
{
  switch (self->state) {
  case AT_TEXT:
    return at_text (self, c);
  case AT_LESS:
    return at_less (self, c);
  case AT_OPEN:
    return at_open (self, c);
  case AT_SLASH:
    return c == '>' ? empty_done (self) : fault (self, STREAM_NOT_WELL_FORMED);
  case AT_VALUE:
    return at_value (self, c);
  case AT_CLOSE:
    return at_close (self, c);
  case AT_BANG:
    return at_bang (self, c);
  case AT_CDATA:
    return at_cdata (self, c);
  case AT_DECLARATION:
    return at_declaration (self, c);
  case AT_END:
    break;
  }
  return SCAN_FAULT;
}

static gsize
max_len (const Scan *self)
{
  return self->depth == 0 ? SCAN_HEADER_MAX : self->limits.element;
}

ScanResult
scan_next (Scan *self, const char *bytes, gsize len, gsize *used_out)
{
  ScanResult result = SCAN_MORE;
  gsize i = 0;

  if (self->is_done)
    g_string_truncate (self->text, 0);
  self->is_done = FALSE;
  while (i < len && result == SCAN_MORE) {
    if (self->state == AT_END)
      result = self->fault != STREAM_FINE ? SCAN_FAULT : SCAN_CLOSE;
    else if (self->text->len >= max_len (self))
      result = go_over (self);
    else {
      if (!self->is_over)
        g_string_append_c (self->text, bytes[i]);
      result = step (self, bytes[i++]);
    }
  }
  self->is_done = result == SCAN_OPEN || result == SCAN_ELEMENT;
  *used_out = i;
  return result;
}

/* SPDX-License-Identifier: ISC
 *
 * A parse function of our own for the request line. */
#include "sip/parser.h"

#include <string.h>

/* Known by its address; a name, for nta wants a host (sip_sanity_check). */
static const char no_host[] = "unreadable.invalid";
/* Likewise. */
static const char hidden[] = "SIP/2.0";

gboolean
parser_could_read_uri (const sip_request_t *line)
{
  return line->rq_url->url_host != no_host;
}

gboolean
parser_hid_version (const sip_request_t *line)
{
  return line->rq_version == hidden;
}

/* The last word of text; sofia has put NUL for some of the blanks. */
static char *
last_word (char *text, gsize len)
{
  const char *blanks = " \t";
  gsize start;

  while (len > 0 && (text[len - 1] == '\0' || strchr (blanks, text[len - 1])))
    text[--len] = '\0';
  for (start = len; start > 0; start--)
    if (text[start - 1] == '\0' || strchr (blanks, text[start - 1]))
      break;
  return text + start;
}

static void
mark (sip_request_t *line)
{
  memset (line->rq_url, 0, sizeof line->rq_url);
  line->rq_url->url_type = url_sip;
  line->rq_url->url_scheme = "sip";
  line->rq_url->url_host = no_host;
}

/* METHOD anything VERSION.  sofia has ended the method's word already. */
static gboolean
parse_without_uri (sip_request_t *line, char *text, gsize len)
{
  char *method = text;
  char *version = last_word (text, len);

  if (version <= text + strlen (text)
      || g_ascii_strncasecmp (version, "SIP/", 4) != 0)
    return FALSE;
  line->rq_method = sip_method_d (&method, &line->rq_method_name);
  if (line->rq_method < 0 || *method != '\0'
      || sip_version_d (&version, &line->rq_version) < 0 || *version != '\0')
    return FALSE;
  mark (line);
  return TRUE;
}

static void
hide_version (sip_request_t *line)
{
  if (line->rq_version != NULL
      && g_ascii_strcasecmp (line->rq_version, hidden) != 0)
    line->rq_version = hidden;
}

/* A msg_parse_f.  The header goes on as one of sip_request_class, which others
 * compare with. */
static issize_t
request_line_d (su_home_t *home, msg_header_t *h, char *text, isize_t len)
{
  sip_request_t *line = (sip_request_t *)h;

  h->sh_class = sip_request_class;
  if (sip_request_d (home, h, text, len) < 0
      && !parse_without_uri (line, text, len))
    return -1;
  if (line->rq_url->url_type == url_invalid)
    mark (line);
  hide_version (line);
  return 0;
}

static gpointer
start_once (gpointer data)
{
  msg_mclass_t *messages = sip_extend_mclass (NULL);
  struct msg_hclass_s *line
      = g_memdup2 (sip_request_class, sizeof *sip_request_class);

  (void)data;
  line->hc_parse = request_line_d;
  messages->mc_request->hr_class = line;
  sip_update_default_mclass (messages);
  return messages;
}

void
parser_start (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, start_once, NULL);
}

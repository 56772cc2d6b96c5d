/* SPDX-License-Identifier: ISC
 *
 * Fuzz harness of the codecs for messages: mime, cpim, imdn, composing and
 * recipients.  An input is a Content-Type, a line end, and a body.  What is
 * read and written again must be read as the same.  As a plain program (make
 * check) it runs every seed and a fixed number of mutations of each; built with
 * -DWITH_LIBFUZZER it is driven by libFuzzer instead. */
#include "codec/composing.h"
#include "codec/content.h"
#include "codec/imdn.h"
#include "codec/recipients.h"
#include "seeds.h"

#include <string.h>

static void
try_imdn (const char *bytes, gsize len)
{
  g_autoptr (Imdn) imdn = NULL, again = NULL;
  g_autoptr (GBytes) once = NULL;

  if (!imdn_parse (bytes, len, &imdn, NULL) || imdn->status == IMDN_OTHER)
    return;
  once = imdn_write (imdn);
  g_assert_true (imdn_parse (g_bytes_get_data (once, NULL),
                             g_bytes_get_size (once), &again, NULL));
  g_assert_cmpstr (again->message_id, ==, imdn->message_id);
  g_assert_cmpint (again->kind, ==, imdn->kind);
  g_assert_cmpint (again->status, ==, imdn->status);
}

static void
try_request (const Cpim *cpim)
{
  g_autoptr (ImdnRequest) request = imdn_request (cpim);
  g_autoptr (GBytes) bytes = NULL;
  const char *target;

  if (request == NULL)
    return;
  bytes = imdn_write_stored (request, "id", 0, &target);
  if (bytes == NULL)
    return;
  g_assert_nonnull (target);
  g_assert_true (imdn_is ("message/cpim", NULL, g_bytes_get_data (bytes, NULL),
                          g_bytes_get_size (bytes)));
}

static void
try_cpim (const char *bytes, gsize len)
{
  g_autoptr (Cpim) cpim = NULL, again = NULL;
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!cpim_parse (bytes, len, &cpim, NULL))
    return;
  try_request (cpim);
  try_imdn (cpim->content.body, cpim->content.len);
  for (guint i = 0; i < cpim->headers->len; i++) {
    const CpimHeader *header = cpim->headers->pdata[i];

    cpim_put_header (out, "X", header->value);
  }
  cpim_put_header (out, "X", "the last");
  cpim_put_content (out, &cpim->content);
  if (cpim->headers->len >= 64)
    return;
  g_assert_true (cpim_parse ((char *)out->data, out->len, &again, NULL));
  g_assert_cmpuint (again->headers->len, ==, cpim->headers->len + 1);
  g_assert_cmpmem (again->content.body, again->content.len, cpim->content.body,
                   cpim->content.len);
}

static void
try_list (const char *type, const char *bytes, gsize len)
{
  g_autoptr (ListMessage) message = NULL, again = NULL;
  g_autoptr (GBytes) history = NULL, body = NULL;
  g_autofree char *out_type = NULL, *disposition = NULL;
  g_autoptr (GArray) parts = NULL;

  if (!list_message_parse (bytes, len, type, 5, &message, NULL))
    return;
  g_assert_cmpuint (message->recipients->len, <=, 5);
  history = recipients_write_history (message->recipients);
  body = list_message_write (message, history, &out_type, &disposition);
  g_assert_nonnull (out_type);
  if (history == NULL && message->parts->len == 1)
    return;
  g_assert_true (multipart_parse (g_bytes_get_data (body, NULL),
                                  g_bytes_get_size (body), out_type, 17, &parts,
                                  NULL));
  g_assert_cmpuint (parts->len, ==, message->parts->len + (history != NULL));
}

/* What is text can be written by XML. */
static void
try_content (const char *type, const char *bytes, gsize len)
{
  g_autoptr (Content) content = NULL;

  if (content_read (type, NULL, bytes, len, &content, NULL)
      && content->kind == CONTENT_TEXT)
    g_assert_true (
        content_is_clean (content->text, strlen (content->text), TRUE));
}

static void
try_body (const char *type, const char *bytes, gsize len)
{
  Composing composing;

  imdn_is (type, NULL, bytes, len);
  composing_is (type, NULL, bytes, len);
  composing_parse (bytes, len, &composing, NULL);
  try_imdn (bytes, len);
  try_content (type, bytes, len);
  try_cpim (bytes, len);
  try_list (type, bytes, len);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  const guint8 *end = size > 0 ? memchr (data, '\n', size) : NULL;
  g_autofree char *type = NULL, *body = NULL;
  gsize len;

  if (end == NULL)
    return 0;
  type = g_strndup ((const char *)data, end - data);
  len = size - (end + 1 - data);
  /* A copy without room behind it, so that a read past the end shows. */
  body = g_memdup2 (end + 1, len);
  try_body (type, body, len);
  return 0;
}

#ifndef WITH_LIBFUZZER

static const char *const words[] = {
  "\n",
  "\r\n",
  "\r\n\r\n",
  ": ",
  ";",
  ";boundary=",
  "--",
  "--b",
  "--boundary1--",
  "\"",
  "\\",
  "=",
  "=\r\n",
  "=3D",
  "<",
  ">",
  "<sip:a@b>",
  "NS: ",
  ".",
  "Content-Type: message/imdn+xml\n",
  "Content-Transfer-Encoding: base64\n",
  "Content-Disposition: recipient-list\n",
  "<entry uri='sip:q@r'/>",
  "<!DOCTYPE x>",
  "&amp;",
  "\xc3",
  " ",
  "?",
  ";method=BYE",
  NULL,
};

int
main (int argc, char **argv)
{
  return fuzz_run_seeds (argc, argv, "im-", words);
}

#endif

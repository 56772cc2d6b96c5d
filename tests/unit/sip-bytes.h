/* SPDX-License-Identifier: ISC
 *
 * For the tests of sip/ without a socket: messages from text, and to text. */
#pragma once
#include "sip/sofia.h"

#include <glib.h>

/* What goes on the wire: the fragments of the message in their order. */
static inline char *
bytes_of (msg_t *msg, size_t *len_out)
{
  GString *out = g_string_new (NULL);

  g_assert_cmpint (msg_serialize (msg, (msg_pub_t *)sip_object (msg)), >=, 0);
  g_assert_cmpint (msg_prepare (msg), >, 0);
  for (msg_header_t *h = *msg_chain_head (msg); h != NULL; h = h->sh_succ)
    g_string_append_len (out, h->sh_data, h->sh_len);
  *len_out = out->len;
  return g_string_free (out, FALSE);
}

static inline msg_t *
make_message (const char *text, gsize len)
{
  msg_t *msg = msg_make (sip_default_mclass (), 0, text, len);

  g_assert_nonnull (msg);
  g_assert_nonnull (sip_object (msg)->sip_request);
  return msg;
}

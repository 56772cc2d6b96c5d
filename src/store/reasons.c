/* SPDX-License-Identifier: ISC
 *
 * The sentences: see the header. */
#include "store/reasons.h"

#include <string.h>

static const struct {
  const char *reason, *before, *behind;
} sentences[] = {
  { "limit", "", " is one contact more than are allowed" },
  { "target_full", "nobody can add ",
    ": the contact list of that user is full" },
  { "no_such_user", "there is no such user: ", "" },
  { "invalid", "not a valid address of a contact: ", "" },
  { "documents", "no more than 100 documents of one kind are allowed", "" },
};

char *
reason_sentence (const char *reason, const char *uri)
{
  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++)
    if (g_strcmp0 (reason, sentences[i].reason) == 0)
      return g_strconcat (sentences[i].before, uri != NULL ? uri : "",
                          sentences[i].behind, NULL);
  return g_strdup ("the database refused this document");
}

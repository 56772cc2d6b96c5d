/* SPDX-License-Identifier: ISC
 *
 * Partial publication: see the header. */
#define G_LOG_DOMAIN "service"
#include "service/partial.h"

#include "codec/pidf-diff.h"

static gboolean
is_partial (const PublishCommand *command)
{
  return command->body != NULL && command->content_type != NULL
         && g_ascii_strcasecmp (command->content_type, PIDF_DIFF_TYPE) == 0
         && g_ascii_strcasecmp (command->event, "presence") == 0;
}

ServiceVerdict
partial_publication (Service *self, const PublishCommand *command,
                     PublishCommand *whole, GBytes **body, const char **text)
{
  g_autoptr (GBytes) base = NULL;
  g_autoptr (GError) error = NULL;

  *whole = *command;
  *body = NULL;
  if (!is_partial (command))
    return SERVICE_OK;
  whole->content_type = "application/pidf+xml";
  if (command->if_match != NULL) {
    base = presence_body (self->presence, command->presentity, "presence",
                          command->if_match);
    whole->body = NULL;
    if (base == NULL)
      return SERVICE_OK;
  }
  whole->body = *body = pidf_patched (base, command->body, &error);
  if (*body != NULL)
    return SERVICE_OK;
  g_info ("PUBLISH of %s: %s", command->presentity, error->message);
  *text = "Bad partial presence document";
  return SERVICE_BAD_REQUEST;
}

/* SPDX-License-Identifier: ISC
 *
 * Entity tags of lists (RFC 5839 6.5): of the full state, whatever a NOTIFY says
 * of it.  Each member has a mark of what was told of it, and the tag is made of
 * their sum, so that a change of one costs as little in a long list. */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

#include "service/shape-priv.h"

#include <string.h>

/* FNV-1a, and the finalizer of splitmix64 to spread what differs little. */
static guint64
add_text (guint64 hash, const char *text)
{
  for (; text != NULL && *text != '\0'; text++)
    hash = (hash ^ (guint8)*text) * G_GUINT64_CONSTANT (0x100000001b3);
  return (hash ^ 0xff) * G_GUINT64_CONSTANT (0x100000001b3);
}

static guint64
spread (guint64 hash)
{
  hash = (hash ^ (hash >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  hash = (hash ^ (hash >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return hash ^ (hash >> 31);
}

guint64
member_mark (Service *service, const Package *package, const Member *member,
             GBytes *body)
{
  guint64 hash = member->base.state * 16u + member->base.reason;
  char tag[24] = "";

  if (!member->base.is_listed)
    return 0;
  if (body != NULL)
    shapes_tag (service, package, body, tag);
  hash = add_text (hash, member->base.uri);
  hash = add_text (hash, member->base.name);
  return spread (add_text (hash, tag));
}

/* With what only this database knows, as shapes_tag. */
void
list_tag (Service *service, const List *self, guint64 marks, char out[24])
{
  guint64 secret;

  memcpy (&secret, service->secret, sizeof secret);
  g_snprintf (out, 24, "l%016" G_GINT64_MODIFIER "x",
              spread (add_text (marks ^ secret, self->address)));
}

/* SPDX-License-Identifier: ISC
 *
 * What a SUBSCRIBE for a list must be like: who may, what it must support and
 * accept (RFC 4662 4.1, 4.3), which bodies it may have (RFC 5367). */
#define G_LOG_DOMAIN "service"
#include "service/lists-priv.h"

#include "service/bodies.h"
#include "service/packages.h"

#include <string.h>

gboolean
lists_is_asked (Service *service, const SubsDialog *dialog)
{
  const Package *package = package_find (dialog->package);
  Sub *sub;

  if (package == NULL || package->member == NULL)
    return FALSE;
  if (dialog->local_tag == NULL)
    return lists_is_list (dialog);
  sub = subs_find (service->subs, dialog->local_tag, dialog->call_id,
                   dialog->remote_tag);
  return sub != NULL && lists_is_list (sub_dialog (sub));
}

/* RFC 4662 4.3 wants both types, and that of the package; phones forget one or
 * the other, and who names none has said by eventlist that he takes both. */
static gboolean
takes_lists (const char *accept)
{
  return package_accepts (accept, "multipart/related")
         || package_accepts (accept, "application/rlmi+xml");
}

static gboolean
is_same_list (const SubsBody *a, const SubsBody *b)
{
  g_autoptr (GBytes) left = list_part (a), right = list_part (b);

  return left == NULL || (right != NULL && g_bytes_equal (left, right));
}

/* A list in a later SUBSCRIBE means nothing (RFC 5367 5); but some repeat the
 * one of the first. */
static gboolean
is_body_fine (Service *self, const SubsDialog *dialog)
{
  gboolean is_adhoc = strchr (dialog->presentity, '@') == NULL;
  g_autoptr (GBytes) part = list_part (dialog->body);
  const char *const filter = FILTER_TYPE;
  Sub *sub;

  if (dialog->body != NULL && body_is_of (dialog->body, &filter, 1))
    return !is_adhoc || dialog->local_tag != NULL; /* the list is known */
  if (dialog->body == NULL || dialog->local_tag == NULL)
    return dialog->body == NULL ? !is_adhoc || dialog->local_tag != NULL
                                : is_adhoc && part != NULL;
  sub = subs_find (self->subs, dialog->local_tag, dialog->call_id,
                   dialog->remote_tag);
  return sub != NULL && part != NULL
         && is_same_list (dialog->body, sub_dialog (sub)->body);
}

/* 421 only for what is a list (RFC 4662 4.1), which of a plain address is not
 * known before it has been read. */
ServiceVerdict
lists_check_support (const SubscribeCommand *command)
{
  if (command->dialog.local_tag == NULL && !command->has_lists)
    return SERVICE_NEEDS_LISTS;
  return takes_lists (command->dialog.accept) ? SERVICE_OK
                                              : SERVICE_NOT_ACCEPTABLE;
}

ServiceVerdict
lists_check (Service *self, const ServiceCaller *caller,
             const SubscribeCommand *command, const char **text)
{
  const SubsDialog *dialog = &command->dialog;
  gboolean is_initial = dialog->local_tag == NULL;
  gboolean is_adhoc = strchr (dialog->presentity, '@') == NULL;
  gboolean is_plain = g_str_has_suffix (dialog->presentity, LISTS_SERVICE);
  gboolean has_body = dialog->body != NULL && !command->is_body_optional;
  gboolean is_ours = service_enabled_user (self, caller->user) != NULL;

  if (is_initial
      && ((is_adhoc && dialog->body == NULL) || (is_plain && !is_ours)))
    return SERVICE_NOT_FOUND;
  if (!is_ours) {
    *text = "Only users of this server may watch lists";
    return SERVICE_FORBIDDEN;
  }
  if (has_body && !is_body_fine (self, dialog))
    return SERVICE_BAD_TYPE;
  return is_plain ? SERVICE_OK : lists_check_support (command);
}

gboolean
lists_takes_body (Service *service, const SubsDialog *dialog)
{
  return is_body_fine (service, dialog);
}

ServiceVerdict
list_verdict (ListOutcome outcome)
{
  static const ServiceVerdict rows[] = {
    [LIST_READ] = SERVICE_OK,
    [LIST_NONE] = SERVICE_NOT_FOUND,
    [LIST_FORBIDDEN] = SERVICE_FORBIDDEN,
    [LIST_BAD_EVENT] = SERVICE_BAD_EVENT,
    [LIST_BAD] = SERVICE_BAD_REQUEST,
    [LIST_TOO_LARGE] = SERVICE_TOO_LARGE,
    [LIST_AWAY] = SERVICE_BUSY,
  };

  return rows[outcome];
}

/* SPDX-License-Identifier: ISC
 *
 * Watcher information as a value. */
#include "presence/winfo.h"

static void
watcher_free (gpointer data)
{
  WinfoWatcher *self = data;

  g_free (self->id);
  g_free (self->watcher);
  g_free (self->display_name);
  g_free (self);
}

WinfoDoc *
winfo_doc_new (const char *resource, const char *package, guint32 version,
               gboolean is_full)
{
  WinfoDoc *self = g_new0 (WinfoDoc, 1);

  self->version = version;
  self->is_full = is_full;
  self->resource = g_strdup (resource);
  self->package = g_strdup (package);
  self->watchers = g_ptr_array_new_with_free_func (watcher_free);
  return self;
}

WinfoWatcher *
winfo_doc_add (WinfoDoc *doc, const char *id, const char *watcher,
               WinfoStatus status, WinfoEvent event)
{
  WinfoWatcher *self = g_new0 (WinfoWatcher, 1);

  self->id = g_strdup (id);
  self->watcher = g_strdup (watcher);
  self->status = status;
  self->event = event;
  self->subscribed_for = -1;
  self->expiration = -1;
  g_ptr_array_add (doc->watchers, self);
  return self;
}

void
winfo_doc_free (WinfoDoc *self)
{
  if (self == NULL)
    return;
  g_free (self->resource);
  g_free (self->package);
  g_ptr_array_unref (self->watchers);
  g_free (self);
}

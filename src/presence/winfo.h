/* SPDX-License-Identifier: ISC
 *
 * Watcher information as a value (RFC 3857, 3858): what codec/winfo writes. */
#pragma once
#include <glib.h>

typedef enum {
  WINFO_PENDING,
  WINFO_ACTIVE,
  WINFO_WAITING,
  WINFO_TERMINATED
} WinfoStatus;

typedef enum {
  WINFO_SUBSCRIBE,
  WINFO_APPROVED,
  WINFO_DEACTIVATED,
  WINFO_PROBATION,
  WINFO_REJECTED,
  WINFO_TIMEOUT,
  WINFO_GIVEUP,
  WINFO_NORESOURCE
} WinfoEvent;

typedef struct {
  char *id;       /* unique within the document, stable for the watcher */
  char *watcher;  /* URI */
  char *display_name; /* or NULL */
  WinfoStatus status;
  WinfoEvent event;
  gint64 subscribed_for; /* seconds since its start, -1 unknown */
  gint64 expiration;     /* seconds left, -1 unknown */
} WinfoWatcher;

typedef struct {
  guint32 version;
  gboolean is_full;
  char *resource; /* "sip:alice@example.com" */
  char *package;  /* "presence" */
  GPtrArray *watchers; /* WinfoWatcher */
} WinfoDoc;

WinfoDoc *winfo_doc_new (const char *resource, const char *package,
                         guint32 version, gboolean is_full);
/* A new watcher inside doc; strings are copied. */
WinfoWatcher *winfo_doc_add (WinfoDoc *doc, const char *id,
                             const char *watcher, WinfoStatus status,
                             WinfoEvent event);
void winfo_doc_free (WinfoDoc *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (WinfoDoc, winfo_doc_free)

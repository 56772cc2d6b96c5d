/* SPDX-License-Identifier: ISC
 *
 * Looking up names without making the loop wait. */
#pragma once
#include <glib.h>

typedef struct NamesQuery NamesQuery;

/* hosts: numeric addresses in the order to try; n == 0: none found.  Called
 * exactly once, never inside of lookup. */
typedef void (*NamesFn) (const char *const *hosts, gsize n, gpointer data);

typedef struct {
  gpointer self;
  /* A and AAAA of host, a name or an address. */
  NamesQuery *(*lookup) (gpointer self, const char *host, NamesFn fn,
                         gpointer data);
  /* Forgets it: fn is not called. */
  void (*cancel) (gpointer self, NamesQuery *query);
} NamesPort;

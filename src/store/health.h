/* SPDX-License-Identifier: ISC
 *
 * Writes what the server found of itself, by the control session: one statement
 * in flight, and PostgreSQL's clock comes back with it. */
#pragma once
#include "port/clock.h"
#include "port/store.h"
#include "store/control.h"

typedef struct Reports Reports;

Reports *reports_new (Control *control, const Clock *clock);
/* Who waits is not called. */
void reports_free (Reports *self);

/* As put_health of the port. */
void reports_put (Reports *self, const StoreHealth *rows, gsize n,
                  StoreHealthFn done, gpointer data);
/* The control session is lost, and what was under way with it. */
void reports_lost (Reports *self);
/* Tells who began before a time (us) that PostgreSQL is away. */
void reports_give_up (Reports *self, gint64 before);
/* Somebody waits. */
gboolean reports_is_waiting (const Reports *self);

/* SPDX-License-Identifier: ISC
 *
 * The inside of judge*.c. */
#pragma once
#include "service/judge.h"

#define PRESENCE "presence"

/* judge-limits.c: has presentity as many watchers as are allowed?  Whoever watches
 * already takes no new place. */
gboolean judge_is_full (Service *self, const char *watcher,
                        const char *presentity);

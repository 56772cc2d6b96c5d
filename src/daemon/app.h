/* SPDX-License-Identifier: ISC
 *
 * The daemon's wiring: which adapters stand around one service, and the order
 * in which they start, reload and stop. */
#pragma once
#include "conf/conf.h"

#define APP_OK 0       /* stopped by a signal */
#define APP_FAILED 1   /* failed at run time */
#define APP_UNUSABLE 2 /* unusable options or configuration */

typedef struct {
  const char *file;  /* the configuration's path */
  Conf *conf;        /* taken */
  const char *debug; /* rooms, or NULL */
  gboolean is_foreground;
  int parent; /* pipe to a waiting parent (detach.h), -1: none */
} AppOptions;

/* Runs until a signal or a failure; returns the exit status. */
int app_run (const AppOptions *options);

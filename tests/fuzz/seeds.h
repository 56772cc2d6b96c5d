/* SPDX-License-Identifier: ISC
 *
 * What fuzz harnesses do as plain programs (make check): run every seed and a
 * fixed number of mutations of each. */
#pragma once
#include <glib.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Runs the seeds whose names begin with prefix; words (NULL at its end): bits
 * of markup that lead somewhere when they get into the wrong place. */
int fuzz_run_seeds (int argc, char **argv, const char *prefix,
                    const char *const *words);

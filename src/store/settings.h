/* SPDX-License-Identifier: ISC
 *
 * The settings row from a result. */
#pragma once
#include <libpq-fe.h>

#include "policy/settings.h"

/* SELECT of the one row, in text format. Static. */
const char *settings_sql (void);
/* Reads it; what is missing (no row) is the default. */
void settings_decode (const PGresult *result, PolicySettings *out);

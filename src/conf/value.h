/* SPDX-License-Identifier: ISC
 *
 * One option's value: from its text, by its type.  Never leaves conf/. */
#pragma once
#include "conf/conf.h"

/* An address prefix; IPv4 as ::ffff:a.b.c.d, with 96 bits more. */
typedef struct {
  guint8 addr[16];
  guint bits;
} ConfPrefix;

typedef struct {
  char *text;       /* as written, without white space around */
  gint64 number;    /* INT, DURATION, SIZE; BOOL as 0 and 1 */
  char **items;     /* LISTs, else NULL; DOMAINS and WORDS in lower case */
  GArray *prefixes; /* CIDRS, of ConfPrefix, else NULL */
  guint line;       /* where it stands; 0: the default */
} ConfValue;

/* Reads text into an all-zero value.  Otherwise why_out gets what is wrong with
 * it, half a sentence that the caller frees, and the value is cleared. */
gboolean conf_value_parse (const ConfOption *option, const char *text,
                           ConfValue *out, char **why_out);
void conf_value_clear (ConfValue *value);

/* Do they mean the same? */
gboolean conf_value_equal (const ConfOption *option, const ConfValue *a,
                           const ConfValue *b);

/* Is the numeric address in one of the value's prefixes? */
gboolean conf_value_has_address (const ConfValue *value, const char *addr);

/* What the option takes, half a sentence: "a number from 1 to 16". The caller
 * frees. */
char *conf_option_allowed (const ConfOption *option);
gboolean conf_type_is_list (ConfType type);

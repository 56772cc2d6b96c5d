/* SPDX-License-Identifier: ISC
 *
 * What a Uri is inside addr/.  All strings are canonical spellings of
 * addr/escape.h. */
#pragma once
#include "addr/host.h"
#include "addr/uri.h"

/* Most parameters and most headers of one URI. */
#define URI_PAIRS_MAX 32

typedef struct {
  char *name;  /* in lower case */
  char *value; /* NULL when there is no '=' */
  char *plain; /* value without escapes; NULL for headers */
} UriPair;

typedef struct {
  UriPair *items;
  guint n;
} UriPairs;

struct Uri {
  UriScheme scheme;
  HostKind host_kind;
  guint port;
  char *user;     /* for tel: the number, '+' and digits in upper case */
  char *password; /* NULL when absent */
  char *host;
  UriPairs params, headers;
};

/* The pair of that name, NULL when there is none. */
const UriPair *uri_pairs_find (const UriPairs *pairs, const char *name);

/* SPDX-License-Identifier: ISC
 *
 * RFC 3263 section 4 as a function: from what a URI says and what DNS answers
 * to the hops to try, in order.  Knows neither sockets nor threads; whoever
 * calls it gives the look-ups. */
#pragma once
#include "sip/resolve.h"

#define PLAN_NAME_MAX 256
#define PLAN_HOPS_MAX 8

typedef struct {
  guint order, preference;
  char flags[8], service[16]; /* "s", "SIP+D2U" */
  char replacement[PLAN_NAME_MAX];
  gboolean has_regexp;
} PlanNaptr;

typedef struct {
  guint priority, weight, port;
  char target[PLAN_NAME_MAX]; /* "": the service is not there (".") */
} PlanSrv;

typedef struct {
  char text[64]; /* numeric */
} PlanAddress;

/* Each appends what there is to out, nothing when there is nothing; may
 * block. */
typedef struct {
  gpointer self;
  void (*naptr) (gpointer self, const char *name, GArray *out);
  void (*srv) (gpointer self, const char *name, GArray *out);
  void (*addresses) (gpointer self, const char *name, GArray *out);
  /* A random number from 0 to max, both included. */
  guint (*random) (gpointer self, guint max);
} PlanLookup;

/* What of a URI decides; a value. */
typedef struct {
  char host[PLAN_NAME_MAX];
  char transport[8]; /* "udp", "tcp", "tls" or "": none was given */
  guint port;        /* 0: none was given */
  gboolean is_sips, is_numeric, needs_stream;
} PlanTarget;

/* FALSE: there is no way (a transport we do not speak, sips over UDP, a host
 * that is no domain name, a tel URI). maddr replaces the host (RFC 3263 4). */
gboolean plan_target (const Uri *uri, gboolean needs_stream, PlanTarget *out);

/* The same target has the same key. Caller frees. */
char *plan_key (const PlanTarget *target);

/* Appends at most PLAN_HOPS_MAX of ResolverHop to hops. */
void plan_run (const PlanTarget *target, const PlanLookup *lookup,
               GArray *hops);

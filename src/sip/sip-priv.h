/* SPDX-License-Identifier: ISC
 *
 * The adapter's own parts; never included outside sip/. */
#pragma once
#include "auth/digest.h"
#include "base/limit.h"
#include "sip/answers.h"
#include "sip/check.h"
#include "sip/loop.h"
#include "sip/transport.h"

struct SipOut;
struct Resolver;

struct Sip {
  SipLoop *loop;
  const Conf *conf;
  Service *service;
  const Clock *clock;
  Counters *counters;
  Transport *transport;
  Answers *answers;
  Digest *digest;
  struct Resolver *resolver;
  NamesPort names;
  struct SipOut *out;
  Limit *per_source, *per_user; /* requests a second */
  CheckLimits limits;
  LoopTimer *tidier;
  gint64
      repeats_until; /* us: until then requests may come again that were first
                           sent to the process before this one */
  gboolean is_quiet; /* stopping: 503 */
};

/* SPDX-License-Identifier: ISC
 *
 * The adapter's own parts; never included outside sip/. */
#pragma once
#include "auth/digest.h"
#include "sip/loop.h"
#include "sip/transport.h"

typedef struct Answers Answers; /* sip/answers.h: answers to retransmissions */
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
  struct SipOut *out;
  gboolean is_quiet; /* stopping: 503 */
};

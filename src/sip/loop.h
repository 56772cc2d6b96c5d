/* SPDX-License-Identifier: ISC
 *
 * The event loop inside sip/. */
#pragma once
#include "sip/sip.h"
#include "sip/sofia.h"

su_root_t *sip_loop_root (SipLoop *self);

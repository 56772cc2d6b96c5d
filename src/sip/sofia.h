/* SPDX-License-Identifier: ISC
 *
 * The one place that includes sofia-sip, so that magic types are the same
 * everywhere in sip/. */
#pragma once

typedef struct SipMagic SipMagic; /* what nta hands back: cast in one place */
typedef struct SipOutgoing SipOutgoing; /* a client transaction of ours */

#define NTA_AGENT_MAGIC_T SipMagic
#define NTA_OUTGOING_MAGIC_T SipOutgoing
#define TP_STACK_T nta_agent_t
#define TP_CLIENT_T SipMagic
#define SU_ROOT_MAGIC_T SipMagic
#define SU_TIMER_ARG_T void
#define SU_WAKEUP_ARG_T void

#include <sofia-sip/su.h>
#include <sofia-sip/su_wait.h>
#include <sofia-sip/su_alloc.h>
#include <sofia-sip/su_log.h>
#include <sofia-sip/su_tagarg.h>
#include <sofia-sip/nta.h>
#include <sofia-sip/nta_tport.h>
#include <sofia-sip/nta_stateless.h>
#include <sofia-sip/tport.h>
#include <sofia-sip/tport_tag.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/msg_mclass.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_tag.h>
#include <sofia-sip/sip_status.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/sip_extra.h>

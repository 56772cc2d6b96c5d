/* SPDX-License-Identifier: ISC
 *
 * What the adapters and the process know of the server's health. */
#pragma once
#include "admin/checks.h"
#include "conf/conf.h"
#include "sip/sip.h"

/* Fills in what admin/health does not know by itself. */
void vitals_gather (CheckFacts *facts, const Conf *conf, Service *service,
                    Sip *sip);

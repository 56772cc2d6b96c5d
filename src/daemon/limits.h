/* SPDX-License-Identifier: ISC
 *
 * From the option table to the limits of the service. */
#pragma once
#include "conf/conf.h"
#include "service/service.h"

ServiceLimits limits_of (const Conf *conf);
/* "debug" and so on to GLib's level. */
GLogLevelFlags limits_log_level (const Conf *conf);

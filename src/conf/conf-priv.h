/* SPDX-License-Identifier: ISC
 *
 * What a Conf is inside conf/. */
#pragma once
#include "conf/value.h"

struct Conf {
  ConfValue *values; /* one for each row of the option table */
};

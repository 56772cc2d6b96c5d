/* SPDX-License-Identifier: ISC
 *
 * The error quark. */
#include "base/error.h"

G_DEFINE_QUARK (rollcall - error - quark, rc_error)

# SPDX-License-Identifier: ISC
check_SCRIPTS += tests/check-ranks
EXTRA_DIST += tests/check-ranks tests/run-tap

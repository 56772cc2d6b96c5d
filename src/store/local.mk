# SPDX-License-Identifier: ISC
EXTRA_DIST += tests/lib/with-postgres

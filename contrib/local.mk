# SPDX-License-Identifier: ISC
EXTRA_DIST += contrib/quickstart contrib/check contrib/lib \
  contrib/rollcall.service

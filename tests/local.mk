# SPDX-License-Identifier: ISC
check_SCRIPTS += tests/check-ranks tests/check-docs
EXTRA_DIST += tests/check-ranks tests/check-docs tests/run-tap \
  tests/run-valgrind tests/valgrind.supp tests/conftest.py tests/harness \
  tests/documents tests/wire tests/sipp tests/clients tests/quickstart tests/soak

# The real daemon and a real PostgreSQL; contrib/check runs these and more.
check-wire: all
	ROLLCALL_BIN=$(abs_top_builddir) ROLLCALL_SQLDIR=$(abs_top_srcdir)/sql \
	  PYTHONDONTWRITEBYTECODE=1 $(PYTHON3) -m pytest -q \
	  -p no:cacheprovider $(srcdir)/tests/wire
.PHONY: check-wire

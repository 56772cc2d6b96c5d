# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libroster.a
src_libroster_a_SOURCES = src/roster/from.c src/roster/resource.c \
  src/roster/resource.h src/roster/roster.c src/roster/roster.h \
  src/roster/roster-priv.h src/roster/to.c

check_PROGRAMS += tests/unit/test-roster tests/unit/test-roster-random
tests_unit_test_roster_SOURCES = tests/unit/test-roster.c
tests_unit_test_roster_LDADD = $(ROSTER_LIBS)
tests_unit_test_roster_random_SOURCES = tests/unit/test-roster-random.c
tests_unit_test_roster_random_LDADD = $(ROSTER_LIBS)

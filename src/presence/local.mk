# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libpresence.a
src_libpresence_a_SOURCES = src/presence/model.c src/presence/model.h \
  src/presence/winfo.c src/presence/winfo.h src/presence/presence.c \
  src/presence/presence.h src/presence/compose.c \
  src/presence/away.c src/presence/permanent.c src/presence/row.c \
  src/presence/shown.c src/presence/presence-priv.h

check_PROGRAMS += tests/unit/test-presence tests/unit/test-compose \
  tests/unit/test-permanent tests/unit/test-away
tests_unit_test_away_SOURCES = tests/unit/test-away.c \
  tests/unit/presence-world.h
tests_unit_test_away_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_away_LDADD = $(PRESENCE_LIBS)
tests_unit_test_presence_SOURCES = tests/unit/test-presence.c \
  tests/unit/presence-world.h
tests_unit_test_presence_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_presence_LDADD = $(PRESENCE_LIBS)
tests_unit_test_compose_SOURCES = tests/unit/test-compose.c \
  tests/unit/presence-world.h
tests_unit_test_compose_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_compose_LDADD = $(PRESENCE_LIBS)
tests_unit_test_permanent_SOURCES = tests/unit/test-permanent.c \
  tests/unit/presence-world.h
tests_unit_test_permanent_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_permanent_LDADD = $(PRESENCE_LIBS)

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libadmin.a
src_libadmin_a_SOURCES = \
  src/admin/checks.c \
  src/admin/checks.h \
  src/admin/commands.c \
  src/admin/commands.h \
  src/admin/control.c \
  src/admin/control.h \
  src/admin/health.c \
  src/admin/health.h

check_PROGRAMS += tests/unit/test-health
tests_unit_test_health_SOURCES = tests/unit/test-health.c \
  tests/lib/fakeloop.c tests/lib/fakeloop.h
tests_unit_test_health_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_health_LDADD = src/libadmin.a $(STORE_LIBS)

check_PROGRAMS += tests/unit/test-control
tests_unit_test_control_SOURCES = tests/unit/test-control.c
tests_unit_test_control_LDADD = src/libadmin.a src/libctl.a src/libsip.a \
  src/libaddr.a $(BASE_LIBS) $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libadmin.a
src_libadmin_a_SOURCES = \
  src/admin/commands.c \
  src/admin/commands.h \
  src/admin/control.c \
  src/admin/control.h

check_PROGRAMS += tests/unit/test-control
tests_unit_test_control_SOURCES = tests/unit/test-control.c
tests_unit_test_control_LDADD = src/libadmin.a src/libctl.a src/libsip.a \
  $(BASE_LIBS) $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

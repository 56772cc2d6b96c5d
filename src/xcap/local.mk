# SPDX-License-Identifier: ISC
#
# One file a line, in alphabetical order.
noinst_LIBRARIES += src/libxcap.a
src_libxcap_a_SOURCES = \
  src/xcap/condition.c \
  src/xcap/edit.c \
  src/xcap/login.c \
  src/xcap/read.c \
  src/xcap/reply.c \
  src/xcap/task.c \
  src/xcap/xcap-priv.h \
  src/xcap/xcap.c \
  src/xcap/xcap.h

# Tests link a listener without sockets in place of libhttp.
XCAP_WORLD = tests/unit/xcap-world.c tests/unit/xcap-world.h \
  tests/lib/fakehttp.c tests/lib/fakehttp.h
check_PROGRAMS += tests/unit/test-xcap tests/unit/test-xcap-login
tests_unit_test_xcap_SOURCES = tests/unit/test-xcap.c $(XCAP_WORLD)
tests_unit_test_xcap_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xcap_LDADD = $(XCAP_LIBS)
tests_unit_test_xcap_login_SOURCES = tests/unit/test-xcap-login.c \
  $(XCAP_WORLD)
tests_unit_test_xcap_login_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xcap_login_LDADD = $(XCAP_LIBS)

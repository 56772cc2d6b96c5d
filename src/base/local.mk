# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libbase.a
src_libbase_a_SOURCES = src/base/log.c src/base/log.h \
  src/base/error.c src/base/error.h src/base/ids.c src/base/ids.h \
  src/base/wheel.c src/base/wheel.h src/base/counters.c src/base/counters.h

check_PROGRAMS += tests/unit/test-base
tests_unit_test_base_SOURCES = tests/unit/test-base.c
tests_unit_test_base_LDADD = $(BASE_LIBS)

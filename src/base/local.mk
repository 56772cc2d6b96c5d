# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libbase.a
src_libbase_a_SOURCES = src/base/log.c src/base/log.h \
  src/base/error.c src/base/error.h src/base/ids.c src/base/ids.h \
  src/base/json.c src/base/json.h \
  src/base/wheel.c src/base/wheel.h src/base/counters.c src/base/counters.h \
  src/base/limit.c src/base/limit.h

check_PROGRAMS += tests/unit/test-base
tests_unit_test_base_SOURCES = tests/unit/test-base.c
tests_unit_test_base_LDADD = $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-limit
tests_unit_test_limit_SOURCES = tests/unit/test-limit.c
tests_unit_test_limit_LDADD = $(BASE_LIBS)

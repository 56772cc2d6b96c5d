# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libsubs.a
src_libsubs_a_SOURCES = src/subs/subs.c src/subs/subs.h src/subs/subs-priv.h \
  src/subs/state.c src/subs/sender.c src/subs/range.c src/subs/write.c \
  src/subs/subscribe.c src/subs/device.c src/subs/table.c src/subs/sub.c \
  src/subs/stored.c src/subs/shared.c src/subs/rate.c \
  src/subs/list.c src/subs/list.h

check_PROGRAMS += tests/unit/test-subs tests/unit/test-subs-notify \
  tests/unit/test-subs-table \
  tests/unit/test-subs-size tests/unit/test-subs-random
tests_unit_test_subs_SOURCES = tests/unit/test-subs.c tests/unit/subs-world.c \
  tests/unit/subs-world.h
tests_unit_test_subs_LDADD = $(SUBS_LIBS)
tests_unit_test_subs_notify_SOURCES = tests/unit/test-subs-notify.c \
  tests/unit/subs-world.c tests/unit/subs-world.h
tests_unit_test_subs_notify_LDADD = $(SUBS_LIBS)
check_PROGRAMS += tests/unit/test-subs-rate
tests_unit_test_subs_rate_SOURCES = tests/unit/test-subs-rate.c \
  tests/unit/subs-world.c tests/unit/subs-world.h
tests_unit_test_subs_rate_LDADD = $(SUBS_LIBS)
tests_unit_test_subs_table_SOURCES = tests/unit/test-subs-table.c
tests_unit_test_subs_table_LDADD = $(SUBS_LIBS)
tests_unit_test_subs_size_SOURCES = tests/unit/test-subs-size.c
tests_unit_test_subs_size_LDADD = $(SUBS_LIBS)
tests_unit_test_subs_random_SOURCES = tests/unit/test-subs-random.c
tests_unit_test_subs_random_LDADD = $(SUBS_LIBS)
check_PROGRAMS += tests/unit/test-subs-list
tests_unit_test_subs_list_SOURCES = tests/unit/test-subs-list.c
tests_unit_test_subs_list_LDADD = $(SUBS_LIBS)

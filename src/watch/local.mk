# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libwatch.a
src_libwatch_a_SOURCES = src/watch/notify.c src/watch/table.c \
  src/watch/watch.c src/watch/watch.h src/watch/watch-priv.h

check_PROGRAMS += tests/unit/test-watch tests/unit/test-watch-dialog \
  tests/unit/test-watch-random
tests_unit_test_watch_SOURCES = tests/unit/test-watch.c \
  tests/unit/watch-world.c tests/unit/watch-world.h
tests_unit_test_watch_LDADD = $(WATCH_LIBS)
tests_unit_test_watch_dialog_SOURCES = tests/unit/test-watch-dialog.c \
  tests/unit/watch-world.c tests/unit/watch-world.h
tests_unit_test_watch_dialog_LDADD = $(WATCH_LIBS)
tests_unit_test_watch_random_SOURCES = tests/unit/test-watch-random.c
tests_unit_test_watch_random_LDADD = $(WATCH_LIBS)

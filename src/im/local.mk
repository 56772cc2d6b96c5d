# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libim.a
src_libim_a_SOURCES = src/im/status.c \
  src/im/lock.c src/im/lock.h src/im/lock-priv.h \
  src/im/im.c src/im/im.h src/im/im-priv.h src/im/life.c src/im/line.c \
  src/im/box.c

check_PROGRAMS += tests/unit/test-im tests/unit/test-im-lock \
  tests/unit/test-im-table tests/unit/test-im-route \
  tests/unit/test-im-offline tests/unit/test-im-random
tests_unit_test_im_SOURCES = tests/unit/test-im.c
tests_unit_test_im_LDADD = $(IM_LIBS)
tests_unit_test_im_lock_SOURCES = tests/unit/test-im-lock.c
tests_unit_test_im_lock_LDADD = $(IM_LIBS)
tests_unit_test_im_table_SOURCES = tests/unit/test-im-table.c
tests_unit_test_im_table_LDADD = $(IM_LIBS)
tests_unit_test_im_route_SOURCES = tests/unit/test-im-route.c \
  tests/unit/im-world.c tests/unit/im-world.h
tests_unit_test_im_route_LDADD = $(IM_LIBS)
tests_unit_test_im_offline_SOURCES = tests/unit/test-im-offline.c \
  tests/unit/im-world.c tests/unit/im-world.h
tests_unit_test_im_offline_LDADD = $(IM_LIBS)
tests_unit_test_im_random_SOURCES = tests/unit/test-im-random.c
tests_unit_test_im_random_LDADD = $(IM_LIBS)

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/librooms.a
src_librooms_a_SOURCES = src/rooms/command.c src/rooms/command.h \
  src/rooms/room.c src/rooms/rooms.c src/rooms/rooms.h src/rooms/limits.h \
  src/rooms/rooms-priv.h src/rooms/crowd.c src/rooms/crowd.h \
  src/rooms/table.c

check_PROGRAMS += tests/unit/test-rooms tests/unit/test-rooms-random
tests_unit_test_rooms_SOURCES = tests/unit/test-rooms.c
tests_unit_test_rooms_LDADD = $(ROOMS_LIBS)
tests_unit_test_rooms_random_SOURCES = tests/unit/test-rooms-random.c
tests_unit_test_rooms_random_LDADD = $(ROOMS_LIBS)

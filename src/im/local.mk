# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libim.a
src_libim_a_SOURCES = src/im/fork.c src/im/fork.h

check_PROGRAMS += tests/unit/test-im
tests_unit_test_im_SOURCES = tests/unit/test-im.c
tests_unit_test_im_LDADD = $(IM_LIBS)

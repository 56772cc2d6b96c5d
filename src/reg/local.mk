# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libreg.a
src_libreg_a_SOURCES = src/reg/reg.h src/reg/reg-priv.h src/reg/register.c \
  src/reg/binding.c src/reg/table.c

check_PROGRAMS += tests/unit/test-reg
tests_unit_test_reg_SOURCES = tests/unit/test-reg.c
tests_unit_test_reg_LDADD = $(REG_LIBS)

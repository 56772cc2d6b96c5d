# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libreg.a
src_libreg_a_SOURCES = src/reg/reg.h src/reg/reg-priv.h src/reg/register.c \
  src/reg/binding.c src/reg/table.c

check_PROGRAMS += tests/unit/test-reg tests/unit/test-reg-flow \
  tests/unit/test-reg-random
tests_unit_test_reg_SOURCES = tests/unit/test-reg.c tests/unit/reg-world.c \
  tests/unit/reg-world.h
tests_unit_test_reg_LDADD = $(REG_LIBS)
tests_unit_test_reg_flow_SOURCES = tests/unit/test-reg-flow.c \
  tests/unit/reg-world.c tests/unit/reg-world.h
tests_unit_test_reg_flow_LDADD = $(REG_LIBS)
tests_unit_test_reg_random_SOURCES = tests/unit/test-reg-random.c \
  tests/unit/reg-world.c tests/unit/reg-world.h
tests_unit_test_reg_random_LDADD = $(REG_LIBS)

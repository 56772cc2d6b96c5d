# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libpolicy.a
src_libpolicy_a_SOURCES = src/policy/policy.c src/policy/policy.h \
  src/policy/rights.c src/policy/rights.h \
  src/policy/rules.c src/policy/rules.h \
  src/policy/settings.c src/policy/settings.h \
  src/policy/user.c src/policy/user.h

check_PROGRAMS += tests/unit/test-policy
tests_unit_test_policy_SOURCES = tests/unit/test-policy.c
tests_unit_test_policy_LDADD = $(POLICY_LIBS)
check_PROGRAMS += tests/unit/test-policy-rules
tests_unit_test_policy_rules_SOURCES = tests/unit/test-policy-rules.c
tests_unit_test_policy_rules_LDADD = $(POLICY_LIBS)

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libauth.a
src_libauth_a_CPPFLAGS = $(AM_CPPFLAGS) $(SSL_CFLAGS)
src_libauth_a_SOURCES = src/auth/credentials.c src/auth/digest.c \
  src/auth/digest.h src/auth/hash.c src/auth/hash.h src/auth/nonce.c \
  src/auth/nonce.h src/auth/offer.c src/auth/offer.h src/auth/replay.c \
  src/auth/replay.h

check_PROGRAMS += tests/unit/test-auth tests/unit/test-auth-parse
tests_unit_test_auth_SOURCES = tests/unit/test-auth.c
tests_unit_test_auth_LDADD = $(AUTH_LIBS)
tests_unit_test_auth_parse_SOURCES = tests/unit/test-auth-parse.c
tests_unit_test_auth_parse_LDADD = $(AUTH_LIBS)

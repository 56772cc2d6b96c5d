# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libaddr.a
src_libaddr_a_SOURCES = src/addr/uri.c src/addr/uri.h src/addr/uri-parse.c \
  src/addr/uri-priv.h src/addr/escape.c src/addr/escape.h src/addr/host.c \
  src/addr/host.h src/addr/aor.c src/addr/aor.h \
  src/addr/contact.c src/addr/contact.h \
  src/addr/xmpp.c src/addr/xmpp.h src/addr/xmpp-priv.h src/addr/jid-prepare.c

check_PROGRAMS += tests/unit/test-addr
tests_unit_test_addr_SOURCES = tests/unit/test-addr.c
tests_unit_test_addr_LDADD = $(ADDR_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-addr
tests_unit_test_xmpp_addr_SOURCES = tests/unit/test-xmpp-addr.c
tests_unit_test_xmpp_addr_LDADD = $(ADDR_LIBS)

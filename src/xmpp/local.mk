# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libxmpp.a
src_libxmpp_a_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
src_libxmpp_a_SOURCES = src/xmpp/answer.c src/xmpp/answer.h \
  src/xmpp/backoff.c src/xmpp/backoff.h \
  src/xmpp/pending.c src/xmpp/pending.h \
  src/xmpp/queries.c src/xmpp/queries.h \
  src/xmpp/reader.c src/xmpp/reader.h \
  src/xmpp/scan.c src/xmpp/scan.h \
  src/xmpp/stanza-read.c src/xmpp/stanza-write.c src/xmpp/stanza.h \
  src/xmpp/stream.c src/xmpp/stream-priv.h src/xmpp/traffic.c \
  src/xmpp/words.c src/xmpp/words.h src/xmpp/xmpp.h \
  src/port/names.h

check_PROGRAMS += tests/unit/test-xmpp-stanza tests/unit/test-xmpp-pending \
  tests/unit/test-xmpp-stream tests/fuzz/fuzz-xmpp
tests_unit_test_xmpp_stream_SOURCES = tests/unit/test-xmpp-stream.c \
  tests/lib/testloop.c tests/lib/testloop.h
tests_unit_test_xmpp_stream_CPPFLAGS = $(src_libxmpp_a_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_stream_LDADD = $(XMPP_LIBS)
tests_unit_test_xmpp_stanza_SOURCES = tests/unit/test-xmpp-stanza.c
tests_unit_test_xmpp_stanza_CPPFLAGS = $(src_libxmpp_a_CPPFLAGS)
tests_unit_test_xmpp_stanza_LDADD = $(XMPP_LIBS)
tests_unit_test_xmpp_pending_SOURCES = tests/unit/test-xmpp-pending.c
tests_unit_test_xmpp_pending_CPPFLAGS = $(src_libxmpp_a_CPPFLAGS)
tests_unit_test_xmpp_pending_LDADD = $(XMPP_LIBS)
tests_fuzz_fuzz_xmpp_SOURCES = tests/fuzz/fuzz-xmpp.c tests/fuzz/seeds.c \
  tests/fuzz/seeds.h
tests_fuzz_fuzz_xmpp_CPPFLAGS = $(src_libxmpp_a_CPPFLAGS)
tests_fuzz_fuzz_xmpp_LDADD = $(XMPP_LIBS)
EXTRA_DIST += tests/fuzz/seeds/xmpp-errors.xml \
  tests/fuzz/seeds/xmpp-messages.xml tests/fuzz/seeds/xmpp-presence.xml \
  tests/fuzz/seeds/xmpp-queries.xml

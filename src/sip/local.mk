# SPDX-License-Identifier: ISC
#
# One file a line, in alphabetical order.
noinst_LIBRARIES += src/libsip.a
src_libsip_a_CPPFLAGS = $(AM_CPPFLAGS) $(SOFIA_CFLAGS) $(SSL_CFLAGS)
src_libsip_a_SOURCES = \
  src/sip/answers.c \
  src/sip/answers.h \
  src/sip/check.c \
  src/sip/check.h \
  src/sip/conns.c \
  src/sip/conns.h \
  src/sip/credentials.c \
  src/sip/credentials.h \
  src/sip/datagrams.c \
  src/sip/datagrams.h \
  src/sip/describe.c \
  src/sip/describe.h \
  src/sip/dispatch.c \
  src/sip/dispatch.h \
  src/sip/endpoint.c \
  src/sip/endpoint.h \
  src/sip/flow.c \
  src/sip/flow.h \
  src/sip/forward.c \
  src/sip/forward.h \
  src/sip/identity.c \
  src/sip/identity.h \
  src/sip/incoming.c \
  src/sip/incoming.h \
  src/sip/instant.c \
  src/sip/instant.h \
  src/sip/lane.c \
  src/sip/lane.h \
  src/sip/lookup.c \
  src/sip/lookup.h \
  src/sip/loop.c \
  src/sip/loop.h \
  src/sip/message.c \
  src/sip/message.h \
  src/sip/names.c \
  src/sip/notified.c \
  src/sip/notify.c \
  src/sip/notify.h \
  src/sip/out-priv.h \
  src/sip/out.c \
  src/sip/out.h \
  src/sip/outgoing.c \
  src/sip/parser.c \
  src/sip/parser.h \
  src/sip/peers.c \
  src/sip/peers.h \
  src/sip/plan.c \
  src/sip/plan.h \
  src/sip/polling.c \
  src/sip/polling.h \
  src/sip/publish.c \
  src/sip/register.c \
  src/sip/request.c \
  src/sip/request.h \
  src/sip/resolve.c \
  src/sip/resolve.h \
  src/sip/sip-priv.h \
  src/sip/sip.c \
  src/sip/sip.h \
  src/sip/sofia.h \
  src/sip/sofia_fixes.c \
  src/sip/sofia_fixes.h \
  src/sip/sofia_log.c \
  src/sip/sofia_log.h \
  src/sip/status.c \
  src/sip/status.h \
  src/sip/streamless.c \
  src/sip/streamless.h \
  src/sip/subscribe.c \
  src/sip/subscriber.c \
  src/sip/subscriber.h \
  src/sip/text.c \
  src/sip/text.h \
  src/sip/tls.c \
  src/sip/tls.h \
  src/sip/transport.c \
  src/sip/transport.h \
  src/sip/value.c \
  src/sip/value.h \
  src/sip/way.c \
  src/sip/way.h

check_PROGRAMS += tests/unit/test-sip-loop
tests_unit_test_sip_loop_SOURCES = tests/unit/test-sip-loop.c
tests_unit_test_sip_loop_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_loop_LDADD = src/libsip.a $(BASE_LIBS) $(SOFIA_STATIC) \
  $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-check
tests_unit_test_sip_check_SOURCES = tests/unit/test-sip-check.c
tests_unit_test_sip_check_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_check_LDADD = src/libsip.a $(ADDR_LIBS) $(SOFIA_STATIC) \
  $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-answers
tests_unit_test_sip_answers_SOURCES = tests/unit/test-sip-answers.c
tests_unit_test_sip_answers_LDADD = src/libsip.a $(BASE_LIBS)

check_PROGRAMS += tests/unit/test-sip-peers
tests_unit_test_sip_peers_SOURCES = tests/unit/test-sip-peers.c
tests_unit_test_sip_peers_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_peers_LDADD = $(SIP_TEST_LIBS)

check_PROGRAMS += tests/unit/test-sip-out
tests_unit_test_sip_out_SOURCES = tests/unit/test-sip-out.c \
  tests/unit/sip-bytes.h
tests_unit_test_sip_out_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_out_LDADD = src/libsip.a $(SUBS_LIBS) $(SOFIA_STATIC) \
  $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-instant
tests_unit_test_sip_instant_SOURCES = tests/unit/test-sip-instant.c \
  tests/unit/sip-bytes.h
tests_unit_test_sip_instant_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_instant_LDADD = src/libsip.a $(SUBS_LIBS) $(SOFIA_STATIC) \
  $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-message
tests_unit_test_sip_message_SOURCES = tests/unit/test-sip-message.c \
  tests/unit/sip-bytes.h tests/unit/sip-out-rig.h \
  tests/unit/sip-peer.c tests/unit/sip-peer.h
tests_unit_test_sip_message_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_message_LDADD = $(SIP_LIBS)

check_PROGRAMS += tests/unit/test-sip-subscriber
tests_unit_test_sip_subscriber_SOURCES = tests/unit/test-sip-subscriber.c \
  tests/unit/sip-bytes.h
tests_unit_test_sip_subscriber_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_subscriber_LDADD = src/libsip.a $(ADDR_LIBS) \
  $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-backend
tests_unit_test_sip_backend_SOURCES = tests/unit/test-sip-backend.c \
  tests/unit/sip-peer.c tests/unit/sip-peer.h
tests_unit_test_sip_backend_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_backend_LDADD = src/libstore.a $(SIP_LIBS) $(PQ_LIBS)

check_PROGRAMS += tests/unit/test-sip-client
tests_unit_test_sip_client_SOURCES = tests/unit/test-sip-client.c
tests_unit_test_sip_client_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_client_LDADD = src/libsip.a $(SUBS_LIBS) \
  $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-credentials
tests_unit_test_sip_credentials_SOURCES = tests/unit/test-sip-credentials.c
tests_unit_test_sip_credentials_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_credentials_LDADD = src/libsip.a $(AUTH_LIBS) \
  $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

# What the tests of this room link: itself and what it needs of lower ranks.
SIP_TEST_LIBS = src/libsip.a src/libconf.a src/libaddr.a $(BASE_LIBS) \
  $(SOFIA_WRAP) $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

check_PROGRAMS += tests/unit/test-sip-transport
tests_unit_test_sip_transport_SOURCES = tests/unit/test-sip-transport.c \
  tests/unit/sip-peer.c tests/unit/sip-peer.h
tests_unit_test_sip_transport_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_transport_LDADD = $(SIP_TEST_LIBS)

check_PROGRAMS += tests/unit/test-sip-resolve
tests_unit_test_sip_resolve_SOURCES = tests/unit/test-sip-resolve.c
tests_unit_test_sip_resolve_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_resolve_LDADD = $(SIP_TEST_LIBS)

check_PROGRAMS += tests/unit/test-sip-fixes
tests_unit_test_sip_fixes_SOURCES = tests/unit/test-sip-fixes.c \
  tests/unit/sip-peer.c tests/unit/sip-peer.h
tests_unit_test_sip_fixes_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_fixes_LDADD = $(SIP_TEST_LIBS)

check_PROGRAMS += tests/unit/test-sip-large
tests_unit_test_sip_large_SOURCES = tests/unit/test-sip-large.c \
  tests/unit/sip-out-rig.h tests/unit/sip-peer.c tests/unit/sip-peer.h
tests_unit_test_sip_large_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_large_LDADD = $(tests_unit_test_sip_reach_LDADD)

check_PROGRAMS += tests/unit/test-sip-reach
tests_unit_test_sip_reach_SOURCES = tests/unit/test-sip-reach.c \
  tests/unit/sip-out-rig.h tests/unit/sip-peer.c tests/unit/sip-peer.h
tests_unit_test_sip_reach_CPPFLAGS = $(src_libsip_a_CPPFLAGS)
tests_unit_test_sip_reach_LDADD = src/libsip.a src/libconf.a $(SUBS_LIBS) \
  $(SOFIA_WRAP) $(SOFIA_STATIC) $(SSL_LIBS) -lpthread

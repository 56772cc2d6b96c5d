# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libservice.a
src_libservice_a_SOURCES = src/service/service.h src/service/service-priv.h \
  src/service/service.c \
  src/service/bodies.c src/service/bodies.h \
  src/service/directory.c \
  src/service/asking.c src/service/asking.h \
  src/service/calls.c src/service/calls.h \
  src/service/filters.c \
  src/service/facts.c src/service/facts.h \
  src/service/judge.c src/service/judge-limits.c src/service/judge.h \
  src/service/judge-priv.h \
  src/service/register.c \
  src/service/publish.c \
  src/service/subscribe.c src/service/subscribe-decide.c \
  src/service/subscribe-priv.h \
  src/service/notify.c \
  src/service/message.c \
  src/service/renew.c src/service/renew.h \
  src/service/restore.c \
  src/service/orphans.c src/service/orphans.h \
  src/service/pace.c \
  src/service/partial.c src/service/partial.h \
  src/service/permanent.c src/service/permanent.h \
  src/service/packages.c src/service/packages.h \
  src/service/profile.c src/service/profile.h \
  src/service/backend.c src/service/backend.h \
  src/service/aggregate.c src/service/aggregate.h \
  src/service/broadcast.c src/service/broadcast.h \
  src/service/devices.c src/service/devices.h \
  src/service/lists.c src/service/lists-backend.c \
  src/service/lists-check.c src/service/lists-due.c src/service/lists-foreign.c \
  src/service/lists-members.c \
  src/service/lists-etag.c src/service/lists-notify.c src/service/lists-read.c \
  src/service/lists-read.h src/service/lists.h src/service/lists-priv.h \
  src/service/mail.c src/service/mail-devices.c src/service/mail-store.c \
  src/service/mail.h \
  src/service/mail-priv.h \
  src/service/seen.c src/service/seen.h \
  src/service/registrations.c src/service/registrations.h \
  src/service/relay.c src/service/relay.h \
  src/service/reports.c src/service/reports.h \
  src/service/reread.c src/service/reread.h \
  src/service/shape.c src/service/shape.h src/service/shape-priv.h \
  src/service/shapes.c \
  src/service/summary.c src/service/summary.h \
  src/service/documents.c src/service/documents.h \
  src/service/watchers.c src/service/watchers.h \
  src/service/why.c \
  src/service/xcap_events.c src/service/xcap_events.h \
  src/service/xcap_state.c src/service/xcap_state.h \
  src/service/xmpp.c src/service/xmpp.h src/service/xmpp-priv.h \
  src/service/mail-beyond.c src/service/mail-pace.c src/service/mail-plain.c \
  src/service/xmpp-errors.c src/service/xmpp-errors.h \
  src/service/xmpp-id.c src/service/xmpp-id.h \
  src/service/xmpp-thread.c src/service/xmpp-thread.h \
  src/service/xmpp-message.h src/service/xmpp-message-priv.h \
  src/service/xmpp-message-copy.c src/service/xmpp-message-mail.c \
  src/service/xmpp-message-out.c src/service/xmpp-message-report.c \
  src/service/xmpp-message.c src/service/xmpp-presence.c \
  src/service/xmpp-presence.h src/service/xmpp-presence-from.c \
  src/service/xmpp-presence-renew.c \
  src/service/xmpp-presence-to.c src/service/xmpp-presence-priv.h \
  src/service/xmpp-rooms.c src/service/xmpp-rooms-in.c \
  src/service/xmpp-rooms-notify.c src/service/xmpp-rooms-out.c \
  src/service/xmpp-rooms-admin.c src/service/xmpp-rooms-presence.c \
  src/service/xmpp-rooms.h src/service/xmpp-rooms-priv.h \
  src/port/clock.h src/port/documents.h src/port/loop.h \
  src/port/messages.h src/port/store.h src/port/sip_out.h \
  src/port/xmpp.h

check_PROGRAMS += tests/unit/test-bodies
tests_unit_test_bodies_SOURCES = tests/unit/test-bodies.c
tests_unit_test_bodies_LDADD = $(SERVICE_LIBS)
check_PROGRAMS += tests/unit/test-service
tests_unit_test_service_SOURCES = tests/unit/test-service.c \
  tests/lib/fakeloop.c tests/lib/fakeloop.h tests/lib/fakesip.c \
  tests/lib/fakesip.h
tests_unit_test_service_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
service_bed = tests/lib/servicebed.c tests/lib/servicebed.h \
  tests/lib/fakeloop.c tests/lib/fakeloop.h tests/lib/fakesip.c \
  tests/lib/fakesip.h tests/lib/fakexmpp.c tests/lib/fakexmpp.h
check_PROGRAMS += tests/unit/test-service-rules
tests_unit_test_service_rules_SOURCES = tests/unit/test-service-rules.c \
  $(service_bed)
tests_unit_test_service_rules_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_rules_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-service-shape
tests_unit_test_service_shape_SOURCES = tests/unit/test-service-shape.c \
  $(service_bed)
tests_unit_test_service_shape_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_shape_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-backend
tests_unit_test_backend_SOURCES = tests/unit/test-backend.c $(service_bed)
tests_unit_test_backend_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_backend_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-service-permanent
tests_unit_test_service_permanent_SOURCES = \
  tests/unit/test-service-permanent.c tests/lib/fakedocs.c \
  tests/lib/fakedocs.h $(service_bed)
tests_unit_test_service_permanent_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_permanent_LDADD = src/libstore.a $(SERVICE_LIBS) \
  $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-service-own
tests_unit_test_service_own_SOURCES = tests/unit/test-service-own.c \
  $(service_bed)
tests_unit_test_service_own_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_own_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-service-many
tests_unit_test_service_many_SOURCES = tests/unit/test-service-many.c \
  $(service_bed)
tests_unit_test_service_many_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_many_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
mail_bed = $(service_bed) tests/lib/mailbed.c tests/lib/mailbed.h
check_PROGRAMS += tests/unit/test-mail
tests_unit_test_mail_SOURCES = tests/unit/test-mail.c $(mail_bed)
tests_unit_test_mail_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_mail_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-rooms tests/unit/test-xmpp-rooms-random
tests_unit_test_xmpp_rooms_random_SOURCES = \
  tests/unit/test-xmpp-rooms-random.c $(mail_bed)
tests_unit_test_xmpp_rooms_random_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_rooms_random_LDADD = src/libstore.a $(SERVICE_LIBS) \
  $(PQ_LIBS)
tests_unit_test_xmpp_rooms_SOURCES = tests/unit/test-xmpp-rooms.c $(mail_bed)
tests_unit_test_xmpp_rooms_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_rooms_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-message
tests_unit_test_xmpp_message_SOURCES = tests/unit/test-xmpp-message.c \
  $(mail_bed)
tests_unit_test_xmpp_message_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_message_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-broadcast
tests_unit_test_broadcast_SOURCES = tests/unit/test-broadcast.c $(mail_bed)
tests_unit_test_broadcast_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_broadcast_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)

check_PROGRAMS += tests/unit/test-service-send
tests_unit_test_service_send_SOURCES = tests/unit/test-service-send.c \
  $(service_bed)
tests_unit_test_service_send_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_send_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)

check_PROGRAMS += tests/unit/test-xcap-events
tests_unit_test_xcap_events_SOURCES = tests/unit/test-xcap-events.c \
  tests/lib/fakedocs.c tests/lib/fakedocs.h \
  tests/lib/fakeloop.c tests/lib/fakeloop.h tests/lib/fakesip.c \
  tests/lib/fakesip.h
tests_unit_test_xcap_events_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xcap_events_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-aggregate
tests_unit_test_aggregate_SOURCES = tests/unit/test-aggregate.c $(mail_bed)
tests_unit_test_aggregate_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_aggregate_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-service-lists
tests_unit_test_service_lists_SOURCES = tests/unit/test-service-lists.c \
  $(service_bed)
tests_unit_test_service_lists_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_lists_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-presence
tests_unit_test_xmpp_presence_SOURCES = tests/unit/test-xmpp-presence.c \
  tests/unit/xmpp-presence-world.h $(service_bed)
tests_unit_test_xmpp_presence_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_presence_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-service-xmpp
tests_unit_test_service_xmpp_SOURCES = tests/unit/test-service-xmpp.c \
  $(service_bed)
tests_unit_test_service_xmpp_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_service_xmpp_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-presence-random
tests_unit_test_xmpp_presence_random_SOURCES = \
  tests/unit/test-xmpp-presence-random.c $(service_bed)
tests_unit_test_xmpp_presence_random_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_presence_random_LDADD = src/libstore.a $(SERVICE_LIBS) \
  $(PQ_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-contacts
tests_unit_test_xmpp_contacts_SOURCES = tests/unit/test-xmpp-contacts.c \
  tests/unit/xmpp-presence-world.h $(service_bed)
tests_unit_test_xmpp_contacts_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_unit_test_xmpp_contacts_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)

# SPDX-License-Identifier: ISC
# Not built by default: make bench/sipload
EXTRA_PROGRAMS += bench/sipload
bench_sipload_SOURCES = bench/sipload.c
bench_sipload_LDADD = $(GLIB_LIBS)
# Lists (RFC 4662) and a restart with them: make bench/listload; bench/run
EXTRA_PROGRAMS += bench/listload
bench_listload_SOURCES = bench/listload.c
bench_listload_LDADD = $(GLIB_LIBS)
# make bench/xcap-edit && bench/xcap-edit
EXTRA_PROGRAMS += bench/xcap-edit
bench_xcap_edit_SOURCES = bench/xcap-edit.c
bench_xcap_edit_LDADD = $(CODEC_LIBS)
# An element PUT over HTTP, 50 in flight: make bench/xcapload; bench/run
EXTRA_PROGRAMS += bench/xcapload
bench_xcapload_SOURCES = bench/xcapload.c
bench_xcapload_LDADD = $(GLIB_LIBS)
# make bench/settings-flip && bench/settings-flip
EXTRA_PROGRAMS += bench/settings-flip
bench_settings_flip_SOURCES = bench/settings-flip.c $(service_bed)
bench_settings_flip_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_settings_flip_LDADD = src/libstore.a $(SERVICE_LIBS) $(PQ_LIBS)
# make bench/xcap-put, then as it says itself
EXTRA_PROGRAMS += bench/xcap-put
bench_xcap_put_SOURCES = bench/xcap-put.c tests/lib/testloop.c \
  tests/lib/testloop.h
bench_xcap_put_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_xcap_put_LDADD = $(STORE_LIBS)
# Messages, online, stored and delivered later: make bench/imload; bench/run
EXTRA_PROGRAMS += bench/imload
bench_imload_SOURCES = bench/imload.c
bench_imload_LDADD = $(GLIB_LIBS)
# Messages across the XMPP border: make bench/xmppload, then as it says itself
EXTRA_PROGRAMS += bench/xmppload
bench_xmppload_SOURCES = bench/xmppload.c
bench_xmppload_LDADD = $(GLIB_LIBS)
# make bench/messages, then as it says itself
EXTRA_PROGRAMS += bench/messages
bench_messages_SOURCES = bench/messages.c tests/lib/testloop.c \
  tests/lib/testloop.h
bench_messages_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
bench_messages_LDADD = $(STORE_LIBS)

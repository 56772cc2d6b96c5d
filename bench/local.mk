# SPDX-License-Identifier: ISC
# Nothing here is built by default.  The load generator (bench/load.h): make
# bench/load; bench/run builds and uses it.
EXTRA_PROGRAMS += bench/load
bench_load_SOURCES = bench/load.c bench/load.h bench/load-digest.c \
  bench/load-hist.c bench/load-life.c bench/load-list.c bench/load-message.c bench/load-net.c \
  bench/load-open.c bench/load-presence.c bench/load-proc.c \
  bench/load-register.c bench/load-report.c bench/load-run.c \
  bench/load-serve.c bench/load-sip.c bench/load-state.c bench/load-tx.c \
  bench/load-write.c
bench_load_LDADD = $(GLIB_LIBS)
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
# Instructions of an operation against bench/guard.txt; contrib/check calls it.
bench-guard: all bench/load$(EXEEXT)
	ROLLCALL_BIN=$(abs_top_builddir) LOAD=$(abs_top_builddir)/bench/load \
	  $(top_srcdir)/bench/guard $(GUARD_FLAGS)
.PHONY: bench-guard
EXTRA_DIST += bench/run bench/guard bench/guard.txt bench/report.py \
  bench/plot.py bench/lib

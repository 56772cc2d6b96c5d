# SPDX-License-Identifier: ISC
# Not built by default: make bench/sipload
EXTRA_PROGRAMS += bench/sipload
bench_sipload_SOURCES = bench/sipload.c
bench_sipload_LDADD = $(GLIB_LIBS)
# make bench/xcap-edit && bench/xcap-edit
EXTRA_PROGRAMS += bench/xcap-edit
bench_xcap_edit_SOURCES = bench/xcap-edit.c
bench_xcap_edit_LDADD = $(CODEC_LIBS)

# SPDX-License-Identifier: ISC
# Not built by default: make bench/sipload
EXTRA_PROGRAMS += bench/sipload
bench_sipload_SOURCES = bench/sipload.c
bench_sipload_LDADD = $(GLIB_LIBS)

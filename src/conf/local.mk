# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libconf.a
src_libconf_a_SOURCES = src/conf/conf.c src/conf/conf.h src/conf/conf-priv.h \
  src/conf/dump.c src/conf/options.c src/conf/scan.c src/conf/scan.h \
  src/conf/value.c src/conf/value.h

check_PROGRAMS += tests/unit/test-conf
tests_unit_test_conf_SOURCES = tests/unit/test-conf.c
tests_unit_test_conf_LDADD = $(CONF_LIBS)
check_SCRIPTS += tests/check-man-options
EXTRA_DIST += tests/check-man-options contrib/rollcall.conf.sample

# After a change of the option table.
EXTRA_PROGRAMS += src/conf/print-sample
src_conf_print_sample_SOURCES = src/conf/print-sample.c
src_conf_print_sample_LDADD = $(CONF_LIBS)
CLEANFILES = src/conf/print-sample
update-sample: src/conf/print-sample
	src/conf/print-sample > $(top_srcdir)/contrib/rollcall.conf.sample
.PHONY: update-sample

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libctl.a
src_libctl_a_SOURCES = \
  src/ctl/control.c \
  src/ctl/control.h

sbin_PROGRAMS += rollcallctl
rollcallctl_SOURCES = src/ctl/main.c src/ctl/ctl.h src/ctl/db.c \
  src/ctl/user.c src/ctl/pg.c src/ctl/password.c
rollcallctl_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS) \
  -DROLLCALL_SQLSOURCE=\"$(abs_top_srcdir)/sql\"
rollcallctl_LDADD = src/libctl.a $(CONF_LIBS) src/libaddr.a $(BASE_LIBS) \
  $(PQ_LIBS)

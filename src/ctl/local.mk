# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libctl.a
src_libctl_a_SOURCES = \
  src/ctl/control.c \
  src/ctl/control.h \
  src/ctl/csv.c \
  src/ctl/csv.h \
  src/ctl/rooms.c \
  src/ctl/rooms.h \
  src/ctl/send.c \
  src/ctl/send.h \
  src/ctl/why.c \
  src/ctl/why.h \
  src/ctl/wrap.c \
  src/ctl/wrap.h

check_PROGRAMS += tests/unit/test-ctl
tests_unit_test_ctl_SOURCES = tests/unit/test-ctl.c
tests_unit_test_ctl_LDADD = src/libctl.a $(BASE_LIBS)

sbin_PROGRAMS += rollcallctl
rollcallctl_SOURCES = src/ctl/main.c src/ctl/ctl.h src/ctl/db.c \
  src/ctl/user.c src/ctl/user-show.c src/ctl/pg.c src/ctl/print.c src/ctl/password.c \
  src/ctl/settings.c src/ctl/contacts.c src/ctl/contacts.h src/ctl/import.c src/ctl/export.c \
  src/ctl/watchers.c src/ctl/troubleshoot.c src/ctl/messages.c src/ctl/messages.h \
  src/ctl/messages-choice.c src/ctl/message-show.c src/ctl/message.c
rollcallctl_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS) \
  -DROLLCALL_SQLSOURCE=\"$(abs_top_srcdir)/sql\"
rollcallctl_LDADD = src/libctl.a $(CONF_LIBS) src/libaddr.a $(BASE_LIBS) \
  $(PQ_LIBS)

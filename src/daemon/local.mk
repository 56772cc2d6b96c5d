# SPDX-License-Identifier: ISC
sbin_PROGRAMS += rollcalld
rollcalld_SOURCES = src/daemon/main.c src/daemon/app.c src/daemon/app.h \
  src/daemon/detach.c src/daemon/detach.h src/daemon/ready.c \
  src/daemon/ready.h src/daemon/limits.c src/daemon/limits.h \
  src/daemon/process.c src/daemon/process.h src/daemon/vitals.c \
  src/daemon/vitals.h src/daemon/xmpp-link.c src/daemon/xmpp-link.h
rollcalld_CPPFLAGS = $(AM_CPPFLAGS) $(SYSTEMD_CFLAGS)
rollcalld_LDADD = $(MALLOC_LIBS) src/libadmin.a src/libxmpp.a src/libxcap.a src/libhttp.a src/libstore.a $(SIP_LIBS) \
  $(PQ_LIBS) $(MHD_LIBS) $(SYSTEMD_LIBS)

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libservice.a
src_libservice_a_SOURCES = src/service/service.h src/service/service-priv.h \
  src/service/service.c \
  src/service/directory.c \
  src/service/register.c \
  src/service/publish.c \
  src/service/subscribe.c \
  src/service/notify.c \
  src/service/message.c \
  src/service/restore.c \
  src/service/pace.c \
  src/service/packages.c src/service/packages.h \
  src/service/documents.c src/service/documents.h \
  src/service/watchers.c src/service/watchers.h \
  src/port/clock.h src/port/loop.h src/port/store.h src/port/sip_out.h

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libpresence.a
src_libpresence_a_SOURCES = src/presence/model.c src/presence/model.h \
  src/presence/winfo.c src/presence/winfo.h src/presence/presence.c \
  src/presence/presence.h src/presence/compose.c src/presence/row.c \
  src/presence/presence-priv.h

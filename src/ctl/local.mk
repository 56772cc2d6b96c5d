# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libctl.a
src_libctl_a_SOURCES = \
  src/ctl/control.c \
  src/ctl/control.h

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libhttp.a
src_libhttp_a_CPPFLAGS = $(AM_CPPFLAGS) $(MHD_CFLAGS)
src_libhttp_a_SOURCES = \
  src/http/http.c \
  src/http/http.h \
  src/http/http-priv.h \
  src/http/metrics.c \
  src/http/metrics.h \
  src/http/pages.c \
  src/http/request.c \
  src/http/routes.c \
  src/http/routes.h

check_PROGRAMS += tests/unit/test-http
tests_unit_test_http_SOURCES = tests/unit/test-http.c
tests_unit_test_http_CPPFLAGS = $(src_libhttp_a_CPPFLAGS)
tests_unit_test_http_LDADD = src/libhttp.a src/libsip.a $(CONF_LIBS) \
  $(SOFIA_STATIC) $(MHD_LIBS) $(SSL_LIBS) -lpthread

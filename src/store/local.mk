# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libstore.a
src_libstore_a_SOURCES = src/store/store.h src/store/pg.c \
  src/store/connection.c src/store/connection.h \
  src/store/flushes.c src/store/flushes.h \
  src/store/control.c src/store/control.h src/store/lock.h \
  src/store/lane.c src/store/lane.h src/store/lane-priv.h \
  src/store/gather.c src/store/gather.h \
  src/store/lane-send.c src/store/kept.c src/store/kept.h \
  src/store/array.c src/store/array.h src/store/call.c src/store/call.h \
  src/store/sqlstate.c src/store/sqlstate.h src/store/submit.c src/store/submit.h \
  src/store/rows.c src/store/rows.h src/store/rows-tables.c \
  src/store/users.c src/store/users.h \
  src/store/settings.c src/store/settings.h \
  src/store/policies.c src/store/policies.h \
  src/store/pg-documents.c src/store/pg-documents.h \
  src/store/pg-documents-sql.c src/store/lists.c src/store/lists.h \
  src/store/reasons.c src/store/reasons.h \
  src/store/messages-pg.c src/store/messages-pg.h \
  src/store/messages-group.c src/store/messages-group.h \
  src/store/messages-ledger.c src/store/messages-ledger.h \
  src/store/messages-sweep.c src/store/messages-sweep.h \
  src/store/messages-encode.c src/store/messages-encode.h \
  src/store/messages-load.c src/store/messages-load.h \
  src/store/messages-mem.c \
  src/store/messages-sql.c src/store/messages-sql.h \
  src/store/health.c src/store/health.h \
  src/store/load.c src/store/load.h src/store/changes.c src/store/changes.h \
  src/store/mem.c src/store/mem-priv.h src/store/mem-documents.c \
  src/store/mem-contacts.c
src_libstore_a_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS)
EXTRA_DIST += tests/lib/with-postgres

check_PROGRAMS += tests/unit/test-lists
tests_unit_test_lists_SOURCES = tests/unit/test-lists.c
tests_unit_test_lists_CPPFLAGS = $(AM_CPPFLAGS) $(PQ_CFLAGS)
tests_unit_test_lists_LDADD = $(STORE_LIBS)
check_PROGRAMS += tests/unit/test-array
tests_unit_test_array_SOURCES = tests/unit/test-array.c
tests_unit_test_array_LDADD = $(STORE_LIBS)

# The contract: one suite, two stores.  What the real one makes is in three
# programs, since it mostly waits: they run side by side.
check_LIBRARIES = tests/contract/libcontract.a
tests_contract_libcontract_a_SOURCES = tests/contract/contract.c \
  tests/contract/rig.c tests/contract/rig.h \
  tests/contract/documents.c tests/contract/documents.h \
  tests/contract/messages.c tests/contract/messages.h \
  tests/contract/permanent.c \
  tests/contract/pg.c tests/contract/pg.h tests/contract/fault.c \
  tests/contract/follow.c tests/contract/gather.c tests/contract/policies.c \
  tests/contract/documents-pg.c \
  tests/contract/messages-pg.c \
  tests/lib/testloop.c tests/lib/testloop.h
tests_contract_libcontract_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
  $(PQ_CFLAGS)
contract_libs = tests/contract/libcontract.a $(STORE_LIBS)
check_PROGRAMS += tests/contract/test-store-mem
tests_contract_test_store_mem_SOURCES = tests/contract/test-store-mem.c
tests_contract_test_store_mem_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_contract_test_store_mem_LDADD = $(contract_libs)
tests_contract_test_store_pg_SOURCES = tests/contract/test-store-pg.c
tests_contract_test_store_pg_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
  $(PQ_CFLAGS)
tests_contract_test_store_pg_LDADD = $(contract_libs)
tests_contract_test_documents_pg_SOURCES = tests/contract/test-documents-pg.c
tests_contract_test_documents_pg_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
  $(PQ_CFLAGS)
tests_contract_test_documents_pg_LDADD = $(contract_libs)
tests_contract_test_messages_pg_SOURCES = tests/contract/test-messages-pg.c
tests_contract_test_messages_pg_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir) \
  $(PQ_CFLAGS)
tests_contract_test_messages_pg_LDADD = $(contract_libs)

# SPDX-License-Identifier: ISC
noinst_LIBRARIES += src/libcodec.a
src_libcodec_a_SOURCES = src/codec/inflate.c src/codec/inflate.h \
  src/codec/xml.c src/codec/xml-check.c \
  src/codec/xml-scan.c src/codec/xml-write.c \
  src/codec/xml-text.h src/codec/xml-priv.h src/codec/pidf.c src/codec/pidf-write.c \
  src/codec/pidf-filter.c src/codec/pidf-filter.h \
  src/codec/pres-lists.c src/codec/pres-rules.c src/codec/pres-rules.h \
  src/codec/dialoginfo.c src/codec/dialoginfo.h \
  src/codec/reginfo.c src/codec/reginfo.h \
  src/codec/xmpp-pidf.c src/codec/xmpp-pidf.h \
  src/codec/pidf.h src/codec/winfo.c src/codec/winfo.h \
  src/codec/xcap-contacts.c \
  src/codec/xcap-contacts.h \
  src/codec/xcap-diff.c \
  src/codec/xcap-diff.h \
  src/codec/xcap-edit-priv.h \
  src/codec/xcap-edit.c \
  src/codec/xcap-edit.h \
  src/codec/xcap-error.c \
  src/codec/xcap-error.h \
  src/codec/xcap-path-priv.h \
  src/codec/xcap-path.c \
  src/codec/xcap-path.h \
  src/codec/xcap-put.c \
  src/codec/xcap-rules.c \
  src/codec/xcap-schema-priv.h \
  src/codec/xcap-schema.c \
  src/codec/xcap-schemas.c \
  src/codec/xcap-select.c \
  src/codec/xcap-selector.c \
  src/codec/xcap-settings.c \
  src/codec/xcap-settings.h \
  src/codec/xcap-tree-priv.h \
  src/codec/xcap-tree.c \
  src/codec/xcap-usages.c \
  src/codec/xcap-usages.h
src_libcodec_a_SOURCES += src/codec/mime.c src/codec/mime.h \
  src/codec/multipart.c src/codec/cpim.c src/codec/cpim.h \
  src/codec/imdn.c src/codec/imdn-xml.c src/codec/imdn.h \
  src/codec/conference-info.c src/codec/conference-info.h \
  src/codec/composing.c src/codec/composing.h \
  src/codec/content.c src/codec/content.h \
  src/codec/recipients.c src/codec/recipients.h src/codec/list-message.c \
  src/codec/rlmi.c src/codec/rlmi.h src/codec/rls.c src/codec/rls.h
src_libcodec_a_SOURCES += src/codec/filter.c src/codec/filter.h \
  src/codec/filter-merge.c src/codec/filter-priv.h \
  src/codec/filter-trigger.c src/codec/filter-what.c
src_libcodec_a_SOURCES += src/codec/pidf-diff.c src/codec/pidf-diff.h \
  src/codec/xml-patch.c src/codec/xml-patch.h src/codec/xml-path.c \
  src/codec/xml-path.h src/codec/xml-path-parse.c src/codec/xml-path-priv.h
src_libcodec_a_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)

check_PROGRAMS += tests/unit/test-codec tests/unit/test-winfo \
  tests/fuzz/fuzz-pidf
tests_unit_test_codec_SOURCES = tests/unit/test-codec.c
tests_unit_test_codec_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
tests_unit_test_codec_LDADD = $(CODEC_LIBS)
tests_unit_test_winfo_SOURCES = tests/unit/test-winfo.c
tests_unit_test_winfo_LDADD = $(CODEC_LIBS)
tests_fuzz_fuzz_pidf_SOURCES = tests/fuzz/fuzz-pidf.c tests/fuzz/seeds.c \
  tests/fuzz/seeds.h
tests_fuzz_fuzz_pidf_LDADD = $(CODEC_LIBS)
EXTRA_DIST += tests/fuzz/seeds/pidf-baresip.xml \
  tests/fuzz/seeds/pidf-doctype.xml tests/fuzz/seeds/pidf-libpurple.xml \
  tests/fuzz/seeds/pidf-linphone.xml tests/fuzz/seeds/pidf-prefixed.xml \
  tests/fuzz/seeds/pidf-rpid.xml tests/fuzz/seeds/pidf-twinkle.xml

check_PROGRAMS += tests/fuzz/fuzz-shape
tests_fuzz_fuzz_shape_SOURCES = tests/fuzz/fuzz-shape.c tests/fuzz/seeds.c \
  tests/fuzz/seeds.h
tests_fuzz_fuzz_shape_LDADD = $(CODEC_LIBS)
EXTRA_DIST += tests/fuzz/seeds/shape-diff.xml \
  tests/fuzz/seeds/shape-filter.xml tests/fuzz/seeds/shape-full.xml \
  tests/fuzz/seeds/shape-trigger.xml
check_PROGRAMS += tests/unit/test-filter
tests_unit_test_filter_SOURCES = tests/unit/test-filter.c
tests_unit_test_filter_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-pidf-diff
tests_unit_test_pidf_diff_SOURCES = tests/unit/test-pidf-diff.c
tests_unit_test_pidf_diff_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
tests_unit_test_pidf_diff_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-xcap-path
tests_unit_test_xcap_path_SOURCES = tests/unit/test-xcap-path.c
tests_unit_test_xcap_path_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-xcap-edit
tests_unit_test_xcap_edit_SOURCES = tests/unit/test-xcap-edit.c
tests_unit_test_xcap_edit_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-xcap-contacts
tests_unit_test_xcap_contacts_SOURCES = tests/unit/test-xcap-contacts.c
tests_unit_test_xcap_contacts_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-xcap-usages
tests_unit_test_xcap_usages_SOURCES = tests/unit/test-xcap-usages.c
tests_unit_test_xcap_usages_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-xcap-diff
tests_unit_test_xcap_diff_SOURCES = tests/unit/test-xcap-diff.c
tests_unit_test_xcap_diff_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/fuzz/fuzz-xcap
tests_fuzz_fuzz_xcap_SOURCES = tests/fuzz/fuzz-xcap.c
tests_fuzz_fuzz_xcap_LDADD = $(CODEC_LIBS)
EXTRA_DIST += tests/fuzz/seeds/xcap-attribute-new.txt \
  tests/fuzz/seeds/xcap-attribute.txt \
  tests/fuzz/seeds/xcap-document.txt \
  tests/fuzz/seeds/xcap-insert-empty.txt \
  tests/fuzz/seeds/xcap-insert-position.txt \
  tests/fuzz/seeds/xcap-insert.txt \
  tests/fuzz/seeds/xcap-namespaces.txt \
  tests/fuzz/seeds/xcap-presence.txt \
  tests/fuzz/seeds/xcap-replace.txt \
  tests/fuzz/seeds/xcap-rules.txt
check_PROGRAMS += tests/unit/test-pres-rules
tests_unit_test_pres_rules_SOURCES = tests/unit/test-pres-rules.c
tests_unit_test_pres_rules_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/fuzz/fuzz-pres-rules
tests_fuzz_fuzz_pres_rules_SOURCES = tests/fuzz/fuzz-pres-rules.c \
  tests/fuzz/seeds.c tests/fuzz/seeds.h
tests_fuzz_fuzz_pres_rules_LDADD = $(CODEC_LIBS)
EXTRA_DIST += tests/fuzz/seeds/pres-rules-example.xml \
  tests/fuzz/seeds/pres-rules-lists.xml \
  tests/fuzz/seeds/pres-rules-oma.xml \
  tests/fuzz/seeds/pres-rules-validity.xml

check_PROGRAMS += tests/unit/test-mime tests/unit/test-cpim \
  tests/unit/test-imdn tests/unit/test-recipients tests/fuzz/fuzz-im
check_PROGRAMS += tests/unit/test-content
tests_unit_test_content_SOURCES = tests/unit/test-content.c
tests_unit_test_content_LDADD = $(CODEC_LIBS)
tests_unit_test_mime_SOURCES = tests/unit/test-mime.c
tests_unit_test_mime_LDADD = $(CODEC_LIBS)
tests_unit_test_cpim_SOURCES = tests/unit/test-cpim.c
tests_unit_test_cpim_LDADD = $(CODEC_LIBS)
tests_unit_test_imdn_SOURCES = tests/unit/test-imdn.c
tests_unit_test_imdn_LDADD = $(CODEC_LIBS)
tests_unit_test_recipients_SOURCES = tests/unit/test-recipients.c
tests_unit_test_recipients_LDADD = $(CODEC_LIBS)
tests_fuzz_fuzz_im_SOURCES = tests/fuzz/fuzz-im.c tests/fuzz/seeds.c \
  tests/fuzz/seeds.h
tests_fuzz_fuzz_im_LDADD = $(CODEC_LIBS)
EXTRA_DIST += tests/fuzz/seeds/im-composing.txt \
  tests/fuzz/seeds/im-cpim.txt \
  tests/fuzz/seeds/im-imdn-document.txt \
  tests/fuzz/seeds/im-imdn-many.txt \
  tests/fuzz/seeds/im-imdn.txt \
  tests/fuzz/seeds/im-list-encoded.txt \
  tests/fuzz/seeds/im-list.txt \
  tests/fuzz/seeds/im-text.txt
check_PROGRAMS += tests/unit/test-rpid
tests_unit_test_rpid_SOURCES = tests/unit/test-rpid.c \
  tests/unit/presence-world.h
tests_unit_test_rpid_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS) -I$(top_srcdir)
tests_unit_test_rpid_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-event-documents
tests_unit_test_event_documents_SOURCES = tests/unit/test-event-documents.c
tests_unit_test_event_documents_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/fuzz/fuzz-dialoginfo
tests_fuzz_fuzz_dialoginfo_SOURCES = tests/fuzz/fuzz-dialoginfo.c \
  tests/fuzz/seeds.c tests/fuzz/seeds.h
tests_fuzz_fuzz_dialoginfo_LDADD = $(CODEC_LIBS)
EXTRA_DIST += tests/fuzz/seeds/dialoginfo-prefixed.xml \
  tests/fuzz/seeds/dialoginfo-sample.xml

check_PROGRAMS += tests/unit/test-inflate
tests_unit_test_inflate_SOURCES = tests/unit/test-inflate.c
tests_unit_test_inflate_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-rlmi tests/unit/test-rls
tests_unit_test_rlmi_SOURCES = tests/unit/test-rlmi.c
tests_unit_test_rlmi_LDADD = $(CODEC_LIBS)
tests_unit_test_rls_SOURCES = tests/unit/test-rls.c
tests_unit_test_rls_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-conference-info
tests_unit_test_conference_info_SOURCES = tests/unit/test-conference-info.c
tests_unit_test_conference_info_CPPFLAGS = $(AM_CPPFLAGS) $(XML_CFLAGS)
tests_unit_test_conference_info_LDADD = $(CODEC_LIBS)
check_PROGRAMS += tests/unit/test-xmpp-pidf
tests_unit_test_xmpp_pidf_SOURCES = tests/unit/test-xmpp-pidf.c
tests_unit_test_xmpp_pidf_LDADD = $(CODEC_LIBS)

# SPDX-License-Identifier: ISC
dist_man5_MANS += man/rollcall.conf.5
dist_man8_MANS += man/rollcalld.8

# SPDX-License-Identifier: ISC
dist_man5_MANS += man/rollcall.conf.5
dist_man8_MANS += man/rollcalld.8
dist_man8_MANS += man/rollcallctl.8
dist_man7_MANS += man/rollcall-sql.7

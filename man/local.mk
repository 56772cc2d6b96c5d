# SPDX-License-Identifier: ISC
dist_man5_MANS += man/rollcall.conf.5

#!/bin/sh
# SPDX-License-Identifier: ISC
# Makes ./configure from a checkout.
cd "$(dirname "$0")" && exec autoreconf --install --force --warnings=none

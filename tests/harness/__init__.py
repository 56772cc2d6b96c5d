# SPDX-License-Identifier: ISC
"""What the tests of the whole server stand on: a SIP user agent, a private
PostgreSQL, the real rollcalld.  It knows the protocols, not the server's
insides; what it finds out, it finds out as a client or through psql."""

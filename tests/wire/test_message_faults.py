# SPDX-License-Identifier: ISC
"""One short round of tests/soak/test_messages.py: each fault once, in the
middle of storing and of delivering."""
import random

import pytest

from harness.mailstorm import Storm


@pytest.mark.watchdog(120)
@pytest.mark.options(sip={'trusted_peers': '127.0.0.1'},
                     message={'timeout': '2s', 'locked_timeout': '1s',
                              'retry': '1s'})
@pytest.mark.parametrize('fault', ['kill', 'crash', 'terminate'])
def test_none_is_lost_and_none_comes_twice(server, postgres, fault):
    storm = Storm(server, postgres, random.Random(fault))
    storm.round(fault)
    storm.round(fault)

# SPDX-License-Identifier: ISC
"""Digest credentials as a phone computes them: RFC 2617, RFC 7616, RFC 8760."""
import hashlib
import re

from .message import token

HASHES = {'MD5': hashlib.md5, 'SHA-256': hashlib.sha256}


def fields(challenge):
    found = re.findall(r'(\w+)\s*=\s*("(?:\\.|[^"\\])*"|[^\s,]+)', challenge)
    return {name.lower(): value.strip('"') for name, value in found}


def choose(challenges, algorithms):
    """The first challenge with an algorithm that this client knows."""
    for challenge in challenges:
        offer = fields(challenge)
        if offer.get('algorithm', 'MD5').upper() in algorithms:
            return offer
    raise AssertionError(f'no usable challenge among {challenges}')


def credentials(offer, method, uri, user, password, nc=1, has_qop=True):
    """The value of an Authorization header that answers the challenge."""
    algorithm = offer.get('algorithm', 'MD5').upper()

    def digest(text):
        return HASHES[algorithm](text.encode()).hexdigest()

    ha1 = digest(f'{user}:{offer["realm"]}:{password}')
    ha2 = digest(f'{method}:{uri}')
    parts = [f'username="{user}"', f'realm="{offer["realm"]}"',
             f'nonce="{offer["nonce"]}"', f'uri="{uri}"',
             f'algorithm={algorithm}']
    if has_qop and 'qop' in offer:
        count, cnonce = f'{nc:08x}', token(16)
        answer = digest(f'{ha1}:{offer["nonce"]}:{count}:{cnonce}:auth:{ha2}')
        parts += ['qop=auth', f'nc={count}', f'cnonce="{cnonce}"']
    else:
        answer = digest(f'{ha1}:{offer["nonce"]}:{ha2}')
    parts.append(f'response="{answer}"')
    if 'opaque' in offer:
        parts.append(f'opaque="{offer["opaque"]}"')
    return 'Digest ' + ', '.join(parts)

# SPDX-License-Identifier: ISC
"""A user's presence rules and lists (RFC 5025, RFC 4826), put where the server
keeps documents, and the server told that something of his changed."""
import re

PLACES = {'pres-rules': 'index',
          'org.openmobilealliance.pres-rules': 'pres-rules',
          'resource-lists': 'index'}

SERVICES = '<pr:provide-services><pr:all-services/></pr:provide-services>'
PERSONS = '<pr:provide-persons><pr:all-persons/></pr:provide-persons>'
ALL = (SERVICES + PERSONS + '<pr:provide-devices><pr:all-devices/>'
       '</pr:provide-devices><pr:provide-all-attributes/>')


def one(*aors):
    return ('<identity>' + ''.join(f'<one id="sip:{a}"/>' for a in aors)
            + '</identity>')


def rule(name, handling, conditions='', shown=''):
    return (f'<rule id="{name}"><conditions>{conditions}</conditions><actions>'
            f'<pr:sub-handling>{handling}</pr:sub-handling></actions>'
            f'<transformations>{shown}</transformations></rule>')


def ruleset(*rules):
    return ('<ruleset xmlns="urn:ietf:params:xml:ns:common-policy" '
            'xmlns:pr="urn:ietf:params:xml:ns:pres-rules" '
            'xmlns:ocp="urn:oma:xml:xdm:common-policy">'
            + ''.join(rules) + '</ruleset>')


def blocked(*uris):
    return ('<resource-lists xmlns="urn:ietf:params:xml:ns:resource-lists">'
            '<list name="oma_blockedcontacts">'
            + ''.join(f'<entry uri="{uri}"/>' for uri in uris)
            + '</list></resource-lists>')


def put(server, document, auid='pres-rules', owner='alice@example.com'):
    """As the server writes them; the row of `watchers`, which concerns nobody,
    is what it hears of."""
    text = re.sub("'", "''", document)
    server.psql(
        "SET rollcall.origin = 'daemon'; INSERT INTO rollcall.xcap_documents "
        f"(auid, owner, filename, etag, body) VALUES ('{auid}', '{owner}', "
        f"'{PLACES[auid]}', gen_random_uuid()::text, convert_to('{text}', "
        "'UTF8')) ON CONFLICT (auid, owner, filename) DO UPDATE SET body = "
        'excluded.body, etag = excluded.etag; RESET rollcall.origin; '
        'INSERT INTO rollcall.watchers (presentity, watcher, decision) VALUES '
        f"('{owner}', '@nobody.invalid', 'block') ON CONFLICT (presentity, "
        "watcher) DO UPDATE SET since = now()")

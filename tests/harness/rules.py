# SPDX-License-Identifier: ISC
"""A user's presence rules and lists (RFC 5025, RFC 4826), put by XCAP as a phone
does it."""
import subprocess

RULES_TYPE = 'application/auth-policy+xml'
USAGES = {'pres-rules': ('index', RULES_TYPE),
          'org.openmobilealliance.pres-rules': ('pres-rules', RULES_TYPE),
          'resource-lists': ('index', 'application/resource-lists+xml')}

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


def put(server, document, auid='pres-rules', user='alice',
        password='secret'):
    name, kind = USAGES[auid]
    url = (f'http://127.0.0.1:{server.http_port}/xcap-root/{auid}/users/'
           f'sip:{user}@{server.domain}/{name}')
    done = subprocess.run(
        ['curl', '-sS', '-g', '--digest', '-u', f'{user}:{password}', '-X',
         'PUT', '-H', f'Content-Type: {kind}', '--data-binary', '@-', '-o',
         '-', '-w', '\\n%{http_code}', url], input=document, text=True,
        capture_output=True, timeout=20, check=False)
    body, _, status = done.stdout.rpartition('\n')
    assert status in ('200', '201'), f'{status}: {body}{done.stderr}'

# SPDX-License-Identifier: ISC
"""The XCAP server with curl: verbs, digest, conditions, errors (RFC 4825), and
what its usages must hold (RFC 4826, 4827, 5025)."""
import concurrent.futures
import itertools
import xml.etree.ElementTree as ET

import pytest

from harness import wait
from harness.digest import credentials, fields
from harness.pidf import document
from harness.xcap import (ATTRIBUTE_TYPE, ELEMENT_TYPE, LISTS_NS, LISTS_TYPE,
                          RLS_TYPE, RULES_TYPE, SETTINGS_TYPE, Xcap, lists)

INDEX = 'resource-lists/users/sip:alice@example.com/index'
CAPS = 'xcap-caps/global/index'
RULES = ('<ruleset xmlns="urn:ietf:params:xml:ns:common-policy"'
         ' xmlns:pr="urn:ietf:params:xml:ns:pres-rules">{}</ruleset>')
RULE = ('<rule id="{id}"><conditions><identity><one id="{who}"/></identity>'
        '</conditions><actions><pr:sub-handling>{what}</pr:sub-handling>'
        '</actions><transformations><pr:provide-services>'
        '<pr:all-services/></pr:provide-services><pr:provide-persons>'
        '<pr:all-persons/></pr:provide-persons><pr:provide-devices>'
        '<pr:all-devices/></pr:provide-devices></transformations></rule>')
SETTINGS = '<settings xmlns="http://rollcall.org/ns/settings">{}</settings>'


def service(uri, inside='<list/>'):
    return (f'<service uri="{uri}">{inside}<packages><package>presence'
            '</package></packages></service>')


def services(*inside):
    return ('<rls-services xmlns="urn:ietf:params:xml:ns:rls-services"'
            f' xmlns:rl="{LISTS_NS}">{"".join(inside)}</rls-services>')


@pytest.fixture
def alice_x(server):
    return Xcap(server, 'alice')


@pytest.fixture
def bob_x(server):
    return Xcap(server, 'bob')


# What the server offers.

def test_a_client_reads_the_capabilities_first(alice_x):
    caps = alice_x.get(CAPS)
    assert caps.header('Content-Type') == 'application/xcap-caps+xml'
    ns = '{urn:ietf:params:xml:ns:xcap-caps}'
    found = {e.text for e in ET.fromstring(caps.body).iter(ns + 'auid')}
    assert found == {'xcap-caps', 'resource-lists', 'rls-services',
                     'pres-rules', 'org.openmobilealliance.pres-rules',
                     'pidf-manipulation', 'org.rollcall.settings'}
    again = alice_x.get(CAPS, 304, headers=[('If-None-Match', caps.etag)])
    assert again.etag == caps.etag and again.body == b''
    alice_x.expect(403, 'PUT', CAPS, caps.body, 'application/xcap-caps+xml')


USAGES = {
    'rls-services': (RLS_TYPE, services(service('sip:friends@example.com'))),
    'pres-rules': (RULES_TYPE, RULES.format(RULE.format(
        id='a', who='sip:bob@example.com', what='allow'))),
    'org.openmobilealliance.pres-rules': (RULES_TYPE, RULES.format('')),
    'pidf-manipulation': (
        'application/pidf+xml', document('sip:alice@example.com', 'open')),
}


@pytest.mark.parametrize('usage', USAGES)
def test_a_document_from_its_creation_to_its_end(alice_x, usage):
    kind, body = USAGES[usage]
    path = alice_x.path(usage)
    alice_x.get(path, 404)
    created = alice_x.put(path, body, kind, 201)
    assert created.body == b'' and created.etag
    got = alice_x.get(path)
    assert got.header('Content-Type') == kind
    assert got.etag == created.etag
    assert got.header('Cache-Control') == 'no-cache'
    replaced = alice_x.put(path, body, kind, 200)
    assert replaced.body == b'' and replaced.etag
    alice_x.expect(415, 'PUT', path, body, 'text/plain')
    assert alice_x.delete(path).etag is None
    alice_x.delete(path, 404)
    alice_x.get(path, 404)


def test_the_settings_of_a_user_are_always_there(alice_x):
    path = alice_x.path('org.rollcall.settings')
    first = alice_x.get(path)
    assert first.header('Content-Type') == SETTINGS_TYPE
    assert 'share-availability' not in first.text
    body = SETTINGS.format('<share-availability>true</share-availability>')
    put = alice_x.put(path, body, SETTINGS_TYPE, 200)
    got = alice_x.get(path)
    assert '<share-availability>true</share-availability>' in got.text
    assert got.etag == put.etag != first.etag
    answer = alice_x.put(alice_x.path('org.rollcall.settings', 'other'), body,
                         SETTINGS_TYPE, 409)
    assert answer.reason == 'constraint-failure'
    alice_x.delete(path)
    assert 'share-availability' not in alice_x.get(path).text


def test_what_is_stored_comes_back_byte_by_byte(alice_x):
    body = ('<?xml version="1.0" encoding="UTF-8"?>\r\n<!-- ours -->\n'
            f"<ruleset xmlns='urn:ietf:params:xml:ns:common-policy' >\n"
            '\t<rule id="a&#65;" ><conditions /></rule>\n'
            '</ruleset ><?last?>\n')
    path = alice_x.path('pres-rules')
    alice_x.put(path, body, RULES_TYPE)
    assert alice_x.get(path).text == body


def test_verbs_that_a_resource_has(alice_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    answer = alice_x.expect(200, 'OPTIONS', INDEX)
    assert answer.header('Allow') == 'GET, HEAD, PUT, DELETE, OPTIONS'
    alice_x.expect(405, 'POST', INDEX, 'x', LISTS_TYPE)
    namespaces = alice_x.path('resource-lists', node='resource-lists/'
                              'namespace::*')
    answer = alice_x.expect(405, 'PUT', namespaces, 'x',
                            'application/xcap-ns+xml')
    assert answer.header('Allow') == 'GET, HEAD, OPTIONS'
    head = alice_x.expect(200, 'HEAD', INDEX)
    got = alice_x.get(INDEX)
    assert head.etag == got.etag
    assert head.header('Content-Length') == str(len(got.body))


def test_collections_are_no_resources(alice_x):
    for path in ('', 'resource-lists/', 'resource-lists/users/',
                 'resource-lists/users/sip:alice@example.com/',
                 'resource-lists/global/', 'nowhere/global/index',
                 'resource-lists/elsewhere/index'):
        alice_x.get(path, 404)
        alice_x.expect(404, 'PUT', path, lists(), LISTS_TYPE)


# RFC 4825 section 13, with Alice in Bill's place.

def test_the_examples_of_rfc_4825(alice_x):
    alice_x.put(INDEX, '<?xml version="1.0" encoding="UTF-8"?>\n'
                f'<resource-lists xmlns="{LISTS_NS}">\n'
                '  <list name="friends">\n  </list>\n</resource-lists>',
                LISTS_TYPE)
    root = alice_x.root.replace('127.0.0.1', 'xcap.example.com')
    alice_x.put(alice_x.path('rls-services'), services(service(
        'sip:myfriends@example.com',
        f'<resource-list>{root}{INDEX}/~~/resource-lists/'
        'list%5b@name=%22friends%22%5d\n</resource-list>')), RLS_TYPE)
    friends = INDEX + '/~~/resource-lists/list%5b@name=%22friends%22%5d'
    alice_x.put(friends + '/entry', '<entry uri="sip:bob@example.com">\n'
                '    <display-name>Bob Jones</display-name>\n  </entry>',
                ELEMENT_TYPE)
    assert alice_x.get(INDEX).text == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<resource-lists xmlns="{LISTS_NS}">\n  <list name="friends">\n'
        '  <entry uri="sip:bob@example.com">\n'
        '    <display-name>Bob Jones</display-name>\n  </entry></list>\n'
        '</resource-lists>')
    alice_x.put(
        friends + '/list%5b@name=%22close-friends%22%5d',
        '<list name="close-friends">\n' + ''.join(
            f'  <entry uri="sip:{w}@example.net"/>\n'
            for w in ('joe', 'nancy', 'petri')) + '</list>', ELEMENT_TYPE)
    alice_x.delete(INDEX + '/~~/resource-lists/list/list/'
                   'entry%5b@uri=%22sip:petri@example.net%22%5d')
    uri = alice_x.get(INDEX + '/~~/resource-lists/list/list/entry%5b2%5d/@uri')
    assert uri.header('Content-Type') == ATTRIBUTE_TYPE
    assert uri.text == '"sip:nancy@example.net"'


def test_the_lists_of_rfc_4826(alice_x):
    """3.2, with all kinds of entries, and elements that we do not know."""
    body = f'''<?xml version="1.0" encoding="UTF-8"?>
<resource-lists xmlns="{LISTS_NS}"
 xmlns:x="urn:x-unknown">
 <list name="friends">
  <entry uri="sip:bill@example.net">
   <display-name>Bill Doe</display-name>
  </entry>
  <entry-ref
   ref="resource-lists/users/sip:bill@example.com/index/~~/
resource-lists/list%5b@name=%22list1%22%5d/entry%5b@uri=%22sip:p@ex.com%22%5d"/>
  <list name="close-friends">
   <display-name>Close Friends</display-name>
   <entry uri="sip:joe@example.net">
    <display-name>Joe Smith</display-name>
    <x:birthday x:year="1970">1 April</x:birthday>
   </entry>
   <entry uri="sip:nancy@example.net"/>
   <external anchor="http://www.example.org/xcap/resource-lists/users/\
sip:a@example.org/index/~~/resource-lists/list%5b@name=%22mkting%22%5d">
    <display-name>Marketing</display-name>
   </external>
  </list>
 </list>
</resource-lists>'''.replace('~~/\nresource', '~~/resource')
    alice_x.put(INDEX, body, LISTS_TYPE)
    got = alice_x.get(INDEX)
    assert got.text == body
    assert got.entries() == ['sip:bill@example.net', 'sip:joe@example.net',
                             'sip:nancy@example.net']
    node = ('resource-lists/list[1]/list[@name="close-friends"]/'
            'entry[@uri="sip:joe@example.net"]/x:birthday/@x:year')
    path = alice_x.path('resource-lists', node=node)
    alice_x.get(path, 400)
    year = alice_x.get(path + '?xmlns(x=urn:x-unknown)')
    assert year.text == '"1970"'
    bindings = alice_x.get(alice_x.path(
        'resource-lists', node='*/list/namespace::*'))
    assert bindings.header('Content-Type') == 'application/xcap-ns+xml'
    assert f'xmlns="{LISTS_NS}"' in bindings.text
    assert 'xmlns:x="urn:x-unknown"' in bindings.text


# Section 11: each error and its document.

FRIENDS = 'resource-lists/list[@name="friends"]'
CONFLICTS = {
    'not-well-formed': (None, LISTS_TYPE, '<resource-lists>'),
    'not-xml-frag': (f'{FRIENDS}/entry', ELEMENT_TYPE,
                     '<entry uri="sip:x@e.com"/><entry uri="sip:y@e.com"/>'),
    'not-utf-8': (None, LISTS_TYPE, b'<a>\xff\xfe</a>'),
    'not-xml-att-value': (f'{FRIENDS}/@name', ATTRIBUTE_TYPE, 'unquoted'),
    'no-parent': (f'{FRIENDS}/list[@name="x"]/entry', ELEMENT_TYPE,
                  '<entry uri="sip:x@e.com"/>'),
    'cannot-insert': (f'{FRIENDS}/entry[@uri="sip:x@e.com"]', ELEMENT_TYPE,
                      '<entry uri="sip:y@e.com"/>'),
    'schema-validation-error': (f'{FRIENDS}/unknown', ELEMENT_TYPE,
                                '<unknown/>'),
    'uniqueness-failure': (
        None, LISTS_TYPE, lists('sip:x@e.com', 'sip:x@e.com')),
    'constraint-failure': (f'{FRIENDS}/external', ELEMENT_TYPE,
                           '<external anchor="relative"/>'),
}


@pytest.mark.parametrize('reason', CONFLICTS)
def test_each_conflict_has_its_document(alice_x, reason):
    node, kind, body = CONFLICTS[reason]
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    before = alice_x.get(INDEX)
    answer = alice_x.put(alice_x.path('resource-lists', node=node), body, kind,
                         409)
    assert answer.reason == reason
    if reason == 'no-parent':
        assert answer.error[0].text.startswith(alice_x.root + INDEX + '/~~/')
        alice_x.get(answer.error[0].text.removeprefix(alice_x.root))
    if reason == 'uniqueness-failure':
        assert answer.error[0].get('field').startswith('resource-lists/list')
    after = alice_x.get(INDEX)
    assert (after.body, after.etag) == (before.body, before.etag)


def test_a_deletion_that_would_not_be_idempotent(alice_x):
    alice_x.put(INDEX, lists('sip:x@e.com', 'sip:y@e.com'), LISTS_TYPE)
    node = alice_x.path('resource-lists', node=f'{FRIENDS}/entry[1]')
    assert alice_x.delete(node, 409).reason == 'cannot-delete'


# Conditional requests.

def test_conditions_keep_two_clients_apart(alice_x):
    created = alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE,
                          headers=[('If-None-Match', '*')])
    alice_x.put(INDEX, lists(), LISTS_TYPE, 412,
                headers=[('If-None-Match', '*')])
    mine = [('If-Match', f'"other", {created.etag}')]
    entry = alice_x.entry('sip:carol@example.com')
    changed = alice_x.put(entry, '<entry uri="sip:carol@example.com"/>',
                          ELEMENT_TYPE, headers=mine)
    assert changed.etag != created.etag
    alice_x.delete(entry, 412, headers=mine)
    alice_x.delete(entry, 412,
                   headers=[('If-Match', f'W/{changed.etag}')])
    alice_x.get(entry, 304, headers=[('If-None-Match', f'W/{changed.etag}')])
    alice_x.get(entry, 200, headers=[('If-None-Match', created.etag)])
    gone = alice_x.delete(entry, headers=[('If-Match', changed.etag)])
    assert gone.etag == alice_x.get(INDEX).etag
    alice_x.get(INDEX, 400, headers=[('If-Match', '"unclosed')])


def test_psql_changes_what_a_client_knows(server, alice_x):
    etag = alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE).etag
    server.psql("INSERT INTO rollcall.contacts (owner, uri, group_name) VALUES "
                "('alice@example.com', 'sip:carol@example.com', 'friends')")
    entry = alice_x.entry('sip:bob@example.com')
    alice_x.delete(entry, 412, headers=[('If-Match', etag)])
    got = alice_x.get(INDEX)
    assert got.etag != etag
    alice_x.delete(entry, headers=[('If-Match', got.etag)])
    assert alice_x.get(INDEX).entries() == ['sip:carol@example.com']


# Digest.

def test_strangers_are_asked_who_they_are(server):
    nobody = Xcap(server, 'alice')
    nobody.options = []
    for path in (INDEX, CAPS, nobody.path('pres-rules'),
                 'resource-lists/users/sip:nobody@example.com/index'):
        answer = nobody.get(path, 401)
        challenge = answer.header('WWW-Authenticate')
        assert challenge.startswith('Digest realm="example.com", nonce="')
        assert 'algorithm=MD5' in challenge and 'SHA-256' not in challenge


def test_only_the_right_password_of_a_user_who_may(server, alice_x):
    answers = [Xcap(server, 'alice', 'wrong').get(INDEX, 401),
               Xcap(server, 'nobody').get(INDEX, 401)]
    alice_x.get(CAPS)
    server.psql("UPDATE rollcall.users SET enabled = false "
                "WHERE aor = 'alice@example.com'")
    wait.until(lambda: alice_x.ask('GET', CAPS).status == 401,
               'who is disabled is not known')
    answers.append(alice_x.get(INDEX, 401))
    assert len({a.body for a in answers}) == 1
    assert server.metric('xcap_digest_wrong_total') >= 3


def test_others_documents_are_not_for_me(alice_x, bob_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    bob_x.get(INDEX, 403)
    bob_x.delete(INDEX, 403)
    bob_x.expect(403, 'PUT', INDEX, lists(), LISTS_TYPE)
    bob_x.expect(403, 'PUT', 'resource-lists/global/index', lists(), LISTS_TYPE)
    bob_x.get('rls-services/global/index', 403)
    bob_x.get('resource-lists/users/sip:nobody@example.com/index', 404)
    assert alice_x.get(INDEX).entries() == ['sip:bob@example.com']


@pytest.mark.options(auth={'algorithms': 'sha256'})
def test_digest_with_sha_256(alice_x):
    answer = alice_x.get(CAPS)
    assert answer.statuses == [401, 200]


@pytest.mark.options(auth={'algorithms': 'md5;sha256'})
def test_digest_with_two_challenges(server):
    nobody = Xcap(server, 'alice')
    nobody.options = []
    assert len(nobody.get(CAPS, 401).headers['www-authenticate']) == 2
    Xcap(server, 'alice').get(CAPS)


@pytest.mark.options(auth={'nonce_lifetime': '2s'})
def test_many_requests_with_one_challenge_until_it_is_old(server):
    client = Xcap(server, 'alice')
    client.options = []
    challenge = client.get(CAPS, 401).header('WWW-Authenticate')

    def ask(count):
        answer = credentials(fields(challenge), 'GET', f'/xcap-root/{CAPS}',
                             'alice', 'secret', count)
        return client.ask('GET', CAPS, headers=[('Authorization', answer)])
    counts = itertools.count(10)
    assert [ask(n).status for n in (1, 2, 4, 3)] == [200] * 4
    again = ask(3)
    assert again.status == 401
    assert 'stale=true' in again.header('WWW-Authenticate')
    old = wait.until(lambda: (a := ask(next(counts))).status == 401 and a,
                     'the nonce is old')
    assert 'stale=true' in old.header('WWW-Authenticate')


def test_the_spelling_of_a_user(alice_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    for xui in ('sip%3Aalice%40example.com', 'SIP:Alice@Example.COM',
                'alice@example.com', '%61lice@example.com'):
        alice_x.get(f'resource-lists/users/{xui}/index')


@pytest.mark.options(xcap={'failed_logins': '3'})
def test_guessing_passwords_ends(server):
    guesser = Xcap(server, 'alice', 'guess')
    statuses = [guesser.ask('GET', CAPS).status for _ in range(8)]
    assert statuses[0] == 401 and 503 in statuses
    Xcap(server, 'bob').get(CAPS)


# Order.

def test_concurrent_edits_of_one_list_lose_nothing(server, alice_x):
    alice_x.put(INDEX, lists(), LISTS_TYPE)
    wanted = [f'sip:user{i}@example.net' for i in range(24)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        list(pool.map(alice_x.add, wanted))
    assert sorted(alice_x.get(INDEX).entries()) == sorted(wanted)
    assert server.psql("SELECT count(*) FROM rollcall.contacts "
                       "WHERE owner = 'alice@example.com'") == '24'


def test_psql_and_xcap_at_once_lose_nothing(server, alice_x):
    alice_x.put(INDEX, lists(), LISTS_TYPE)

    def insert(i):
        server.psql(
            "INSERT INTO rollcall.contacts (owner, uri, group_name) VALUES "
            f"('alice@example.com', 'sip:psql{i}@example.net', 'friends')")

    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(alice_x.add, f'sip:xcap{i}@example.net')
                for i in range(12)]
        jobs += [pool.submit(insert, i) for i in range(12)]
        for job in jobs:
            job.result()
    assert len(alice_x.get(INDEX).entries()) == 24


# Contacts: the table and the document are one.

def test_contacts_from_xcap_are_in_the_table(server, alice_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    alice_x.add('sip:carol@example.com')
    rows = ("SELECT uri, group_name FROM rollcall.contacts WHERE owner = "
            "'alice@example.com' ORDER BY uri")
    assert server.psql(rows) == ('sip:bob@example.com|friends\n'
                                 'sip:carol@example.com|friends')
    alice_x.delete(alice_x.entry('sip:bob@example.com'))
    assert server.psql(rows) == 'sip:carol@example.com|friends'
    alice_x.delete(INDEX)
    assert server.psql(rows) == ''


def test_contacts_from_psql_are_in_the_document(server, alice_x):
    server.psql("SELECT rollcall.add_contacts('alice@example.com', "
                "ARRAY['sip:bob@example.com', 'sip:carol@example.com'])")
    first = alice_x.get(INDEX)
    assert first.entries() == ['sip:bob@example.com', 'sip:carol@example.com']
    assert alice_x.get(INDEX).etag == first.etag
    server.psql("DELETE FROM rollcall.contacts "
                "WHERE uri = 'sip:bob@example.com'")
    second = alice_x.get(INDEX)
    assert second.entries() == ['sip:carol@example.com']
    assert second.etag != first.etag
    contacts = alice_x.path('resource-lists', node='resource-lists/'
                            'list[@name="contacts"]/entry')
    assert 'sip:carol@example.com' in alice_x.get(contacts).text


def limit(server, number):
    server.psql(f'UPDATE rollcall.settings SET max_contacts = {number}')


def test_one_entry_too_many(server, alice_x):
    limit(server, 2)
    alice_x.put(INDEX, lists('sip:a@example.net', 'sip:b@example.net'),
                LISTS_TYPE)
    before = alice_x.get(INDEX)
    answer = alice_x.add('sip:c@example.net', 409)
    assert answer.reason == 'constraint-failure'
    assert answer.error.get('phrase')
    after = alice_x.get(INDEX)
    assert (after.body, after.etag) == (before.body, before.etag)


def test_a_contact_must_be_there(alice_x):
    alice_x.put(INDEX, lists(), LISTS_TYPE)
    answer = alice_x.add('sip:nobody@example.com', 409)
    assert answer.reason == 'constraint-failure'
    assert 'sip:nobody@example.com' in answer.error.get('phrase')
    answer = alice_x.put(INDEX, lists(
        'sip:nobody@example.com', 'sip:bob@example.com'), LISTS_TYPE, 200)
    assert 'sip:nobody@example.com' in answer.header('Warning')
    assert alice_x.get(INDEX).entries() == ['sip:bob@example.com']


def test_a_whole_list_too_long_is_shortened(server, alice_x):
    limit(server, 2)
    sent = lists('sip:a@example.net', 'sip:b@example.net', 'sip:c@example.net')
    answer = alice_x.put(INDEX, sent, LISTS_TYPE)
    warning = answer.header('Warning')
    assert warning.startswith('299 rollcall "')
    assert 'sip:c@example.net' in warning
    assert 'sip:b@example.net' not in warning
    got = alice_x.get(INDEX)
    assert got.entries() == ['sip:a@example.net', 'sip:b@example.net']
    assert got.etag != answer.etag


@pytest.mark.options(xcap={'overflow': 'strict'})
def test_a_whole_list_too_long_is_refused(server, alice_x):
    limit(server, 2)
    answer = alice_x.put(INDEX, lists(
        'sip:a@example.net', 'sip:b@example.net', 'sip:c@example.net'),
        LISTS_TYPE, 409)
    assert answer.reason == 'constraint-failure'
    assert server.psql('SELECT count(*) FROM rollcall.contacts') == '0'


# Services, settings, rules.

def test_the_uri_of_a_service_is_nobody_elses(alice_x, bob_x):
    uri = 'sip:sales@example.com'
    alice_x.put(alice_x.path('rls-services'), services(service(uri)), RLS_TYPE)
    path = bob_x.path('rls-services')
    answer = bob_x.put(path, services(
        service('sip:bobs@example.com'), service(uri)), RLS_TYPE, 409)
    assert answer.reason == 'uniqueness-failure'
    exists = answer.error[0]
    assert exists.get('field') == 'rls-services/service%5b2%5d/@uri'
    other = exists[0].text
    assert other != uri
    bob_x.put(path, services(service(other)), RLS_TYPE)
    # one's own may be put again
    alice_x.put(alice_x.path('rls-services'),
                services(service(uri), service('sip:two@example.com')),
                RLS_TYPE, 200)


def test_a_user_stops_sharing_by_a_document(server, alice, bob, alice_x):
    alice.register()
    alice.publish('open')
    watch = bob.subscribe('alice')
    watch.expect_state('open')
    path = alice_x.path('org.rollcall.settings')
    alice_x.put(path, SETTINGS.format(
        '<share-availability>false</share-availability>'), SETTINGS_TYPE, 200)
    watch.expect_state('unknown')
    assert server.psql("SELECT share_availability FROM rollcall.users "
                       "WHERE aor = 'alice@example.com'") == 'f'
    alice_x.put(alice_x.path('org.rollcall.settings',
                             node='settings/share-availability'),
                '<share-availability>true</share-availability>', ELEMENT_TYPE,
                200)
    watch.expect_state('open')


def test_the_client_policy_is_for_everybody(server, bob_x):
    path = 'org.rollcall.settings/global/policy'
    first = bob_x.get(path)
    assert first.header('Content-Type') == SETTINGS_TYPE
    server.psql('UPDATE rollcall.settings SET allow_history = false')
    second = wait.until(
        lambda: (a := bob_x.get(path)).etag != first.etag and a, 'the change')
    assert second.body != first.body
    bob_x.expect(403, 'PUT', path, first.body, SETTINGS_TYPE)


def test_a_watcher_is_approved_by_a_rule(server, alice, bob, alice_x):
    server.psql('UPDATE rollcall.settings SET allow_without_approval = false')
    alice.register()
    alice.publish('open')
    # in force within a second
    watch = wait.until(
        lambda: (w := bob.subscribe('alice')).next().phase == 'pending' and w,
        'a watcher has to wait')
    rules = alice_x.path('pres-rules')
    alice_x.put(rules, RULES.format(''), RULES_TYPE)
    alice_x.put(rules + '/~~/ruleset/rule%5b@id=%22bob%22%5d'
                '?xmlns(cp=urn:ietf:params:xml:ns:common-policy)',
                'x', ELEMENT_TYPE, 409)
    node = ('cp:ruleset/cp:rule%5b@id=%22bob%22%5d'
            '?xmlns(cp=urn:ietf:params:xml:ns:common-policy)')
    alice_x.put(f'{rules}/~~/{node}', RULE.format(
        id='bob', who='sip:bob@example.com', what='allow').replace(
            '<rule ', '<rule xmlns="urn:ietf:params:xml:ns:common-policy"'
            ' xmlns:pr="urn:ietf:params:xml:ns:pres-rules" '),
        ELEMENT_TYPE)
    watch.expect_state('open')


# The database away.

def test_nothing_is_promised_while_the_database_is_away(
        server, postgres, alice_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    postgres.freeze()
    answer = alice_x.add('sip:carol@example.com', 503)
    assert int(answer.header('Retry-After')) > 0
    alice_x.get(INDEX, 503)
    alice_x.get(CAPS)
    postgres.thaw()
    wait.until(lambda: alice_x.ask('GET', INDEX).status == 200, 'back')
    assert alice_x.get(INDEX).entries() == ['sip:bob@example.com']
    alice_x.add('sip:carol@example.com')


@pytest.mark.options(database={'hung_after': '3s'})
def test_what_waits_is_answered_when_the_server_stops(
        server, postgres, alice_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    postgres.freeze()
    waiting = alice_x.begin('DELETE', INDEX)
    alice_x.get(CAPS)
    server.process.terminate()
    server.wait_log('stopping')
    alice_x.get(CAPS, 503)
    postgres.thaw()
    assert waiting.getresponse().status in (200, 503)
    assert server.wait_exit() == 0


def test_documents_outlive_the_server(server, alice_x):
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    etag = alice_x.add('sip:carol@example.com').etag
    server.restart()
    got = alice_x.get(INDEX)
    assert got.etag == etag
    assert got.entries() == ['sip:bob@example.com', 'sip:carol@example.com']


# What strangers send.

SQL = "'; DROP TABLE rollcall.users; --"


def deep(levels):
    return (f'<resource-lists xmlns="{LISTS_NS}">' + '<list>' * levels
            + '</list>' * levels + '</resource-lists>')


HOSTILE = {
    'doctype': (None, LISTS_TYPE, '<!DOCTYPE a [<!ENTITY b SYSTEM '
                f'"file:///etc/passwd">]>{lists()}', 409),
    'entities': (None, LISTS_TYPE, '<!DOCTYPE a [<!ENTITY b "c">' + ''.join(
        f'<!ENTITY b{i} "&b;&b;&b;">' for i in range(99)) + f']>{lists()}',
        409),
    'ten megabytes': (None, LISTS_TYPE, 'x' * 10_000_000, 413),
    'hundred levels': (None, LISTS_TYPE, deep(100), 409),
    'thousand attributes': (None, LISTS_TYPE, '<a ' + ' '.join(
        f'b{i}="c"' for i in range(1000)) + '/>', 409),
    'binary': (None, LISTS_TYPE, bytes(range(256)) * 40, 409),
    'position': ('resource-lists/list[99999999999999999999]', ELEMENT_TYPE,
                 '<list/>', 409),
    'no selector': ('resource-lists/list[', ELEMENT_TYPE, '<list/>', 404),
    'xpath': ('resource-lists/list[count(//*)>0]', ELEMENT_TYPE, '<list/>',
              404),
    'sql': (None, LISTS_TYPE, lists(name=SQL, extra=(
        '<entry uri="sip:x@e.com"><display-name>' + SQL + '</display-name>'
        "</entry><entry uri=\"sip:o'%3b--@e.com\"/>")), 200),
}


@pytest.mark.parametrize('kind', HOSTILE)
def test_hostile_documents_get_a_clear_no(server, alice_x, kind):
    node, content_type, body, status = HOSTILE[kind]
    other = alice_x.path('resource-lists', 'other')
    before = alice_x.put(other, lists(), LISTS_TYPE).etag
    path = alice_x.path('resource-lists', 'index', node)
    alice_x.put(INDEX, lists('sip:bob@example.com'), LISTS_TYPE)
    # two requests: curl first asks for a challenge, with an empty body
    alice_x.put(path, body, content_type, status, headers=[('Expect', '')])
    if status != 200:
        assert alice_x.get(INDEX).entries() == ['sip:bob@example.com']
    else:
        assert SQL in alice_x.get(INDEX).text
    assert alice_x.get(other).etag == before
    assert server.psql('SELECT count(*) FROM rollcall.users') == '3'


@pytest.mark.parametrize('path', [
    f'resource-lists/users/sip:alice@example.com/{SQL}',
    f'resource-lists/users/{SQL}/index',
    f'{SQL}/users/sip:alice@example.com/index',
    f'resource-lists/users/sip:alice@example.com/index/~~/{SQL}',
    f'resource-lists/users/sip:alice@example.com/index/~~/'
    f'resource-lists/list[@name="{SQL}"]',
])
def test_sql_in_paths_stays_data(server, alice_x, path):
    path = path.replace("'", '%27').replace(' ', '%20').replace('"', '%22')
    for method in ('GET', 'PUT', 'DELETE'):
        answer = alice_x.ask(method, path, '<list/>' if method == 'PUT' else
                             None, ELEMENT_TYPE)
        assert 400 <= answer.status < 500
    Xcap(server, SQL).get(CAPS, 401)
    assert server.psql('SELECT count(*) FROM rollcall.users') == '3'


@pytest.mark.parametrize('path, status', [
    ('resource-lists/users/sip:alice@example.com/%', 400),
    ('resource-lists/users/sip:alice@example.com/%00', 400),
    ('resource-lists/users/sip:alice@example.com/%ff', 400),
    ('resource-lists/users/sip:alice@example.com/../../../etc/passwd', 404),
    (INDEX + '/~~/a:b', 400),
    (INDEX + '/~~/a:b?xmlns(a', 400),
    (INDEX + '/~~/' + 'a/' * 200 + 'a', 414),
    (INDEX + '/~~/' + 'a' * 9000, 414),
])
def test_bad_paths(alice_x, path, status):
    alice_x.get(path, status)


def test_requests_are_counted(server, alice_x):
    alice_x.put(INDEX, lists(), LISTS_TYPE)
    alice_x.put(INDEX, '<', LISTS_TYPE, 409)
    assert server.metric(
        'xcap_requests_total{method="PUT",status="201"}') == 1
    assert server.metric(
        'xcap_conflicts_total{error="not-well-formed"}') == 1

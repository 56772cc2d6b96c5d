# SPDX-License-Identifier: ISC
"""rollcallctl contacts: what it adds, refuses, reads and writes."""
import json
import os
import pty
import subprocess

import pytest

ALICE, BOB = 'alice@example.com', 'bob@example.com'


@pytest.fixture
def db(stopped_server):
    """A database with the users alice, bob and carol; no daemon."""
    return stopped_server


def limit(db, value):
    db.ctl('settings', 'set', 'max_contacts', str(value))


def uris(n, start=0):
    return [f'sip:x{i}@example.net' for i in range(start, start + n)]


def add(db, owner, *what, status=0, options=()):
    """The results, in order."""
    said = db.ctl('--json', *options, 'contacts', 'add', owner, *what,
                  status=status)
    rows = json.loads(said[:said.rindex(']') + 1])
    assert [row['uri'] for row in rows] == list(what)
    return [row['result'] for row in rows]


def contacts(db, owner):
    return [(row['group'], row['name'], row['uri']) for row in json.loads(
        db.ctl('--json', 'contacts', 'list', owner))]


def write(tmp_path, text, name='contacts.csv'):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


# Adding and removing.

def test_of_six_at_195_five_are_added(db):
    add(db, ALICE, *uris(195))
    said = db.ctl('contacts', 'add', ALICE, *uris(6, 195), status=1)
    lines = said.splitlines()
    assert [line.split() for line in lines[:6]] == [
        ['added', uri] for uri in uris(5, 195)] + [
        ['limit', 'sip:x200@example.net']]
    assert any('max_contacts' in line for line in lines[6:])
    assert lines[-1] == 'rollcallctl: 1 of 6 refused'
    assert len(contacts(db, ALICE)) == 200


def test_each_result(db):
    limit(db, 3)
    add(db, 'carol@example.com', *uris(3))
    assert add(db, ALICE, f'sip:{BOB}', f'SIP:{BOB.upper()}', 'bob',
               'sip:zorro@example.com', 'sip:carol@example.com',
               'sip:a@b.org', 'tel:+49-30-1', 'tel:+49301', 'sip:c@b.org',
               status=1) == [
        'added', 'exists', 'invalid', 'no_such_user', 'target_full', 'added',
        'added', 'exists', 'limit']


def test_what_is_there_already_is_no_failure(db):
    assert add(db, ALICE, 'sip:a@b.org') == ['added']
    assert add(db, ALICE, 'sip:A@b.org') == ['exists']


def test_a_lowered_limit(db):
    add(db, ALICE, *uris(20))
    limit(db, 10)
    assert len(contacts(db, ALICE)) == 20
    assert add(db, ALICE, 'sip:y@b.org', status=1) == ['limit']
    assert add(db, BOB, f'sip:{ALICE}', status=1) == ['target_full']
    limit(db, 'none')
    assert add(db, ALICE, 'sip:y@b.org') == ['added']


def test_limits_are_lifted_for_this_command_alone(db):
    limit(db, 1)
    add(db, BOB, 'sip:a@b.org')
    assert add(db, ALICE, *uris(3), f'sip:{BOB}',
               options=['--bypass-limits']) == ['added'] * 4
    assert add(db, ALICE, 'sip:y@b.org', status=1) == ['limit']


def test_ten_at_once_never_pass_the_limit(db):
    limit(db, 50)
    runs = [subprocess.Popen(
        [f'{db.bin}/rollcallctl', '-c', db.config, 'contacts', 'add', ALICE,
         *[f'sip:s{n}.{i}@example.net' for i in range(20)],
         'sip:shared@example.net'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for n in range(10)]
    said = [run.communicate(timeout=30)[0] for run in runs]
    results = [line.split()[0] for text in said for line in text.splitlines()
               if 'rollcallctl' not in line]
    assert results.count('added') == 50 == len(contacts(db, ALICE))
    assert set(results) <= {'added', 'limit', 'exists'}
    assert {run.returncode for run in runs} <= {0, 1}
    assert db.psql('SELECT contact_count FROM rollcall.users WHERE '
                   f"aor = '{ALICE}'") == '50'


def test_name_and_group(db):
    add(db, 'ALICE@example.com', 'sip:a@b.org', options=[
        '--name', 'A "B", C', '--group', 'friends'])
    add(db, ALICE, 'sip:c@b.org')
    assert contacts(db, ALICE) == [('contacts', None, 'sip:c@b.org'),
                                   ('friends', 'A "B", C', 'sip:a@b.org')]
    table = db.ctl('contacts', 'list', ALICE).splitlines()
    assert table[0].split() == ['group', 'name', 'uri']
    assert table[2] == 'friends   A "B", C  sip:a@b.org'


def test_removing_says_who_was_not_there(db):
    add(db, ALICE, 'sip:a@b.org', 'tel:+49301')
    said = db.ctl('contacts', 'remove', ALICE, 'SIP:A@B.org', 'sip:x@b.org',
                  'tel:+49-30-1', 'nothing', status=1)
    assert [line.split() for line in said.splitlines()] == [
        ['removed', 'SIP:A@B.org'], ['not_there', 'sip:x@b.org'],
        ['removed', 'tel:+49-30-1'], ['not_there', 'nothing']]
    assert contacts(db, ALICE) == []
    assert 'no contacts' in db.ctl('contacts', 'list', ALICE)


@pytest.mark.parametrize('words', [
    ('add', 'zorro@example.com', 'sip:a@b.org'), ('add', 'zorro', 'sip:a@b'),
    ('remove', 'zorro@example.com', 'sip:a@b.org'),
    ('list', 'zorro@example.com'), ('import', 'zorro@example.com'),
    ('export', 'zorro@example.com')])
def test_an_owner_who_is_not_there(db, words):
    said = db.ctl('contacts', *words, status=1)
    assert said.startswith('rollcallctl: ') and said.count('\n') == 1


@pytest.mark.parametrize('words', [
    ('add', ALICE), ('remove', ALICE), ('list',), ('import',), ('export',),
    ('import', '--all', 'a', 'b'), ('export', ALICE, 'a', 'b'),
    ('list', ALICE, '--all'), ('export', ALICE, '--bypass-limits'),
    ('export', ALICE, '--json')])
def test_a_wrong_command_line(db, words):
    assert 'rollcallctl --help' in db.ctl('contacts', *words, status=2)


def test_contacts_are_in_force_on_return(server, alice, bob):
    alice.register()
    server.ctl('settings', 'set', 'adhoc_enabled', 'off')
    bob.subscribe('alice', expect=403)
    server.ctl('contacts', 'add', BOB, f'sip:{ALICE}')
    bob.subscribe('alice').expect_state('open')
    server.ctl('contacts', 'remove', BOB, f'sip:{ALICE}')
    bob.subscribe('alice', expect=403)
    server.ctl('contacts', 'import', BOB, text=f'sip:{ALICE}\n')
    bob.subscribe('alice').expect_state('open')


def test_terminals_are_left_alone(db):
    said = db.ctl('contacts', 'add', ALICE, 'sip:\x1b[2J@b.org', status=1)
    assert '\x1b' not in said and 'invalid' in said


# Import.

def imported(db, *words, status=0, text=None):
    said = db.ctl('--json', 'contacts', 'import', *words, status=status,
                  text=text)
    return json.loads(said[:said.rindex('}') + 1])


def test_an_import_without_a_heading(db):
    said = db.ctl('contacts', 'import', ALICE, '-', text=(
        'sip:a@b.org\n\nsip:b@b.org,Bob\r\n"sip:c@b.org","C, ""D""",friends'
        '\nsip:d@b.org,,\n'))
    assert said.splitlines() == [
        f'added         sip:{n}@b.org' for n in 'abcd'] + [
        '4 added, 0 exists, 0 refused']
    assert contacts(db, ALICE) == [
        ('contacts', None, 'sip:a@b.org'), ('contacts', 'Bob', 'sip:b@b.org'),
        ('contacts', None, 'sip:d@b.org'),
        ('friends', 'C, "D"', 'sip:c@b.org')]


def test_headings_in_any_order(db, tmp_path):
    path = write(tmp_path, '\ufeffGroup,Display_Name,URI\r\n'
                           'amis,Zoé,sip:z@b.org\r\n')
    assert imported(db, ALICE, path)['added'] == 1
    assert contacts(db, ALICE) == [('amis', 'Zoé', 'sip:z@b.org')]


def test_partial_results_are_named(db, tmp_path):
    limit(db, 3)
    path = write(tmp_path, 'uri\nsip:a@b.org\nbob\nsip:A@b.org\n'
                           'sip:zorro@example.com\nsip:b@b.org\nsip:c@b.org\n'
                           'sip:d@b.org\n""\n')
    said = db.ctl('contacts', 'import', ALICE, path, status=1).splitlines()
    assert [line.split()[0] for line in said[:7]] == [
        'added', 'invalid', 'exists', 'no_such_user', 'added', 'added',
        'limit']
    assert '3 added, 1 exists, 4 refused' in said
    assert imported(db, ALICE, path, '--bypass-limits', status=1) == {
        'results': [
            {'line': n + 2, 'owner': ALICE, 'uri': uri, 'result': result}
            for n, (uri, result) in enumerate([
                ('sip:a@b.org', 'exists'), ('bob', 'invalid'),
                ('sip:A@b.org', 'exists'),
                ('sip:zorro@example.com', 'no_such_user'),
                ('sip:b@b.org', 'exists'), ('sip:c@b.org', 'exists'),
                ('sip:d@b.org', 'added'), ('', 'invalid')])],
        'added': 1, 'exists': 4, 'refused': 3}


def test_the_lists_of_many(db, tmp_path):
    path = write(tmp_path, f'owner,uri,group\n{ALICE},sip:a@b.org,x\n'
                           f'{BOB},sip:a@b.org,y\nzorro@example.com,sip:a@b\n'
                           f'{ALICE.upper()},sip:b@b.org,\n,sip:c@b.org,\n')
    said = db.ctl('contacts', 'import', '--all', path, status=1)
    assert [line.split() for line in said.splitlines()[:5]] == [
        ['added', ALICE, 'sip:a@b.org'], ['added', BOB, 'sip:a@b.org'],
        ['no_such_owner', 'zorro@example.com', 'sip:a@b'],
        ['added', ALICE.upper(), 'sip:b@b.org'],
        ['no_such_owner', '-', 'sip:c@b.org']]
    assert contacts(db, BOB) == [('y', None, 'sip:a@b.org')]
    assert len(contacts(db, ALICE)) == 2
    assert imported(db, 'carol@example.com', text=',sip:c@b.org\n',
                    status=1)['refused'] == 1
    assert imported(db, 'carol@example.com',
                    text='owner,uri\n,sip:c@b.org\n')['added'] == 1


@pytest.mark.parametrize('broken, why', [
    (b'sip:y@b.org,"Y\nsip:z@b.org\n', 'line 1502: a quote is never closed'),
    (b'sip:y@b.org,"Y"Z\n', 'line 1502: something stands behind'),
    (b'sip:y@b.org,Y"Z\n', 'line 1502: a quote stands inside'),
    (b'sip:y@b.org,\xff\n', 'line 1502: this is no UTF-8'),
    (b'sip:y@b.org,\0\n', 'line 1502: there is a NUL byte'),
    (b'sip:y@b.org,Y,friends,x\n', 'line 1502: 4 fields where')])
def test_a_file_that_is_broken_in_the_middle(db, tmp_path, broken, why):
    """What stands before the fault is done and named, in whole."""
    path = write(tmp_path, b'uri,display_name,group\n'
                 + ''.join(f'{uri}\n' for uri in uris(1500)).encode()
                 + broken + b'sip:after@b.org\n')
    said = db.ctl('contacts', 'import', ALICE, path, '--bypass-limits',
                  status=1).splitlines()
    assert [line.split() for line in said[:1500]] == [
        ['added', uri] for uri in uris(1500)]
    assert said[1500] == '1500 added, 0 exists, 0 refused'
    assert path in said[1501] and why in said[1501]
    assert 'nothing after it' in said[1502]
    assert [uri for _, _, uri in contacts(db, ALICE)] == uris(1500)


@pytest.mark.parametrize('text, why', [
    ('uri,nick\nsip:a@b.org,A\n', 'no column "nick"'),
    ('uri,URI\nsip:a@b.org,A\n', 'twice the column "URI"')])
def test_headings_that_are_none(db, text, why):
    said = db.ctl('contacts', 'import', ALICE, text=text, status=1)
    assert 'line 1' in said and why in said
    assert contacts(db, ALICE) == []


def test_a_name_that_is_none_harms_no_other(db):
    said = imported(db, ALICE, status=1, text=(
        'sip:a@b.org,A\nsip:b@b.org,B\x01\nsip:c@b.org,C\n'))
    assert [row['result'] for row in said['results']] == [
        'added', 'bad_name', 'added']


def test_a_file_that_is_not_there(db, tmp_path):
    for path in ('/nowhere/file', str(tmp_path)):
        said = db.ctl('contacts', 'import', ALICE, path, status=1)
        assert path in said
    assert '0 added' in db.ctl('contacts', 'import', ALICE, text='')


def test_sql_in_a_field_is_data(db):
    texts = ["'; DROP TABLE rollcall.users; --", '{a,"b"}', '\\', 'NULL',
             '$1', 'two\nlines']
    rows = ''.join(f'sip:x{n}@b.org,"{t.replace(chr(34), chr(34) * 2)}",g\n'
                   for n, t in enumerate(texts))
    assert imported(db, ALICE, text=rows)['added'] == len(texts)
    assert sorted(name for _, name, _ in contacts(db, ALICE)) == sorted(texts)


def test_progress_on_a_terminal(db, tmp_path):
    path = write(tmp_path, ''.join(f'{uri}\n' for uri in uris(3000)))
    leader, follower = pty.openpty()
    run = subprocess.Popen(
        [f'{db.bin}/rollcallctl', '-c', db.config, 'contacts', 'import',
         ALICE, path, '--bypass-limits'], stdout=subprocess.PIPE,
        stderr=follower, text=True)
    assert '3000 added' in run.communicate(timeout=30)[0]
    os.close(follower)
    seen = b''
    while True:
        try:
            piece = os.read(leader, 10000)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(leader)
    assert b'1000 rows' in seen and b'%' in seen
    assert seen.endswith(b'\r\x1b[K')


@pytest.mark.watchdog(120)
def test_ten_thousand_at_once(server, tmp_path):
    """Fifty users with a full list each, the daemon running."""
    server.psql("INSERT INTO rollcall.users (aor) SELECT 'u' || n || "
                "'@example.com' FROM generate_series(1, 50) AS n")
    path = write(tmp_path, 'owner,uri,display_name,group\n' + ''.join(
        f'u{n % 50 + 1}@example.com,sip:c{n}@example.net,Name {n},group\n'
        for n in range(10000)))
    said = imported(server, '--all', path)
    assert (said['added'], said['refused']) == (10000, 0)
    assert server.psql('SELECT min(contact_count), max(contact_count) FROM '
                       "rollcall.users WHERE aor LIKE 'u%'") == '200|200'


# Export.

def test_a_round_trip(db, tmp_path):
    texts = ['', 'A, B', '"', 'two\nlines', '  spaces ', 'Zoé', '=1+1',
             'cr\rlf\r\n']
    for n, text in enumerate(texts):
        quoted = text.replace("'", "''")
        db.psql(f"SELECT rollcall.add_contacts('{ALICE}', "
                f"ARRAY['sip:x{n}@b.org'], ARRAY['{quoted}'], "
                f"ARRAY['g{n % 3}, x'])")
    add(db, BOB, 'sip:a@b.org', options=['--name', 'A'])
    state = ('SELECT owner, uri, nullif(display_name, \'\'), group_name FROM '
             'rollcall.contacts ORDER BY owner, position')
    before = db.psql(state)
    one, all_of_them = str(tmp_path / 'one.csv'), str(tmp_path / 'all.csv')
    db.ctl('contacts', 'export', ALICE, one)
    db.ctl('contacts', 'export', '--all', all_of_them)
    db.psql('DELETE FROM rollcall.contacts')
    assert imported(db, ALICE, one)['added'] == len(texts)
    said = imported(db, '--all', all_of_them)
    assert (said['added'], said['exists']) == (1, len(texts))
    assert said['results'][-1] == {
        'line': 12, 'owner': BOB, 'uri': 'sip:a@b.org', 'result': 'added'}
    assert db.psql(state) == before
    with open(all_of_them, encoding='utf-8') as file:
        assert db.ctl('contacts', 'export', '--all') == file.read()


def test_an_export_to_standard_output(db):
    add(db, ALICE, 'sip:a@b.org', options=['--name', 'A, B'])
    assert db.ctl('contacts', 'export', ALICE, '-') == (
        'uri,display_name,group\nsip:a@b.org,"A, B",contacts\n')
    assert db.ctl('contacts', 'export', '--all') == (
        'owner,uri,display_name,group\n'
        f'{ALICE},sip:a@b.org,"A, B",contacts\n')
    assert db.ctl('contacts', 'export', BOB) == 'uri,display_name,group\n'


def test_an_export_that_cannot_be_written(db):
    add(db, ALICE, *uris(100))
    for path in ('/nowhere/file', '/dev/full'):
        said = db.ctl('contacts', 'export', ALICE, path, status=1)
        assert said.startswith(f'rollcallctl: {path}: ')

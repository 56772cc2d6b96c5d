# SPDX-License-Identifier: ISC
"""What instant messages carry besides text (RFC 3862, 3994, 5438), and where
the ledger says that they are."""

COMPOSING_TYPE = 'application/im-iscomposing+xml'
CPIM_TYPE = 'message/cpim'
IMDN_TYPE = 'message/imdn+xml'


def composing(state='active'):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">'
            f'<state>{state}</state></isComposing>')


def cpim(sender, recipient, body, message_id=None, wishes=(),
         content_type='text/plain; charset=utf-8', headers=()):
    """wishes: positive-delivery, display, processing..."""
    lines = [f'From: <{sender}>', f'To: <{recipient}>',
             'DateTime: 2026-11-29T10:20:30Z',
             'NS: imdn <urn:ietf:params:imdn>']
    if message_id:
        lines.append(f'imdn.Message-ID: {message_id}')
    if wishes:
        lines.append('imdn.Disposition-Notification: ' + ', '.join(wishes))
    lines += headers
    lines += ['', f'Content-Type: {content_type}', '', body]
    return '\r\n'.join(lines)


def imdn(message_id, status='displayed', kind='display'):
    return ('<?xml version="1.0" encoding="UTF-8"?>\n'
            '<imdn xmlns="urn:ietf:params:xml:ns:imdn">'
            f'<message-id>{message_id}</message-id>'
            '<datetime>2026-11-29T10:20:31Z</datetime>'
            f'<{kind}-notification><status><{status}/></status>'
            f'</{kind}-notification></imdn>')


def notification(sender, recipient, message_id, **parts):
    """An IMDN as RFC 5438 section 10 has it on its way: in CPIM."""
    return cpim(sender, recipient, imdn(message_id, **parts),
                content_type=IMDN_TYPE,
                headers=['Content-Disposition: notification'])


def ledger(server, call_id):
    """(device, state, status) of each delivery of a message, in order of the
    devices; a message without any has (None, state or None, None)."""
    rows = server.psql(
        "SELECT coalesce(device, '-'), coalesce(state, '-'),"
        " coalesce(status::text, '-') FROM rollcall.message_log"
        f" WHERE call_id = '{call_id}' ORDER BY device")
    return [tuple(None if word == '-' else word for word in row.split('|'))
            for row in rows.splitlines()]


def kept(server, call_id):
    """Does a message wait in the store?"""
    return server.psql('SELECT count(*) FROM rollcall.messages WHERE body IS '
                       f"NOT NULL AND call_id = '{call_id}'") != '0'

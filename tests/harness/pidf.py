# SPDX-License-Identifier: ISC
"""Presence documents as a watcher reads them: PIDF (RFC 3863) with RPID, and
watcherinfo (RFC 3858)."""
import xml.etree.ElementTree as ET

PIDF = '{urn:ietf:params:xml:ns:pidf}'
WINFO = '{urn:ietf:params:xml:ns:watcherinfo}'
PIDF_TYPE = 'application/pidf+xml'
WINFO_TYPE = 'application/watcherinfo+xml'


class Presence:
    def __init__(self, body):
        root = ET.fromstring(body)
        assert root.tag == PIDF + 'presence', root.tag
        self.entity = root.get('entity')
        self.tuples = root.findall(PIDF + 'tuple')
        self.notes = [n.text for n in root.iter(PIDF + 'note')]

    @property
    def basics(self):
        return [t.findtext(f'{PIDF}status/{PIDF}basic') for t in self.tuples]

    @property
    def state(self):
        """open when one device is, closed when none is, unknown without any
        tuple."""
        if not self.tuples:
            return 'unknown'
        return 'open' if 'open' in self.basics else 'closed'


class Watchers:
    def __init__(self, body):
        root = ET.fromstring(body)
        assert root.tag == WINFO + 'watcherinfo', root.tag
        self.version = int(root.get('version'))
        self.is_full = root.get('state') == 'full'
        self.watchers = {w.text.strip(): (w.get('status'), w.get('event'))
                         for w in root.iter(WINFO + 'watcher')}


def document(entity, basic, tuple_id='t1', note=None, contact=None):
    """What a phone publishes."""
    extra = f'<contact>{contact}</contact>' if contact else ''
    extra += f'<note>{note}</note>' if note else ''
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" '
        f'entity="{entity}"><tuple id="{tuple_id}"><status>'
        f'<basic>{basic}</basic></status>{extra}</tuple></presence>\n')

# SPDX-License-Identifier: ISC
"""A watcher of partial presence (RFC 5262, RFC 5263): keeps the document up to
date from application/pidf-diff+xml alone, and complains about a version that is
skipped or repeated.  Carries out what the server writes of RFC 5261."""
import re
import xml.etree.ElementTree as ET

from . import pidf

DIFF_TYPE = 'application/pidf-diff+xml'
DIFF = '{urn:ietf:params:xml:ns:pidf-diff}'
BOTH = f'{pidf.PIDF_TYPE};q=0.3, {DIFF_TYPE};q=1'
PREFIXES = {'': pidf.PIDF, 'dm:': pidf.PIDF[:-1] + ':data-model}',
            'rpid:': pidf.PIDF[:-1] + ':rpid}'}


class Known:
    """What the watcher knows."""

    def __init__(self):
        self.root, self.version = None, None
        self.fulls = self.diffs = 0

    def take(self, notify):
        assert notify.request.content_type == DIFF_TYPE, notify.request
        root = ET.fromstring(notify.body)
        version = int(root.get('version'))
        if root.tag == DIFF + 'pidf-full':
            assert self.version is None or version > self.version
            self.root, self.fulls = root, self.fulls + 1
        else:
            assert root.tag == DIFF + 'pidf-diff', root.tag
            assert version == self.version + 1, (version, self.version)
            self.diffs += 1
            for operation in root:
                self.carry_out(operation)
        self.version = version
        return self

    def carry_out(self, operation):
        path = operation.get('sel').split('/')
        assert path.pop(0) == '*'
        last = None
        if path and (path[-1] == 'text()' or path[-1].startswith('@')):
            last = path.pop()
        parent, node = None, self.root
        for step in path:
            parent, node = node, find(node, step)
        kind = operation.tag[len(DIFF):]
        if kind == 'remove':
            if last:
                del node.attrib[attribute(last)]
            else:
                parent.remove(node)
        elif kind == 'replace':
            if last == 'text()':
                node.text = operation.text
            elif last:
                node.set(attribute(last), operation.text or '')
            else:
                parent[list(parent).index(node)] = operation[0]
        else:
            self.add(operation, parent, node)

    @staticmethod
    def add(operation, parent, node):
        if operation.get('type'):
            node.set(attribute(operation.get('type')), operation.text or '')
            return
        where = operation.get('pos')
        if where in ('before', 'after'):
            at = list(parent).index(node) + (where == 'after')
            node = parent
        else:
            at = 0 if where == 'prepend' else len(node)
        node[at:at] = list(operation)

    @property
    def presence(self):
        root = ET.Element(pidf.PIDF + 'presence', self.root.attrib)
        root.extend(self.root)
        return pidf.Presence(ET.tostring(root))


def attribute(step):
    name = step[1:]
    return name.replace('xml:', '{http://www.w3.org/XML/1998/namespace}')


def find(node, step):
    test, predicate = re.fullmatch(r'([^\[]+)(?:\[(.+)\])?', step).groups()
    if test == '*':
        found = list(node)
    else:
        prefix, _, name = test.rpartition(':')
        found = node.findall(PREFIXES[prefix and prefix + ':'] + name)
    if predicate is None:
        assert len(found) == 1, step
        return found[0]
    if predicate.isdigit():
        return found[int(predicate) - 1]
    name, value = re.fullmatch(r'@(\w+)=[\'"](.*)[\'"]', predicate).groups()
    found = [n for n in found if n.get(name) == value]
    assert len(found) == 1, step
    return found[0]

#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Draws the curves of bench/run as SVG: FIGURES FOLDER.  growth.svg: cost of an
operation against users and subscriptions; latency.svg: p99 against the load
offered; memory.svg: bytes of a subscription."""
import math
import os
import sys
from xml.sax.saxutils import escape

from report import SERVERS, grouped, merge, read

COLOURS = {"rollcall": "#0b6e4f", "kamailio-durable": "#b5452c",
           "kamailio-fast": "#d99a2b"}
DASHES = {"rollcall": "", "kamailio-durable": "", "kamailio-fast": "6 4"}
WIDTH, HEIGHT = 420, 300          # of a panel
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 40, 52
FONT = 'font-family="Helvetica, Arial, sans-serif"'


class Log:
    """An axis of decades."""

    def __init__(self, values):
        self.low = math.floor(math.log10(min(values)) + 1e-9)
        self.high = math.ceil(math.log10(max(values)) - 1e-9)
        self.high = max(self.high, self.low + 1)

    def place(self, value):
        return (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self):
        return [10 ** i for i in range(self.low, self.high + 1)]


class Linear:
    """An axis from zero (or from a given value) in round steps."""

    def __init__(self, values, low=0):
        span = (max(values) - low) or 1
        step = 10 ** math.floor(math.log10(span))
        for part in (0.2, 0.25, 0.5, 1):
            if span / (step * part) <= 6:
                break
        self.step = step * part
        self.low = low
        self.high = low + self.step * math.ceil(span / self.step + 1e-9)

    def place(self, value):
        return (value - self.low) / (self.high - self.low)

    def ticks(self):
        count = round((self.high - self.low) / self.step)
        return [self.low + self.step * i for i in range(count + 1)]


def number(value):
    if value >= 1e6:
        return f"{value / 1e6:g} M"
    if value >= 1e3:
        return f"{value / 1e3:g} k"
    return f"{value:g}"


def text(x, y, words, size=12, anchor="middle", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" {FONT} '
            f'text-anchor="{anchor}" fill="#222" {more}>{escape(words)}</text>')


def grid(x_axis, y_axis, x_title, y_title, heading):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    yield text(LEFT, 24, heading, 14, "start", 'font-weight="bold"')
    for tick in y_axis.ticks():
        y = bottom - y_axis.place(tick) * (bottom - TOP)
        yield (f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" '
               'stroke="#ddd"/>')
        yield text(LEFT - 6, y + 4, number(tick), 11, "end")
    for tick in x_axis.ticks():
        x = LEFT + x_axis.place(tick) * (right - LEFT)
        yield (f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" '
               f'y2="{bottom + 5}" stroke="#222"/>')
        yield text(x, bottom + 19, number(tick), 11)
    yield (f'<polyline points="{LEFT},{TOP} {LEFT},{bottom} {right},{bottom}" '
           'fill="none" stroke="#222"/>')
    yield text((LEFT + right) / 2, HEIGHT - 14, x_title)
    middle = (TOP + bottom) / 2
    yield text(16, middle, y_title, 12, "middle",
               f'transform="rotate(-90 16 {middle:.1f})"')


def curve(points, server, x_axis, y_axis):
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    placed = [(LEFT + x_axis.place(x) * (right - LEFT),
               bottom - y_axis.place(y) * (bottom - TOP)) for x, y in points]
    colour = COLOURS[server]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    yield (f'<polyline points="{line}" fill="none" stroke="{colour}" '
           f'stroke-width="2.2" stroke-dasharray="{DASHES[server]}"/>')
    for x, y in placed:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'


def panel(series, heading, x_title, y_title, x_kind, y_kind):
    """series: {server: [(x, y)]}."""
    xs = [x for points in series.values() for x, _ in points]
    ys = [max(y, 0.01) for points in series.values() for _, y in points]
    x_axis, y_axis = x_kind(xs), y_kind(ys)
    yield from grid(x_axis, y_axis, x_title, y_title, heading)
    for server, points in series.items():
        points = [(x, max(y, 0.01)) for x, y in sorted(points)]
        yield from curve(points, server, x_axis, y_axis)


def legend(servers, width, y):
    x = width / 2 - 80 * len(servers)
    for server in servers:
        yield (f'<line x1="{x:.0f}" y1="{y - 4}" x2="{x + 28:.0f}" '
               f'y2="{y - 4}" stroke="{COLOURS[server]}" stroke-width="2.6" '
               f'stroke-dasharray="{DASHES[server]}"/>')
        yield text(x + 34, y, SERVERS[server], 12, "start")
        x += 160


def page(path, title, panels):
    """panels: arguments of panel(); two beside each other."""
    if not panels:
        return
    servers = [s for s in COLOURS if any(s in p[0] for p in panels)]
    across = min(2, len(panels))
    width = max(WIDTH * across, 160 * len(servers) + 40)
    height = HEIGHT * math.ceil(len(panels) / across) + 76
    with open(path, "w", encoding="utf-8") as out:
        out.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
                  f'height="{height}" viewBox="0 0 {width} {height}">\n'
                  '<rect width="100%" height="100%" fill="white"/>\n')
        out.write(text(width / 2, 28, title, 17, "middle",
                       'font-weight="bold"') + "\n")
        for line in legend(servers, width, 54):
            out.write(line + "\n")
        for i, arguments in enumerate(panels):
            x, y = WIDTH * (i % across), 70 + HEIGHT * (i // across)
            out.write(f'<g transform="translate({x} {y})">\n')
            for line in panel(*arguments):
                out.write(line + "\n")
            out.write("</g>\n")
        out.write("</svg>\n")


def collect(rows, work, x, y):
    series = {}
    for row in rows:
        if row["work"] == work:
            series.setdefault(row["server"], []).append((x(row), y(row)))
    return series


def growth(rows):
    for work, heading in (("grow-register", "REGISTER, refresh"),
                          ("grow-subscribe", "A subscription, begun and ended"),
                          ("grow-fanout", "NOTIFY, 20 watchers"),
                          ("grow-message", "MESSAGE, online")):
        series = collect(rows, work, lambda r: float(r["state"]),
                         lambda r: r["cpu"] + r["db_cpu"])
        if series:
            yield (series, heading, "users, and as many subscriptions",
                   "CPU us each, with PgSQL", Log, Log)


def latency(rows):
    for kind in ("register", "subscribe", "publish", "message"):
        series = {}
        for row in rows:
            if row["work"].startswith(f"open-{kind}-"):
                series.setdefault(row["server"], []).append(
                    (row["offered"], row["p99"] / 1000))
        if series:
            yield (series, kind.upper(), "offered per second", "p99, ms",
                   Linear, Log)


def memory(rows):
    series = collect(rows, "rest", lambda r: float(r["state"]),
                     lambda r: max(r["bytes"], 1))
    if series:
        yield (series, "Memory of a subscription", "subscriptions",
               "bytes each", Log, Log)
    series = collect(rows, "restart", lambda r: float(r["state"]),
                     lambda r: r["ready_ms"] / 1000)
    if series:
        yield (series, "Restart after kill -9", "subscriptions",
               "s until ready", Log, Linear)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: plot.py FIGURES FOLDER")
    rows, machine = read(sys.argv[1])
    rows = [row for row in merge(rows) if row["server"] in COLOURS]
    where = f" (commit {machine.get('commit', 'unknown')})"
    for name, title, panels in (
            ("growth.svg", "Cost of an operation as state grows", growth),
            ("latency.svg", "Latency at 25, 50 and 75 % of what each can do",
             latency),
            ("memory.svg", "Subscriptions at rest", memory)):
        page(os.path.join(sys.argv[2], name), title + where,
             list(panels(rows)))


if __name__ == "__main__":
    main()

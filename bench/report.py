#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Prints the figures of bench/run as one table; --results FILE writes them as
a page too.  A row is one work on one server: the median of its runs, but what
was lost or failed is the sum of them."""
import argparse
import statistics
import sys

TITLES = {
    "register-new": "REGISTER, new",
    "register-refresh": "REGISTER, refresh",
    "register-new-digest": "REGISTER, new, challenged (2 requests)",
    "register-refresh-digest": "REGISTER, refresh, digest",
    "subscribe": "SUBSCRIBE + first NOTIFY",
    "fanout-1": "NOTIFY, 1 watcher",
    "fanout-1x50": "NOTIFY, 1 watcher, 50 users at once",
    "fanout-20": "NOTIFY, 20 watchers",
    "fanout-20x50": "NOTIFY, 20 watchers, 50 users at once",
    "fanout-500": "NOTIFY, 500 watchers",
    "fanout-1000": "NOTIFY, 1,000 watchers",
    "fanout-5000": "NOTIFY, 5,000 watchers",
    "message-1": "MESSAGE, online, 1 device",
    "message-3": "MESSAGE, online, 3 devices",
    "store": "MESSAGE, stored",
    "deliver": "MESSAGE, delivered from the store",
    "burst-before": "MESSAGE, nothing else",
    "burst": "MESSAGE, while somebody gets 1,000 stored",
    "list-subscribe": "SUBSCRIBE to a list + full state",
    "list-change": "NOTIFY of a change to lists",
    "list-restart": "full state of lists after kill -9",
    "restart": "restart",
    "tcp-register": "connect and REGISTER over TCP",
    "tcp-subscribe": "SUBSCRIBE over TCP",
    "tcp-fanout": "NOTIFY over TCP, 20 watchers",
    "tcp-message": "MESSAGE over TCP",
    "meanwhile-before": "PUBLISH to NOTIFY, nothing else",
    "meanwhile": "PUBLISH to NOTIFY, a setting switched",
    "grow-register": "REGISTER, refresh",
    "grow-subscribe": "A subscription, begun, told and ended",
    "grow-message": "MESSAGE, online",
    "grow-fanout": "NOTIFY, 20 watchers",
}
SERVERS = {
    "null": "(generator alone)",
    "rollcall": "Rollcall",
    "kamailio-durable": "Kamailio durable",
    "kamailio-fast": "Kamailio fast",
}
IN_SHORT = ("register-new", "register-refresh", "subscribe", "fanout-20x50",
            "fanout-500", "message-1", "store", "deliver")
SUMMED = ("lost", "failed")
COLUMNS = ("per s", "p50 ms", "p99 ms", "max ms", "lost", "failed", "resent",
           "CPU us", "+PgSQL", "MB")


def read(path):
    """Rows (dicts), and what the lines with # say of the machine."""
    rows, machine = [], {}
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("#"):
                name, _, value = line[1:].partition("=")
                machine[name] = value
            elif line:
                rows.append(dict(part.split("=", 1)
                                 for part in line.split("\t")))
    return rows, machine


def merge(rows):
    """One row for all runs of a work on a server, in the order of works."""
    groups = {}
    for row in rows:
        key = (row["work"], row.get("state", ""), row["server"])
        groups.setdefault(key, []).append(row)
    merged = [median(group) for group in groups.values()]
    order = []
    for row in merged:
        name = (row["work"], row.get("state", ""))
        if name not in order:
            order.append(name)
    place = list(SERVERS)
    return sorted(merged, key=lambda row: (
        order.index((row["work"], row.get("state", ""))),
        place.index(row["server"])))


def median(group):
    out = dict(group[0])
    for name in group[0]:
        try:
            values = [float(row[name]) for row in group if name in row]
        except ValueError:
            continue
        out[name] = (sum(values) if name in SUMMED
                     else statistics.median(values))
    out["runs"] = len({(row["run"], row.get("time")) for row in group})
    if isinstance(out.get("state"), float):
        out["state"] = str(int(out["state"]))
    return out


def grouped(number):
    return f"{number:,.0f}"


def ms(us):
    if not us:
        return "-"
    value = us / 1000
    return f"{value:.1f}" if value < 100 else grouped(value)


def title(row):
    name = row["work"]
    if name.startswith("open-"):
        _, kind, part = name.split("-")
        return (f"{kind.upper()}, open loop, {part} % "
                f"({grouped(row['offered'])}/s)")
    text = TITLES.get(name, name)
    if name in ("restart", "tcp-register"):
        text += f" ({grouped(float(row['state']))})"
    elif name.startswith("list"):
        text += f" ({row['members']:.0f})"
    return text


def is_bound(row):
    """The generator had no time left: the server could do more."""
    return row["own_cpu"] * row["rate"] > 900000


def cells(row):
    return [grouped(row["rate"]) + ("*" if is_bound(row) else ""),
            ms(row["p50"]), ms(row["p99"]), ms(row["max"]),
            grouped(row["lost"]), grouped(row["failed"]),
            grouped(row["resent"]), f"{row['cpu']:.0f}",
            f"{row['db_cpu']:.0f}", grouped(row["memory"] / 1024)]


def tables(rows):
    """Heading, head and rows of cells of each table that has any."""
    for heading, shown, head, body in all_tables(rows):
        if body:
            yield f"{heading} ({runs_of(shown)})", head, body


def runs_of(rows):
    runs = sorted({row["runs"] for row in rows if row["server"] != "null"})
    if runs in ([], [1]):
        return "one run"
    return "median of " + " or ".join(map(str, runs)) + " runs"


def in_short(rows):
    """Rates, how many times ours is, and CPU time of server and PostgreSQL."""
    for name in IN_SHORT:
        found = {r["server"]: r for r in rows if r["work"] == name}
        ours = found.get("rollcall")
        if ours is None:
            continue
        line = [title(ours)] + [""] * 6
        for i, server in enumerate(list(SERVERS)[1:]):
            row = found.get(server)
            line[1 + i] = line[4 + i] = "-"
            if row is not None:
                line[1 + i] = grouped(row["rate"]) + (
                    f" ({ours['rate'] / row['rate']:.1f})" if i > 0 else "")
                line[4 + i] = grouped(row["cpu"] + row["db_cpu"])
        yield line


def all_tables(rows):
    short = [r for r in rows if r["work"] in IN_SHORT]
    yield "In short: per second (Rollcall is so many times as fast)", short, (
        "work", "Rollcall", "Kamailio durable", "Kamailio fast",
        "CPU us with PgSQL", "durable", "fast"), list(in_short(rows))
    main = [r for r in rows if r["work"].split("-")[0]
            not in ("open", "grow", "restart", "rest")]
    yield "Closed loop, 50 in flight", main, ("work", "server") + COLUMNS, [
        [title(r), SERVERS[r["server"]]] + cells(r) for r in main]
    opened = [r for r in rows if r["work"].startswith("open-")]
    yield "Open loop", opened, ("work", "server") + COLUMNS, [
        [title(r), SERVERS[r["server"]]] + cells(r) for r in opened]
    rest = [r for r in rows if r["work"] in ("rest", "rest-1")]
    yield "At rest", rest, ("subscriptions", "server", "of a watcher", "bytes each",
                      "MB", "per s", "CPU us", "+PgSQL", "lost"), [
        [grouped(float(r["state"])), SERVERS[r["server"]],
         grouped(r["contacts"]), grouped(r["bytes"]), grouped(r["memory"] / 1024), grouped(r["rate"]),
         f"{r['cpu']:.0f}", f"{r['db_cpu']:.0f}", grouped(r["lost"])]
        for r in rest]
    restart = [r for r in rows if r["work"] == "restart"]
    yield "Restart after kill -9", restart, (
        "subscriptions", "server", "ready ms", "PUBLISH notified ms", "MB",
        "lost"), [
        [grouped(float(r["state"])), SERVERS[r["server"]],
         grouped(r["ready_ms"]),
         grouped(r["told_ms"]) if r["told_ms"] >= 0 else "never",
         grouped(r["memory"] / 1024), grouped(r["lost"])] for r in restart]
    grow = sorted((r for r in rows if r["work"].startswith("grow-")),
                  key=lambda r: (r["work"], list(SERVERS).index(r["server"]),
                                 float(r["state"])))
    yield "Growth: users and subscriptions", grow, (
        ("work", "server", "state") + COLUMNS), [
        [title(r), SERVERS[r["server"]], grouped(float(r["state"]))] + cells(r)
        for r in grow]


def texts(head):
    """How many columns from the left are words."""
    return 2 if head[1] == "server" else 1


def print_plain(heading, head, body):
    widths = [max(len(line[i]) for line in [list(head)] + body)
              for i in range(len(head))]
    left = texts(head)
    print(f"\n{heading}")
    last = None
    for line in [list(head)] + body:
        shown = list(line)
        if shown[0] == last:
            shown[0] = ""
        last = line[0]
        print("  ".join(cell.ljust(width) if i < left else cell.rjust(width)
                        for i, (cell, width) in enumerate(zip(shown, widths))))


def markdown(heading, head, body):
    left = texts(head)
    yield f"## {heading}\n\n"
    yield "| " + " | ".join(head) + " |\n"
    yield "|" + "|".join("---" if i < left else "--:"
                         for i in range(len(head))) + "|\n"
    for line in body:
        yield "| " + " | ".join(line) + " |\n"
    yield "\n"


NOTES = """\
Written by `bench/run`.  Of several runs a figure is the median, what was lost or
failed the sum.  All on one machine over loopback: generator, server and
PostgreSQL share its cores.

- commit {commit}, {date}
- {cpu}, {cores} cores, {memory}, Linux {kernel}
- PostgreSQL {postgresql} (fsync on; {settings}), Kamailio {kamailio}

*Rollcall* writes everything it has answered to PostgreSQL.  *Kamailio durable*
does so too (usrloc `db_mode` 1, presence `subs_db_mode` 1, publications in the
database); *Kamailio fast* keeps it in memory and writes it back by timers
(`db_mode` 2, `subs_db_mode` 2), publications in memory only (`publ_cache` 2).
Its msilo always writes to the database.  Kamailio has 4 UDP and 4 TCP workers,
4 GB shared and 128 MB private memory, hash tables of 2^17
(`bench/lib/kamailio.sh`).  Lists are its rls module, in both modes with
`db_mode` 2.  Of works that would take it long it gets fewer operations
(`bench/lib/works.sh`).

*lost*: watchers who never got what was acknowledged last, acknowledged messages
that no device got.  *failed*: refused or not answered in 32 s.  *resent*:
requests sent again, either way.  *CPU us*: microseconds of CPU for one
operation, of all processes of the server; *+PgSQL* those of PostgreSQL.  For
NOTIFY an operation is one NOTIFY, and the latencies are from PUBLISH to the
last one.  For messages from the store they are from REGISTER to a message.
Growth is one run, in which each operation is measured three times at each size,
of other users each time where there are enough; there a subscription is one
from its SUBSCRIBE to the NOTIFY that ends it, four requests, beside those that
stay.
*MB*: of all processes, shared pages once.  A rate with * was limited by the
generator.

"""


def write_results(path, rows, machine):
    known = dict.fromkeys(("commit", "date", "cpu", "cores", "memory",
                           "kernel", "postgresql", "kamailio"),
                          "unknown")
    known.update(machine)
    with open(path, "w", encoding="utf-8") as out:
        out.write("# Results\n\n" + NOTES.format(**known))
        for heading, head, body in tables(rows):
            out.writelines(markdown(heading, head, body))
        out.write("The curves are in `bench/*.svg` (`bench/run --plot`).\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", metavar="FILE")
    parser.add_argument("figures")
    options = parser.parse_args()
    rows, machine = read(options.figures)
    rows = merge(rows)
    if not rows:
        sys.exit("report: no figures")
    for heading, head, body in tables(rows):
        print_plain(heading, head, body)
    print("\n* limited by the generator")
    if options.results:
        write_results(options.results, rows, machine)


if __name__ == "__main__":
    main()

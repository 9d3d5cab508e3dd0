"""Recordings -> a table: how many recorded exchanges the simulated stamp answers alike, by service and class.

A stamp per file is given the state its recording starts from, worked out from the recording itself; then each request
is asked in order, in process (`Stamp.handle`), by a principal that signed in, at the recorded time.
"""

import argparse
import json
import re
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from restamp.simulator import Stamp
from restamp.simulator.addresses import parse
from restamp.simulator.messages import Request
from restamp.simulator.recordings import Exchange, Seed, exchanges, initial_state

from .compare import Names, bodies, headers
from .scramble import scrambled

CLASSES = ("seeded read", "write", "error", "poll", "read after write")
BAR = 0.95
LONG = timedelta(hours=1)  # in which every operation but an update is done
JUDGED = {
    "microsoft.backup.admin": "Backup",
    "microsoft.compute.admin": "Compute",
    "microsoft.containerregistry.admin": "Container Registry",
    "microsoft.containerregistry.setup": "Container Registry",
    "microsoft.fabric.admin": "Fabric",
    "microsoft.keyvault.admin": "Key Vault",
    "microsoft.network.admin": "Network",
    "microsoft.network": "Network",
    "microsoft.storage.admin": "Storage",
    "microsoft.subscriptions.admin": "Subscriptions.Admin",
    "microsoft.update.admin": "Update",
    "": "Subscriptions (tenant)",
}


@dataclass
class Result:
    """One exchange, judged."""

    exchange: Exchange
    service: str
    kind: str
    differences: list[str] = field(default_factory=list)

    @property
    def shape(self) -> tuple[str, str, str, int]:
        """What sort of exchange this is."""
        return (
            self.service,
            self.exchange.method,
            "/".join(parse(self.exchange.path).types).lower(),
            self.exchange.status,
        )


@dataclass
class Outcome:
    """All that was judged, and what has no table."""

    results: list[Result] = field(default_factory=list)
    not_simulated: Counter[str] = field(default_factory=Counter)
    underivable: list[str] = field(default_factory=list)

    @property
    def conforming(self) -> int:
        """How many exchanges have no difference."""
        return sum(not result.differences for result in self.results)


def replay(recorded: list[Exchange], number: int | None = None) -> Outcome:
    """Return the judgement on recordings, scrambled with `number` when there is one."""
    outcome = Outcome()
    files: dict[str, list[Exchange]] = {}
    for exchange in recorded:
        service = JUDGED.get(parse(exchange.path).namespace.lower())
        if service is None:
            outcome.not_simulated[exchange.source.partition("/")[0]] += 1
        else:
            files.setdefault(exchange.source, []).append(exchange)
    for each in files.values():
        file = each if number is None else scrambled(each, number)
        seed = initial_state(file)
        outcome.underivable += [f"{file[0].source}: {identifier}" for identifier in seed.underivable]
        replayed = _File(seed)
        outcome.results += list(replayed.results(file))
        outcome.underivable += [f"{file[0].source}: {path}" for path in replayed.out_of_time]
    return outcome


class _File:
    """One recording against one stamp."""

    def __init__(self, seed: Seed) -> None:
        self.stamp = Stamp.from_seed(seed, domain="replay.example")
        self.principal = self.stamp.add_principal("replay", "Owner", scope="/")
        self.names = Names()
        self.names.learn(json.dumps([seed.objects, seed.placed, seed.provider_subscription]))
        self.polls: dict[str, datetime] = {}  # paths of operations, and when they began
        self.written: set[str] = set()
        self.out_of_time: list[str] = []

    def results(self, recorded: list[Exchange]) -> Iterator[Result]:
        """Yield each exchange, judged; identical polls in a row count once."""
        before: Exchange | None = None
        for exchange in recorded:
            if self._precedes_its_operation(exchange):
                self.out_of_time.append(exchange.path)
                continue
            again = before is not None and (exchange.url, exchange.status, exchange.answered) == (
                before.url,
                before.status,
                before.answered,
            )
            result = self._judged(exchange)
            if result.kind != "poll" or not again:
                yield result
            before = exchange
        self.stamp.close()

    def _precedes_its_operation(self, exchange: Exchange) -> bool:
        """Whether a poll was answered before what it asks for began: the recording was put together by hand."""
        began = self.polls.get(exchange.path.lower())
        return began is not None and _moment(exchange) < began - timedelta(seconds=1)

    def _judged(self, exchange: Exchange) -> Result:
        address = parse(exchange.path)
        result = Result(exchange, JUDGED[address.namespace.lower()], self._kind(exchange))
        self._set_clock(exchange)
        plane = "adminmanagement" if address.namespace else "management"
        audience = self.stamp.identities.audience(plane)
        token = self.stamp.identities.issue(self.principal, audience, lifetime=1e10)
        self.names.learn(exchange.path + (exchange.sent or ""))
        answer = self.stamp.handle(
            Request(
                method=exchange.method,
                host=self.stamp.state.host(plane),
                path=self.names.translate(exchange.path),
                query=exchange.query,
                headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
                body=self._sent(exchange).encode(),
            )
        )
        if answer.status != exchange.status:
            result.differences.append(f"status: {answer.status} instead of {exchange.status}")
        simulated = json.loads(answer.encoded() or b"null")
        result.differences += bodies("body", exchange.body, simulated, self.names)
        result.differences += headers(exchange.headers, answer.headers, self.names)
        self._follow(exchange)
        return result

    def _sent(self, exchange: Exchange) -> str:
        """What is sent: the recorder wrote placeholders for certificates, which no stamp would have taken."""
        sent = self.names.translate(exchange.sent or "")
        found = re.search(r'"encryptionCertBase64":\s*"([^"]*)"', sent)
        if found is None or found[1].startswith("MII"):
            return sent
        self.names.fresh["encryptionCertThumbprint"] = re.compile("[0-9A-F]{40}")
        return sent.replace(f'"{found[1]}"', f'"{certificate()}"')

    def _kind(self, exchange: Exchange) -> str:
        path = exchange.path.lower()
        if exchange.method == "GET" and path in self.polls:
            return "poll"
        if exchange.status >= 400:
            return "error"
        if exchange.method != "GET":
            return "write"
        kind = parse(exchange.path).type_key
        touched = path in self.written or (
            not parse(path).is_item and any(parse(w).type_key == kind for w in self.written)
        )
        return "read after write" if touched else "seeded read"

    def _follow(self, exchange: Exchange) -> None:
        """Remember what was written and which operations began."""
        if exchange.method != "GET" and exchange.status < 300:
            self.written.add(exchange.path.lower())
            for name in ("location", "azure-asyncoperation"):
                if name in exchange.headers:
                    path = "/" + exchange.headers[name].split("?")[0].split("/", 3)[3]
                    self.polls.setdefault(path.lower(), self.stamp.clock.now())

    def _set_clock(self, exchange: Exchange) -> None:
        """It is as late as it was; but how long an operation takes is the stamp's own affair: it runs as recorded."""
        moment = _moment(exchange)
        began = self.polls.get(exchange.path.lower())
        body = exchange.body
        running = exchange.status == 202 or (isinstance(body, dict) and body.get("status") in {"InProgress", "Running"})
        if began is not None and exchange.status not in {404, 405}:
            moment = began if running else max(moment, began + LONG)
        self.stamp.clock.set(moment)


def _moment(exchange: Exchange) -> datetime:
    return parsedate_to_datetime(exchange.headers["date"]) if "date" in exchange.headers else datetime.now(UTC)


@cache
def certificate() -> str:
    """A certificate that backups can be encrypted with, in base64."""
    key, day = rsa.generate_private_key(65537, 2048), datetime(2020, 1, 1, tzinfo=UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "backup")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + timedelta(days=9999))
    return b64encode(made.sign(key, SHA256()).public_bytes(Encoding.DER)).decode()


def table(outcome: Outcome) -> str:
    """Return the table that people read."""
    rows = [("service", *CLASSES, "all")]
    services = sorted({result.service for result in outcome.results})
    for service in [*services, None]:
        mine = [result for result in outcome.results if service in {None, result.service}]
        cells = [_share([result for result in mine if result.kind == kind]) for kind in CLASSES]
        rows.append((service or "all", *cells, _share(mine)))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _share(results: list[Result]) -> str:
    return f"{sum(not result.differences for result in results)}/{len(results)}" if results else "-"


def main(arguments: list[str] | None = None) -> int:
    """Judge the simulated stamp by recordings: 0 when enough conform, 1 when not, 2 without any."""
    cli = argparse.ArgumentParser(description="Replay recorded traffic against the simulated stamp.")
    cli.add_argument("folder", nargs="+", type=Path, help="a recording, or a folder of them")
    cli.add_argument("-v", "--verbose", action="store_true", help="show each difference")
    cli.add_argument("--scramble", type=int, metavar="N", help="rename all ids, names and regions first")
    args = cli.parse_args(arguments)
    recorded: list[Exchange] = []
    for folder in args.folder:
        try:
            recorded += exchanges(folder)
        except (OSError, ValueError) as wrong:
            print(f"conformance: {wrong}", file=sys.stderr)
            return 2
    outcome = replay(recorded, args.scramble)
    print(table(outcome))
    if args.verbose:
        _show(outcome)
    for source, many in sorted(outcome.not_simulated.items()):
        print(f"not simulated, not counted: {source} ({many} exchanges)")
    for each in outcome.underivable:
        print(f"not derivable, somebody else changed it meanwhile: {each}")
    print(f"{outcome.conforming} of {len(outcome.results)} exchanges conform")
    return 0 if outcome.results and outcome.conforming >= BAR * len(outcome.results) else 1


def _show(outcome: Outcome) -> None:
    for result in outcome.results:
        if result.differences:
            exchange, said = result.exchange, f"{result.exchange.status} ({result.kind})"
            print(f"\n{exchange.source} {exchange.scenario}: {exchange.method} {exchange.path} -> {said}")
            for difference in result.differences[:20]:
                print(f"  {difference[:600]}")

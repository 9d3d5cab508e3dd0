"""The journal: whole lines from many threads, intents with their results, one writer, a bounded size."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from restamp.arm.operations import Answer, Operation, ended, finish, remembered
from restamp.cli.journal import acts
from restamp.errors import Busy, OperationFailed, Rejected, Throttled, Unfinished, Unreachable
from restamp.journal import Journal

STAMP = "redmond.ext.contoso.example"
OPERATION = Operation("PUT /x", "/poll", "location", None, 1.0)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal."""
    made = Journal(STAMP, tmp_path)
    yield made
    made.close()


def lines(journal: Journal) -> list[dict[str, Any]]:
    """Every line of its file, each of which must be whole."""
    return [json.loads(line) for line in journal.path.read_text("utf-8").splitlines()]


def test_many_threads_write_whole_lines(journal: Journal) -> None:
    """Sixteen at once, some of them waiting for the disk: every line is there once, and every intent has an id."""

    def work(number: int) -> None:
        for step in range(50):
            intent = journal.intent("put", {"ref": f"{number}/{step}"})
            journal.write("operation", {"id": intent, "poll": f"{number}/{step}"}, durable=step % 10 == 0)
            journal.result(intent, "created", {})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = lines(journal)

    assert len(found) == 16 * 50 * 3
    assert len({entry["id"] for entry in found}) == 16 * 50
    assert len({entry["session"] for entry in found}) == 1
    assert [act.outcome for act in acts(found)] == ["created"] * 800


def test_a_torn_line_costs_nothing_but_itself(journal: Journal) -> None:
    """A process killed in the middle of a line: what comes later begins anew, and is read."""
    journal.write("session", {"target": "new"})
    journal.write("operation", {"poll": "/one"})
    journal.close()
    with journal.path.open("ab") as file:
        file.write(b'{"at": "2026-11-23", "event": "operation-ended", "poll": "/one"')
    with closing(Journal(STAMP, journal.path.parent)) as again:
        again.write("operation", {"poll": "/two"})

    assert [entry["poll"] for entry in again.unfinished()] == ["/one", "/two"]
    for odd in (b"\xff\xfe\n", b"[1]\n", b'{"at": "no event"}\n', b"\n"):
        with journal.path.open("ab") as file:
            file.write(odd)
    assert [entry["event"] for entry in again.entries()] == ["session", "operation", "operation"]


def test_operations_of_another_stamp_are_not_waited_for(journal: Journal) -> None:
    """They ended with it; those of the same target are, until their end is written down."""
    journal.write("session", {"target": "lost"})
    journal.write("operation", {"poll": "/old"}, durable=True)
    journal.write("session", {"target": "new"})
    assert journal.unfinished() == []
    journal.write("operation", {"poll": "/a"})
    journal.write("operation", {"poll": "/b"})
    journal.write("operation-ended", {"poll": "/a"})
    journal.write("session", {"target": "new"})
    assert [entry["poll"] for entry in journal.unfinished()] == ["/b"]


def test_one_writer_who_is_named(journal: Journal) -> None:
    """The second is told who writes; once the first has gone, it may."""
    journal.write("session", {})
    with closing(Journal(STAMP, journal.path.parent)) as second:
        with pytest.raises(Busy, match=f"another restamp is writing to {STAMP}: process {os.getpid()} since 2"):
            second.write("session", {})
        journal.close()
        second.write("session", {})
        assert len(list(second.entries())) == 2


def test_a_large_journal_is_put_by(tmp_path: Path) -> None:
    """Old files are kept, nine of them; what is unfinished begins the new one, and all is read in order."""
    for number in range(12):
        with closing(Journal(STAMP, tmp_path)) as journal:
            journal.write("session", {"target": "new"})
            journal.write("operation", {"poll": f"/{number}"})
            journal.write("operation-ended", {"poll": f"/{number - 1}"})
            journal.write("failed", {"message": "x" * (9 << 20)})
    with closing(journal):
        journal.write("session", {"target": "new"})

    files = sorted(path.name for path in tmp_path.glob("*.jsonl"))
    assert files == [*(f"{STAMP}.{number}.jsonl" for number in range(1, 10)), f"{STAMP}.jsonl"]
    assert [entry["poll"] for entry in journal.unfinished()] == ["/11"]
    polls = [entry["poll"] for entry in journal.entries() if entry["event"] == "operation-ended"]
    assert polls == [f"/{number}" for number in range(2, 11)]


def test_the_journal_is_for_its_owner_alone(journal: Journal) -> None:
    """Nobody else on the machine reads what is in a runbook."""
    journal.write("session", {})
    assert journal.path.stat().st_mode & 0o077 == 0


def test_an_operation_is_not_polled_for_ever() -> None:
    """Patience ends it with a sentence; meanwhile somebody hears that the stamp works."""
    said: list[str] = []
    working = Answer(202, {}, None)
    with pytest.raises(Unfinished, match="PUT /x: the stamp has not ended it after 0 s"):
        finish(OPERATION, lambda _url: working, lambda _seconds: None, patience=0.05, say=said.append)
    assert said[0] == "the stamp works on it: 0 s"


@pytest.mark.parametrize(
    ("error", "over"),
    [
        (None, True),
        (OperationFailed("PUT /x", "No", "no"), True),
        (Rejected("GET /poll", 404, "", "gone"), True),
        (Rejected("GET /poll", 403, "", "not you"), False),
        (Throttled("GET /poll", 429, "", "later"), False),
        (Unreachable("adminmanagement", "connection reset"), False),
        (Unfinished("PUT /x", "4 h"), False),
    ],
    ids=str,
)
def test_only_what_is_over_is_written_down_as_ended(error: Any, over: bool) -> None:
    """Where the way to it was lost, the next run asks again."""
    assert ended(error) is over


def test_a_line_of_another_restamp_is_no_operation() -> None:
    """What an operation is may change from release to release: then the object itself is looked at."""
    entry = {"at": "2026", "event": "operation", "id": "1"} | OPERATION.record()
    assert remembered(entry) == OPERATION
    assert remembered({key: value for key, value in entry.items() if key != "style"}) is None


def test_what_is_inside_of_something_is_told_with_it() -> None:
    """A group of one subscription is another one's too."""
    line = {"at": "2026-11-24T03:00:00.000+00:00", "session": "s", "id": "s-1", "kind": "Group", "ref": "app"}
    (act,) = acts([line | {"event": "put", "in": "c66cb1bf"}, line | {"event": "created"}])
    assert str(act) == "2026-11-24 03:00:00Z  created    Group app in c66cb1bf (0.0 s)"

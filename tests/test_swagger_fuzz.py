"""Microsoft's swagger against the running stamp: whatever it allows or forbids to send, the stamp never fails."""

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.asking import Desk, Dial

from restamp.simulator import Stamp, serve
from restamp.simulator.population import population

SWAGGER = Path(__file__).parent / "swagger"
FILES = sorted(file for file in SWAGGER.glob("*/*/*.json") if file.parts[-3] != "common-types")
TENANT = "user-subscriptions"
NAMES = ["Default Quota", "small", "gold", "default", "offers-rg", "..", "x y", "ü", "tenant-1"]
BOUNDED = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Fuzzed:
    """A populated stamp behind HTTPS, and what it answered."""

    def __init__(self, server: Any) -> None:
        self.stamp: Stamp = server.stamp
        self.desks = {plane: Desk(server.stamp, plane=plane) for plane in ("adminmanagement", "management")}
        self.session = requests.Session()
        self.session.trust_env = False
        self.ca = str(server.ca)
        self.session.mount("https://", Dial(server.port))
        self.statuses: Counter[int] = Counter()

    def send(self, case: Any, file: Path) -> requests.Response:
        """Send one case as the service admin."""
        desk = self.desks["management" if file.parts[-3] == TENANT else "adminmanagement"]
        if "api-version" in (case.query or {}):
            case.query["api-version"] = file.parts[-2]
        url = f"https://{self.stamp.state.host(desk.plane)}"
        headers = {"Authorization": f"Bearer {desk.token}"}
        answer: requests.Response = case.call(
            base_url=url, session=self.session, headers=headers, timeout=10, verify=self.ca
        )
        self.statuses[answer.status_code] += 1
        return answer


@pytest.fixture(scope="module")
def fuzzed() -> Iterator[Fuzzed]:
    stamp = Stamp(region="redmond", domain="ext.contoso.example")
    stamp.load(population(stamp, 5))
    with serve(stamp) as server:
        made = Fuzzed(server)
        yield made
        made.session.close()
    stamp.close()


def operations(file: Path) -> list[Any]:
    """Return what a swagger file describes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # schemathesis's own
        import schemathesis

        schema = schemathesis.openapi.from_path(file)
        return [found.ok() for found in schema.get_all_operations()]


def ask_all(fuzzed: Fuzzed, file: Path, operation: Any, mode: Any) -> None:
    """Send a bounded number of cases of one operation, half of them about things that are there."""
    known = {"subscriptionId": fuzzed.stamp.provider_subscription, "location": fuzzed.stamp.region}
    names = {parameter.name for parameter in operation.path_parameters}

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), name=st.sampled_from(NAMES), as_generated=st.booleans())
    def ask(case: Any, name: str, as_generated: bool) -> None:
        case.path_parameters = dict(case.path_parameters or {})
        case.path_parameters |= {key: value for key, value in known.items() if key in names}
        if not as_generated:
            case.path_parameters |= dict.fromkeys(names - set(known), name)
        answer = fuzzed.send(case, file)

        assert answer.status_code < 500, (case.method, case.formatted_path, answer.text)
        assert answer.status_code not in (401, 403), (case.method, case.formatted_path)
        if answer.status_code >= 400 and answer.content:
            assert {"error", "message"} & set(answer.json())

    ask()


@pytest.mark.filterwarnings("ignore")  # schemathesis's own
@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}-{file.stem}")
def test_no_request_makes_the_stamp_fail(fuzzed: Fuzzed, file: Path) -> None:
    """No 500, no broken connection, and no 403 for its owner, for what the swagger allows and what it does not."""
    from schemathesis import GenerationMode

    for operation in operations(file):
        ask_all(fuzzed, file, operation, GenerationMode.POSITIVE)
        if operation.body:
            ask_all(fuzzed, file, operation, GenerationMode.NEGATIVE)


@pytest.mark.filterwarnings("ignore")  # schemathesis's own
def test_the_fuzz_reaches_the_services(fuzzed: Fuzzed) -> None:
    """Requests are not all refused at the door: of one service's, many reads and writes go through."""
    from schemathesis import GenerationMode

    fuzzed.statuses.clear()
    for file in (file for file in FILES if file.parts[-3] == "subscriptions"):
        for operation in operations(file):
            ask_all(fuzzed, file, operation, GenerationMode.POSITIVE)

    assert fuzzed.statuses[200] + fuzzed.statuses[201] > fuzzed.statuses.total() / 4

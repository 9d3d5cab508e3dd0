"""Registration: a manual step with its values, or over the privileged endpoint where nobody reaches Azure."""

from pathlib import Path
from typing import Any

import pytest

from .conftest import Bench

OFFLINE = {
    "registration": {"name": "redmond", "connected": "false", "billing": "Capacity", "agreement": "12345"},
}


def activation(bench: Bench) -> Any:
    """What the stamp keeps of its activation."""
    return (bench.stamp.state.store.note("privileged endpoint") or {}).get("activation")


def test_a_connected_stamp_is_registered_by_the_operator_with_the_same_values(bench: Bench) -> None:
    """The command is whole, and the step stands behind the control plane."""
    bench.settings = {
        "registration": {"name": "redmond", "group": "hub", "subscription": "5ab1", "billing": "PayAsYouUse"},
    }
    step = bench.steps["registration"]

    assert (step.by, step.after[0]) == ("operator", "control-plane-restored")
    assert "Connect-AzAccount -Environment AzureCloud -Subscription 5ab1" in step.how
    assert "-RegistrationName redmond -ResourceGroupName hub -BillingModel PayAsYouUse" in step.how


def test_what_nobody_wrote_down_is_to_be_found_out(bench: Bench) -> None:
    """And not to be made up."""
    assert "-RegistrationName <as before>" in bench.steps["registration"].how


def test_a_disconnected_stamp_gives_a_token_and_takes_a_key(bench: Bench, tmp_path: Path) -> None:
    """People carry both; the key stands in no message."""
    bench.settings = OFFLINE
    told = [bench.ask("registration", pauses=2).message for _ in range(2)]
    (token,) = (tmp_path / "home").rglob("loss-registration-token.txt")
    assert told[0] == told[1]
    assert str(token) in told[0]
    assert "-RegistrationName redmond -ResourceGroupName azurestack" in told[0]
    assert activation(bench) is None

    token.with_name("loss-activation-key.txt").write_text("a key from Azure\n")
    found = bench.ask("registration")
    assert found.status == "done"
    assert "a key" not in found.message
    assert activation(bench)["token"]["AgreementNumber"] == "12345"


def test_a_stamp_is_activated_once(bench: Bench, tmp_path: Path) -> None:
    """Whatever answer is lost: the endpoint says what it has completed."""
    bench.settings = OFFLINE
    bench.ask("registration")
    (token,) = (tmp_path / "home").rglob("loss-registration-token.txt")
    token.with_name("loss-activation-key.txt").write_text("a key from Azure")
    since = ""
    for found in bench.survives("registration", "/wsman"):
        assert found.status == "done"
        since = since or activation(bench)["since"]
        assert activation(bench)["since"] == since
    assert since


def test_what_the_stamp_refuses_is_told(bench: Bench) -> None:
    """Capacity needs the number of an agreement."""
    bench.settings = {"registration": {"name": "redmond", "connected": "false", "billing": "Capacity"}}
    found = bench.ask("registration")

    assert found.status == "failed"
    assert "The billing model Capacity needs an agreement number." in found.message


@pytest.mark.parametrize("given", [{"name": ""}, {"name": "r", "billing": "Free"}, {"name": "r", "connected": "no"}])
def test_settings_that_cannot_be_are_refused(bench: Bench, given: dict[str, str]) -> None:
    """Before anything runs."""
    bench.settings = {"registration": given}
    with pytest.raises(ValueError, match="registration"):
        bench.steps  # noqa: B018

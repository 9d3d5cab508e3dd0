"""The releases of Azure Stack Hub in their order (documented), and what a build of one is called."""

TRAINS = (
    *("1802", "1803", "1804", "1805", "1807", "1808", "1809", "1811"),
    *("1901", "1902", "1903", "1904", "1905", "1906", "1907", "1908", "1910"),
    *("2002", "2005", "2008", "2102", "2108", "2206", "2301", "2306", "2311", "2406", "2408", "2501", "2506"),
)
BUILDS = {"2408": "1.2408.0.19", "2501": "1.2501.0.21", "2506": "1.2506.0.15"}  # the others are made up


def train(version: str) -> str:
    """Return the release of a version: `2301` of `1.2301.2.58`."""
    return version.split(".")[1] if version.count(".") > 1 else version


def after(version: str) -> str | None:
    """Return the first build of the next release, which an update leads to; None after the newest and the unknown."""
    here = train(version)
    at = TRAINS.index(here) + 1 if here in TRAINS else len(TRAINS)
    return BUILDS.get(TRAINS[at], f"1.{TRAINS[at]}.0.10") if at < len(TRAINS) else None


def apart(older: str, newer: str) -> int | None:
    """Return by how many releases a version is newer than another; None when a release is unknown and not the same."""
    if train(older) == train(newer):
        return 0
    known = {train(older), train(newer)} <= set(TRAINS)
    return TRAINS.index(train(newer)) - TRAINS.index(train(older)) if known else None

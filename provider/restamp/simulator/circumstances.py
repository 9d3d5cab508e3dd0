"""A stamp under hard circumstances: slow, throttled, with pages and short tokens, as options of one function."""

from .budgets import Budgets, Latency
from .stamp import Stamp


def put_under(
    stamp: Stamp,
    budgets: Budgets | None = None,
    latency: Latency | None = None,
    *,
    page_size: int = 0,
    token_lifetime: int = 3600,
    hurried: bool = False,
) -> Stamp:
    """Return the stamp, which from now on answers under these circumstances and no others; nothing is the default.

    `page_size` is objects a page, 0 for lists without pages; `token_lifetime` is seconds of the stamp's clock, for
    tokens issued from now on. A `hurried` stamp's clock jumps on by what clients are told to wait, which is then
    nothing: operations take as many polls as ever, and no time.
    """
    stamp.budgets, stamp.latency, stamp.page_size = budgets or Budgets(), latency or Latency(), page_size
    stamp.identities.lifetime = token_lifetime
    stamp.hurried = hurried
    return stamp

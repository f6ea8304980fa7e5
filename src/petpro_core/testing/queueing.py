"""What queueing theory and a slow replay say about waits: the oracle of ``petpro_core.forecast``.

Plain Python, and nothing of the code it judges. Classes of customers stand in order of urgency, most urgent first.
Rates and lengths are in any one unit of time. Waits are waits before service, in the long run; the load is below 1.

    >>> mix = [exponential(0.008, 20), lognormal(0.016, 15, 0.5), fixed(0.036, 10)]
    >>> [round(wait, 4) for wait in strict_waits(mix)]
    [8.631, 14.3849, 50.3472]
    >>> [round(wait, 4) for wait in accumulating_waits(mix, [4, 2, 1])]
    [16.4694, 25.0584, 39.7478]

Source: Kleinrock, Nav. Res. Logist. Q. 11:329 (1964); Cobham, Oper. Res. 2:70 (1954); Stanford, Taylor and Ziedins,
Queueing Syst. 77:297 (2014); explanation/waiting.md.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = [
    "Traffic",
    "accumulating_waits",
    "book_tail",
    "book_wait",
    "erlang_c",
    "erlang_quantile",
    "exponential",
    "fifo_second_moment",
    "fifo_tail",
    "fifo_wait",
    "first_wait",
    "fixed",
    "load",
    "lognormal",
    "replay",
    "strict_second_moments",
    "strict_waits",
    "top_tail",
]


class Traffic(NamedTuple):
    """One class: how often its customers come, and the first three moments of how long they take."""

    rate: float
    mean: float
    second: float
    third: float


def exponential(rate: float, mean: float) -> Traffic:
    """A class whose visits have exponential lengths."""
    return Traffic(rate, mean, 2 * mean**2, 6 * mean**3)


def fixed(rate: float, mean: float) -> Traffic:
    """A class whose visits all take the same time."""
    return Traffic(rate, mean, mean**2, mean**3)


def lognormal(rate: float, mean: float, cv: float) -> Traffic:
    """A class whose visits have lognormal lengths, with this coefficient of variation."""
    spread = 1 + cv**2
    return Traffic(rate, mean, mean**2 * spread, mean**3 * spread**3)


def load(traffic: Sequence[Traffic], servers: int = 1) -> float:
    """The share of the servers' time that is asked for."""
    return sum(one.rate * one.mean for one in traffic) / servers


def erlang_c(servers: int, offered: float) -> float:
    """The chance that somebody must wait, where every visit is exponential with one mean; ``offered`` = rate x mean.

    >>> round(erlang_c(2, 1), 6), round(erlang_c(3, 2), 6)
    (0.333333, 0.444444)
    """
    last = offered**servers / math.factorial(servers) / (1 - offered / servers)
    return last / (sum(offered**n / math.factorial(n) for n in range(servers)) + last)


def first_wait(traffic: Sequence[Traffic], servers: int = 1) -> float:
    """W0: the mean time until the first server is free, as somebody who comes finds it.

    With several servers every class must have the same exponential lengths.
    """
    if servers == 1:
        return sum(one.rate * one.second for one in traffic) / 2
    mean = traffic[0].mean
    offered = sum(one.rate for one in traffic) * mean
    return erlang_c(servers, offered) * mean / servers


def fifo_wait(traffic: Sequence[Traffic], servers: int = 1) -> float:
    """The mean wait of everybody, first come first served (Pollaczek and Khinchine; Erlang)."""
    return first_wait(traffic, servers) / (1 - load(traffic, servers))


def _sums(traffic: Sequence[Traffic], servers: int) -> list[float]:
    return [load(traffic[:count], servers) for count in range(len(traffic) + 1)]


def strict_waits(traffic: Sequence[Traffic], servers: int = 1) -> list[float]:
    """The mean wait of each class where the more urgent always goes first (Cobham)."""
    first, sums = first_wait(traffic, servers), _sums(traffic, servers)
    return [first / ((1 - before) * (1 - upto)) for before, upto in itertools.pairwise(sums)]


def accumulating_waits(traffic: Sequence[Traffic], rates: Sequence[float], servers: int = 1) -> list[float]:
    """The mean wait of each class where each earns points at its rate while it waits (Kleinrock)."""
    share = [load([one], servers) for one in traffic]
    waits = [0.0] * len(traffic)
    for k in reversed(range(len(traffic))):
        later = sum(share[i] * waits[i] * (1 - rates[i] / rates[k]) for i in range(k + 1, len(traffic)))
        sooner = sum(share[i] * (1 - rates[k] / rates[i]) for i in range(k))
        waits[k] = (fifo_wait(traffic, servers) - later) / (1 - sooner)
    return waits


def fifo_second_moment(traffic: Sequence[Traffic]) -> float:
    """E[W^2] with one server, first come first served."""
    third = sum(one.rate * one.third for one in traffic)
    return 2 * fifo_wait(traffic) ** 2 + third / (3 * (1 - load(traffic)))


def strict_second_moments(traffic: Sequence[Traffic]) -> list[float]:
    """E[W^2] of each class with one server, where the more urgent always goes first."""
    second = [one.rate * one.second for one in traffic]
    third = sum(one.rate * one.third for one in traffic)
    sums = _sums(traffic, 1)
    found = []
    for k in range(len(traffic)):
        before, upto = 1 - sums[k], 1 - sums[k + 1]
        found.append(
            third / (3 * before**2 * upto)
            + sum(second) * sum(second[: k + 1]) / (2 * before**2 * upto**2)
            + sum(second) * sum(second[:k]) / (2 * before**3 * upto)
        )
    return found


def fifo_tail(rate: float, mean: float, servers: int, wait: float) -> float:
    """P(W > wait), first come first served, with exponential lengths."""
    return erlang_c(servers, rate * mean) * math.exp(-(servers / mean - rate) * wait)


def top_tail(top: float, rate: float, mean: float, servers: int, wait: float) -> float:
    """P(W > wait) of the most urgent class, which comes at rate ``top`` of ``rate``, where it always goes first."""
    return erlang_c(servers, rate * mean) * math.exp(-(servers / mean - top) * wait)


def erlang_quantile(count: int, rate: float, share: float) -> float:
    """What a sum of ``count`` exponential times of this rate stays below with probability ``share``."""

    def below(time: float) -> float:
        return 1 - sum(math.exp(-rate * time) * (rate * time) ** n / math.factorial(n) for n in range(count))

    return _root(lambda time: below(time) - share, 0, 100 * count / rate)


def _root(rising: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def _book_root(slot: float, mean: float, no_show: float) -> float:
    def gap(root: float) -> float:
        s = (1 - root) / mean
        return root - (1 - no_show) * math.exp(-s * slot) / (1 - no_show * math.exp(-s * slot))

    # 1 is a root as well; the one that counts lies below it.
    return _root(gap, 0, 1 - 1e-9)


def book_wait(slot: float, mean: float, no_show: float) -> float:
    """The mean wait in a book of equal slots, one server, exponential lengths, and people who do not come.

    >>> round(book_wait(20, 15, 0), 3), round(book_wait(20, 15, 0.15), 3)
    (18.011, 11.024)
    """
    root = _book_root(slot, mean, no_show)
    return root * mean / (1 - root)


def book_tail(slot: float, mean: float, no_show: float, wait: float) -> float:
    """P(W > wait) in such a book."""
    root = _book_root(slot, mean, no_show)
    return root * math.exp(-(1 - root) * wait / mean)


_NEVER: Final = math.inf


# An event-driven replay that looks at one instant after another. The forecast's dispatch looks ahead for the next
# instant at which anything can happen, on all paths at once; that the two agree is what the tests ask.
def replay(
    customers: Sequence[dict[str, Any]],
    servers: Sequence[dict[str, Any]],
    order: Callable[[dict[str, Any], float], Any],
) -> tuple[dict[int, tuple[float, int]], dict[tuple[int, int], float]]:
    """Serve everybody, one instant after another.

    Args:
        customers: ``id``, ``ready``, and by server ``lengths`` and ``expected`` (``None`` = that server may not).
        servers: ``free``, and ``windows``: in order of time ``start``, ``floor``, ``length``.
        order: Who goes first, of a customer and an instant; the smaller.

    Returns:
        By customer when the visit began and with whom; by (server, window) when it began.
    """
    waiting = {one["id"]: one for one in customers}
    free = [one["free"] for one in servers]
    ahead = [list(one["windows"]) for one in servers]
    begun: dict[int, tuple[float, int]] = {}
    entered: dict[tuple[int, int], float] = {}

    def fits(one: dict[str, Any], server: int, now: float) -> bool:
        expected = one["expected"][server]
        edge = ahead[server][0]["start"] if ahead[server] else _NEVER
        return expected is not None and one["ready"] <= now and now + expected <= edge

    now = min(free, default=0)
    while True:
        for server, windows in enumerate(ahead):
            while windows and max(free[server], windows[0]["start"]) <= now:
                window = windows.pop(0)
                entered[server, len(servers[server]["windows"]) - len(windows) - 1] = max(free[server], window["start"])
                free[server] = max(window["floor"], max(free[server], window["start"]) + window["length"])
        able = [
            (free[server], server)
            for server in range(len(servers))
            if free[server] <= now and any(fits(one, server, now) for one in waiting.values())
        ]
        if able:
            _, server = min(able)
            chosen = min((one for one in waiting.values() if fits(one, server, now)), key=lambda one: order(one, now))
            begun[chosen["id"]] = (now, server)
            free[server] = now + chosen["lengths"][server]
            del waiting[chosen["id"]]
            continue
        moments = [*free, *(one["ready"] for one in waiting.values()), *(w[0]["start"] for w in ahead if w)]
        later = [moment for moment in moments if moment > now and moment < _NEVER]
        if not later:
            return begun, entered
        now = min(later)

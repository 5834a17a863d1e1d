"""What a result says of strategies against each other (`significance.py` computes it)."""

from itertools import chain

from msgspec import Struct


class Friedman(Struct, frozen=True, kw_only=True):
    """Whether the strategies rank alike over trials."""

    statistic: float
    """Chi-squared."""
    p: float
    """How likely so large a statistic is where strategies do not differ."""


class Pair(Struct, frozen=True, kw_only=True):
    """Two strategies after one number of queries, paired over trials."""

    one: str
    """A strategy."""
    other: str
    """Another one."""
    trials: int
    """Compared: those that both have, with a report of both."""
    difference: float | None
    """Mean report of one less that of other."""
    ci95: tuple[float, float] | None
    """95 % bootstrap interval of the difference."""
    superiority: float | None
    """Share of the trials in which one is better; equal ones count half."""
    p: float
    """Wilcoxon's signed-rank test, two-sided; 1 where nothing could be compared."""
    p_holm: float
    """The same by Holm's correction over all pairs."""


class Differences(Struct, frozen=True, kw_only=True):
    """All pairs after one number of queries."""

    friedman: Friedman | None
    """Null for two strategies."""
    ranks: dict[str, float | None]
    """By strategy: mean rank over trials, 1 is best; null where no trial has a report of all."""
    groups: list[list[str]]
    """Strategies that are not told apart, by neighbours in rank."""
    pairs: list[Pair]
    """Every two strategies."""


class Significance(Struct, frozen=True, kw_only=True):
    """Whether strategies differ."""

    test: str
    """Which test, in words."""
    correction: str
    """For several tests, in words."""
    level: float
    """Of significance."""
    trials: int
    """That all strategies have."""
    after: dict[int, Differences]
    """By number of queries."""

    @property
    def names(self) -> set[str]:
        """All strategies named here."""
        return {
            name
            for one in self.after.values()
            for name in chain(one.ranks, *one.groups, *((pair.one, pair.other) for pair in one.pairs))
        }


class Ranks(Struct, frozen=True, kw_only=True):
    """Mean rank over queries."""

    trials: int
    """That all strategies have."""
    queries: list[int]
    """After so many: all, or 400 of them."""
    mean: dict[str, list[float | None]]
    """By strategy, as long as `queries`."""

    def __post_init__(self) -> None:
        if any(len(values) != len(self.queries) for values in self.mean.values()):
            raise ValueError("the lists of ranks are not as long as queries")


class Shares(Struct, frozen=True, kw_only=True):
    """The profile of one strategy: lists as long as `tau`."""

    share: list[float]
    """Of the runs whose report is tau or better."""
    lo: list[float]
    """Lower ends of 95 % bootstrap intervals."""
    hi: list[float]
    """Upper ends."""


class Profile(Struct, frozen=True, kw_only=True):
    """Performance profile (Agarwal et al. 2021): the share of runs whose report is tau or better."""

    queries: int
    """After so many."""
    tau: list[float]
    """Reports, ascending."""
    strategies: dict[str, Shares]
    """By strategy."""

    def __post_init__(self) -> None:
        lists = (values for one in self.strategies.values() for values in (one.share, one.lo, one.hi))
        if any(len(values) != len(self.tau) for values in lists):
            raise ValueError("the lists of a profile are not as long as tau")

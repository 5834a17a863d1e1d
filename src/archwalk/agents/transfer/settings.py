"""Settings of the agent that is trained over several tasks."""

from dataclasses import dataclass
from typing import ClassVar

from archwalk.errors import unknown
from archwalk.strategies.checks import Count, CountOrZero, NotNegative, Positive, check_settings

WITHOUT = ("", "profile", "description", "sources")


@dataclass(frozen=True)
class TransferSettings:
    """`samples` architectures are evaluated on each source task: the benchmark that training is asked for, and those
    named in `then` (commas between).

    `members` networks of `width` learn what architectures are worth on every source, by `updates` steps each. The
    kernel is chosen over `fitted` architectures a source by `kernel_steps` of the optimiser. Then each source is
    searched as if it were new, `rehearsed` queries long, to choose how the agent begins and how curious it is, each by
    its mean over the other's choices.

    `bound_share` says how far above the best reward the bound lies whose logarithmic distance is learned, as in
    `graph-gp`. For ablations, `without` leaves a part of the kernel out, and `first` (how many begin; 0: chosen by
    rehearsal) and `optimism` (deviations above the mean; 0: chosen) are fixed.
    """

    length: ClassVar[str] = "updates"
    """The setting that says how long training is."""

    then: str = ""
    samples: Count = 8_000
    members: Count = 2
    width: Count = 128
    updates: Count = 1_000
    batch: Count = 256
    learning_rate: Positive = 3e-3
    weight_decay: NotNegative = 0.1
    fitted: Count = 150
    kernel_steps: Count = 30
    rehearsed: Count = 100
    bound_share: Positive = 0.2
    without: str = ""
    first: CountOrZero = 0
    optimism: NotNegative = 0.0

    def __post_init__(self) -> None:
        check_settings(self)
        if self.without not in WITHOUT:
            raise unknown("part of the kernel", self.without, [name for name in WITHOUT if name])

    @property
    def later_benchmarks(self) -> list[str]:
        """The names in `then`."""
        return [name.strip() for name in self.then.split(",") if name.strip()]

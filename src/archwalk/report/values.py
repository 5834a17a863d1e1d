"""How values are written: what a percentage, a raw score, milliseconds and a number of parameters are told as.

Every table, figure, sentence and line of the terminal writes them by this. Plain text: who shows it escapes it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

from archwalk.estimators.metrics import Metric

NBSP = "\N{NO-BREAK SPACE}"
"""Stands between a number and its unit."""

MINUS = "\N{MINUS SIGN}"

ABSENT = "–"
"""Stands for what is not known."""

DECIMALS = 2


@dataclass(frozen=True)
class Format:
    """How values of a metric are written, with as many decimals as all of a page have."""

    metric: Metric
    decimals: int = DECIMALS

    @classmethod
    def of(cls, metric: Metric, values: Iterable[float | None]) -> "Format":
        """That which fits these values: two decimals, none from thousands on, three digits of what is small."""
        largest = max((abs(value) for value in values if value is not None), default=1.0)
        if metric.unit == "%" or 0.1 <= largest < 1000 or largest == 0:
            return cls(metric)
        return cls(metric, 0 if largest >= 1000 else 2 - math.floor(math.log10(largest)))

    def number(self, value: float | None) -> str:
        """Say `93.86`, without the unit."""
        return ABSENT if value is None else _minus(f"{_rounded(value, self.decimals):,.{self.decimals}f}")

    def value(self, value: float | None) -> str:
        """Say `93.86 %`, `12.30 ms`, `1,204,000 parameters`, or `8.25` for a raw score."""
        unit = self.metric.unit
        return f"{self.number(value)}{NBSP}{unit}" if unit and value is not None else self.number(value)

    def interval(self, ends: tuple[float, float]) -> str:
        """Say `93.80 to 93.92`."""
        return f"{self.number(ends[0])} to {self.number(ends[1])}"

    def signed(self, value: float | None) -> str:
        """Say `+2.50`: a change without its unit, zero without a sign."""
        return ABSENT if value is None else points(value, self.decimals)

    def change(self, value: float | None) -> str:
        """Say `+2.50 points` or `+1.20 ms`."""
        return self.signed(value) if value is None or not self.unit else f"{self.signed(value)} {self.unit}"

    @property
    def unit(self) -> str:
        """That of changes: of percentages it is points."""
        return "points" if self.metric.unit == "%" else self.metric.unit

    @property
    def axis(self) -> str:
        """Say `test accuracy (%)`, the title of an axis."""
        return f"{self.metric.name} ({self.metric.unit})" if self.metric.unit else self.metric.name

    @property
    def described(self) -> str:
        """Say `test accuracy in percent` or `latency in ms, lower is better`."""
        unit = {"": "", "%": " in percent"}.get(self.metric.unit, f" in {self.metric.unit}")
        return f"{self.metric.name}{unit}" + ("" if self.metric.higher_is_better else ", lower is better")


def percent(value: float, decimals: int = DECIMALS) -> str:
    """Say `93.86 %`."""
    return f"{value:.{decimals}f}{NBSP}%"


def points(value: float, decimals: int = DECIMALS) -> str:
    """Say `+2.50`: a number with its sign, zero without one."""
    shown = _rounded(value, decimals)
    return _minus(f"{shown:+,.{decimals}f}" if shown else f"{shown:.{decimals}f}")


def count(value: float) -> str:
    """Say `12,000`."""
    return f"{round(value):,}"


def counted(value: float, thing: str) -> str:
    """Say `1 query` or `150 queries`."""
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count(value)}{NBSP}{thing if round(value) == 1 else plural}"


def p_text(p: float) -> str:
    """Say `p = 0.012` or `p < 0.001`."""
    return f"p{NBSP}<{NBSP}0.001" if p < 0.001 else f"p{NBSP}={NBSP}{p:.3f}"


def _rounded(value: float, decimals: int) -> float:
    """Rounded as it is shown, never to minus zero."""
    return float(f"{value:.{decimals}f}") + 0.0


def _minus(text: str) -> str:
    return text.replace("-", MINUS)

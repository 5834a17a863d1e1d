"""Drawings of the architectures that a comparison names. Printing does without them: they take a third of a second."""

import msgspec

from archwalk.experiments.records import Comparison, Found, StrategyResult
from archwalk.spaces.base import SearchSpace


def with_drawings(comparison: Comparison, space: SearchSpace) -> Comparison:
    """The comparison with a drawing of every architecture in it."""

    def drawn(found: Found) -> Found:
        return msgspec.structs.replace(found, svg=space.draw(space.parse(found.description)))

    def of(strategy: StrategyResult) -> StrategyResult:
        examples = [
            msgspec.structs.replace(one, start=drawn(one.start), found=drawn(one.found))
            for one in strategy.examples
        ]
        found = drawn(strategy.found) if strategy.found else None
        return msgspec.structs.replace(strategy, found=found, examples=examples)

    strategies = {name: of(strategy) for name, strategy in comparison.strategies.items()}
    return msgspec.structs.replace(comparison, strategies=strategies)

"""appendix B: the best networks of every experiment, drawn, with their accuracy."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from archwalk.errors import ArchwalkError
from archwalk.papers.gomezrobles2019 import exp1, exp2, exp3
from archwalk.papers.gomezrobles2019.evolution import networks
from archwalk.papers.gomezrobles2019.exp1 import META
from archwalk.papers.gomezrobles2019.sizes import data_settings, find_size
from archwalk.papers.gomezrobles2019.trace import Trial
from archwalk.papers.item import Answer, Item
from archwalk.papers.setup import Setup


def compute(setup: Setup, benchmark: str) -> Answer:
    """The best of each data set in training, the best two of each unseen one, the best with branches."""
    size, groups = find_size(setup), list[dict[str, Any]]()
    train = setup.load_each(size.train)
    values = setup.keep_all(exp1.meta_parts(setup, size, train), "the training of experiment 1")
    for number, one in enumerate(train):
        groups.append(group("Figure 18", one, META, [value["trials"][number] for value in values], 1))
    unseen = setup.load_each(size.unseen)
    trials, _ = exp2.play_all(setup, size, unseen)
    groups += [group("Figures 19 and 20", one, META, trials[one.name][META], 2) for one in unseen]
    data = [*train, *unseen]
    try:
        (branching,) = setup.load_each([size.branching])
        by_sigma, _ = exp3.train_all(setup, size)
        groups += [
            group("Figure 21", branching, name, found, 1) for name, found in by_sigma[branching.name].items()
        ]
        data.append(branching)
    except ArchwalkError as error:
        setup.note(f"Without the networks of experiment 3: {error}")
    return Answer(data_settings(setup, data) | {"accuracy": "reward, and test accuracy"}, {"groups": groups})


def group(figure: str, benchmark: Any, agent: str, trials: list[Trial], count: int) -> dict[str, Any]:
    """The best networks of some trials, drawn."""
    found = networks(benchmark.space, trials, count)
    for one in found:
        one["svg"] = benchmark.space.draw(benchmark.space.parse(one["architecture"]))
    return {"figure": figure, "data": benchmark.name, "agent": agent, "networks": found}


def depends(setup: Setup) -> Mapping[str, Any]:
    """All that the experiments depend on; experiment 3 may not be here."""
    found: dict[str, Any] = {"exp1": exp1.depends(setup), "exp2": exp2.depends(setup), "exp3": None}
    with suppress(ArchwalkError):
        found["exp3"] = exp3.depends(setup)
    return found


ITEM = Item("appendix-b", "Figures 18 to 21", "The best networks", "networks", compute, depends=depends)

"""AlphaX: Monte Carlo tree search over the construction of an architecture (Wang, Zhao, Jinnai, Tian, Fonseca, 2018).

A node of the tree is the beginning of an architecture. A simulation goes down by UCT to a node that is new, completes
it at random and evaluates that architecture; a meta-network, learned from what was evaluated, predicts some more random
completions at no query. The mean of the evaluation and of the mean prediction goes up the tree.

From the paper and its code: UCT with Cp = 2 on accuracies between 0 and 1, 10 predicted completions, a perceptron of
four hidden layers. Ours: architectures are built decision by decision as `space.choices` lists them, which works on
any space (the paper adds vertices and edges in any order and ends where it likes); a completion that is no valid
architecture is drawn again; what was evaluated before costs no query; until the meta-network was trained the evaluation
alone counts. The network is smaller and trained more often than the paper's (512, 2048, 2048 and 512 units, after
every 100 architectures), which is made for thousands of evaluations. Transfer between tasks is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from archwalk.estimators.base import Floats
from archwalk.learning.ensemble import Perceptrons, predict
from archwalk.learning.perceptron_training import fit_epochs
from archwalk.learning.seeding import made_from
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.checks import Count, CountOrZero, NotNegative, Positive, check_settings
from archwalk.strategies.history import History
from archwalk.strategies.per_trial import PerTrial, Searcher

_HIDDEN_LAYERS = 4
_DRAWS = 64  # completions drawn at once, of which the valid ones are taken
_TRIES = 20
_SIMULATIONS_A_QUERY = 50  # those that end at what is known already; then it is evaluated again


@dataclass(frozen=True)
class AlphaXSettings:
    """`exploration` is Cp, `rollouts` are the predicted completions of a new node. The meta-network, four layers of
    `width`, is trained after every `retrain` evaluations for `epochs` passes in minibatches of `batch`.
    """

    exploration: NotNegative = 2.0
    rollouts: CountOrZero = 10
    retrain: Count = 10
    width: Count = 64
    epochs: Count = 40
    batch: Count = 32
    learning_rate: Positive = 2e-3

    def __post_init__(self) -> None:
        check_settings(self)


def uct(mean_A: Floats, visits_A: NDArray[np.int64], parent_visits: int, exploration: float) -> Floats:
    """Mean + 2 Cp sqrt(2 log N / n) (the code); infinite for what was never visited."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bonus_A = 2 * exploration * np.sqrt(2 * np.log(parent_visits) / visits_A)
    values: Floats = np.where(visits_A > 0, mean_A + bonus_A, np.inf)
    return values


class Tree:
    """Nodes are numbered as they are made, the root first; each knows its parent and the choice that led to it."""

    def __init__(self) -> None:
        self.parents, self.choices, self.visits, self.means = [-1], [-1], [1], [0.0]
        self._children: dict[tuple[int, int], int] = {}

    def child(self, node: int, choice: int) -> int | None:
        """The node after a choice, if there is one."""
        return self._children.get((node, choice))

    def grow(self, node: int, choice: int) -> int:
        """A new node, not visited yet."""
        new = len(self.parents)
        for column, value in (
            (self.parents, node), (self.choices, choice), (self.visits, 0), (self.means, 0.0),
        ):  # fmt: skip
            column.append(value)  # type: ignore[arg-type]
        self._children[node, choice] = new
        return new

    def prefix(self, node: int) -> list[int]:
        """The choices from the root."""
        path = []
        while node:
            path.append(self.choices[node])
            node = self.parents[node]
        return path[::-1]

    def scores(self, node: int, options: int, exploration: float) -> Floats:
        """UCT (options,) of the choices at a node."""
        children = [self.child(node, choice) for choice in range(options)]
        mean_A = np.array([0.0 if child is None else self.means[child] for child in children])
        visits_A = np.array([0 if child is None else self.visits[child] for child in children])
        return uct(mean_A, visits_A, self.visits[node], exploration)

    def propagate(self, node: int, value: float) -> None:
        """A visit of the node and of all above it."""
        while node >= 0:
            self.visits[node] += 1
            self.means[node] += (value - self.means[node]) / self.visits[node]
            node = self.parents[node]

    def state_dict(self) -> dict[str, Any]:
        """The columns."""
        return {
            "parents": np.array(self.parents), "choices": np.array(self.choices),
            "visits": np.array(self.visits), "means": np.array(self.means),
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        for name in ("parents", "choices", "visits", "means"):
            setattr(self, name, np.asarray(state[name]).tolist())
        nodes = enumerate(zip(self.parents, self.choices, strict=True))
        self._children = {place: node for node, place in nodes if node}


class AlphaXSearcher(Searcher):
    """One trial: a query a simulation."""

    def __init__(self, trial: Trials, settings: AlphaXSettings) -> None:
        super().__init__(trial, settings)
        self.settings: AlphaXSettings = settings
        self.tree = Tree()
        self.history = History(self.space)
        self.node = 0
        """The node whose completion is being evaluated."""
        self.predicted: float | None = None
        """The mean prediction of its other completions."""
        self.network: Perceptrons | None = None
        self.centre, self.spread = 0.0, 1.0

    def propose(self) -> Codes:
        """Simulate until there is something to evaluate: (1, L)."""
        code_KL = self.history.codes_EL[:0]
        for _ in range(_SIMULATIONS_A_QUERY):
            self.node = self._descend()
            completions_NL = self._complete(self.node)
            if not len(completions_NL):
                self.tree.propagate(self.node, 0.0)  # the code: nothing valid begins like this
                continue
            code_KL = completions_NL[:1]
            self.predicted = self._predict(completions_NL[1:])
            known = self.history.reward_of(code_KL[0])
            if known is None:
                break
            self._back_up(known)
        else:  # what was backed up last is evaluated again; or, where nothing valid was found, a sampled one
            self.predicted = None
            if not len(code_KL):
                code_KL = self.space.sample(self.rng, 1)
        return code_KL

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        """Back the evaluation up; train the meta-network now and then."""
        self.history.add(codes_KL, rewards_K)
        self._back_up(float(self.history.targets()[-1]))
        if len(self.history) % self.settings.retrain == 0 and self.settings.rollouts:
            self._train()

    def _descend(self) -> int:
        """The first new node on the way that UCT takes, or a complete architecture."""
        node = 0
        for options in self.space.choices:
            scores_A = self.tree.scores(node, options, self.settings.exploration)
            choice = int(self.rng.choice(np.flatnonzero(scores_A == scores_A.max())))
            child = self.tree.child(node, choice)
            if child is None:
                return self.tree.grow(node, choice)
            node = child
        return node

    def _complete(self, node: int) -> Codes:
        """Random valid completions (N, L) of a node: one to evaluate and those to predict, where so many are found.

        A complete architecture is its own and only completion.
        """
        sizes = np.array(self.space.choices)
        prefix = self.tree.prefix(node)
        complete = len(prefix) == len(sizes)
        wanted = 1 if complete else 1 + self.settings.rollouts
        found_NL = self.history.codes_EL[:0]
        for _ in range(1 if complete else _TRIES):
            choices_BC = self.rng.integers(0, sizes, (_DRAWS, len(sizes)), dtype=np.int32)
            choices_BC[:, : len(prefix)] = prefix
            drawn_BL = self.space.from_choices(choices_BC)
            found_NL = np.concatenate([found_NL, drawn_BL[drawn_BL[:, 0] >= 0]])
            if len(found_NL) >= wanted:
                break
        return found_NL[:wanted]

    def _predict(self, codes_NL: Codes) -> float | None:
        """Mean reward that the meta-network expects, what was evaluated aside: that is known."""
        if self.network is None or not len(codes_NL):
            return None
        rewards_N = self.centre + self.spread * predict(self.network, self.space.features(codes_NL))[0]
        for n, code_L in enumerate(codes_NL):
            known = self.history.reward_of(code_L)
            rewards_N[n] = rewards_N[n] if known is None else known
        return float(rewards_N.mean())

    def _back_up(self, reward: float) -> None:
        value = reward if self.predicted is None else (reward + self.predicted) / 2
        self.tree.propagate(self.node, value / 100)  # accuracies are in percent

    def _train(self) -> None:
        """A new meta-network, from what was evaluated."""
        settings, rewards_E = self.settings, self.history.targets()
        self.centre, self.spread = float(rewards_E.mean()), max(float(rewards_E.std()), 1e-9)
        features_EF = self.space.features(self.history.codes_EL)
        self.network = self._make_network(int(self.rng.integers(2**31)))
        fit_epochs(
            self.network, features_EF, (rewards_E - self.centre) / self.spread,
            self.rng, error="squared", epochs=settings.epochs, batch=settings.batch,
            learning_rate=settings.learning_rate,
        )  # fmt: skip

    def _make_network(self, seed: int) -> Perceptrons:
        width, features = self.settings.width, self.space.feature_count
        return made_from(seed, lambda: Perceptrons(1, features, width, _HIDDEN_LAYERS, start="glorot"))

    def state_dict(self) -> dict[str, Any]:
        """The tree, what was evaluated, the meta-network."""
        weights = None
        if self.network is not None:
            weights = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        return super().state_dict() | {
            "tree": self.tree.state_dict(), "history": self.history.state_dict(), "node": self.node,
            "predicted": self.predicted, "network": weights, "scale": [self.centre, self.spread],
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore what `state_dict` gave."""
        super().load_state_dict(state)
        self.tree.load_state_dict(state["tree"])
        self.history.load_state_dict(state["history"])
        self.node, self.predicted = state["node"], state["predicted"]
        self.centre, self.spread = state["scale"]
        self.network = None
        if state["network"] is not None:
            self.network = self._make_network(0)
            self.network.load_state_dict(
                {name: torch.as_tensor(weight) for name, weight in state["network"].items()}
            )


class AlphaX(PerTrial):
    """See the module."""

    settings_class: ClassVar[type[AlphaXSettings]] = AlphaXSettings
    searcher_class = AlphaXSearcher

"""Training of the deep meta-RL agent: trial after trial, each on a benchmark (Gomez Robles and Vanschoren 2019,
section 4.2.4).
"""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from archwalk.agents.building.episodes import EpisodeLog
from archwalk.agents.building.policies import draw_any
from archwalk.agents.building.problem import Construction, refuse_starts
from archwalk.agents.meta_rl.agent import MetaRLAgent
from archwalk.agents.meta_rl.settings import MetaRLSettings
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.fingerprints import require_same
from archwalk.estimators.ledger import JointLedger
from archwalk.learning.a2c import A2C, Memory, Step, decide, to_segment


class MetaRLTrainer:
    """Trains one policy over a sequence of benchmarks; the same seed gives the same bits, also across state_dict.

    The LSTM's memory and the last action and reward live as long as a trial: they go from episode to episode and are
    blank when the next trial begins (Gomez Robles and Vanschoren's code blanked the memory at every episode). The
    first action of a trial is by lot, so it teaches the value and not the policy (ours). What the network learns from
    are the very inputs that it acted on. A trial's end is no end of an episode: the value of what would have followed
    is bootstrapped.

    `run` yields a row of metrics for each episode (`EpisodeLog`); as many as there are environments make a line.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        settings: MetaRLSettings,
        seed: int,
        starts: Sampler | None = None,
        *,
        then: Sequence[Benchmark] | None = None,
    ) -> None:
        """`then` are the benchmarks that follow, where they have no names to be loaded by."""
        refuse_starts(starts)
        if then is None:
            then = [load_benchmark(name, seed) for name in settings.later_benchmarks]
        self.benchmarks = [benchmark, *then]
        self.settings = settings
        self.log_every = settings.environments  # so that many environments do not fill the disk
        act_seed, network_seed, draw_seed = np.random.SeedSequence(seed).spawn(3)
        estimators = [benchmark.estimator for benchmark in self.benchmarks]
        self.ledger = JointLedger(estimators, np.random.default_rng(draw_seed))
        self.rng = np.random.default_rng(act_seed)
        self.constructions = [
            Construction(benchmark.space, ledger, settings.environments, settings.rules)
            for benchmark, ledger in zip(self.benchmarks, self.ledger.parts, strict=True)
        ]
        _check_alike(self.benchmarks, self.constructions)
        self.shape = settings.shape(self.constructions[0])
        seed32 = int(network_seed.generate_state(1)[0])
        self.network = MetaRLAgent.fresh(benchmark.space, self.shape, seed32).network
        self.learner = A2C(self.network, settings.learning)
        self.episodes = EpisodeLog(settings.environments, self.shape.actions)
        self.losses: dict[str, float] = {}
        self._begin_trial(0)

    def _begin_trial(self, trial: int) -> None:
        self.trial, self.moves = trial, 0
        self.memory: Memory = self.network.blank(self.settings.environments)
        self.construction.reset()
        if self.settings.shuffled:
            self.construction.names.shuffle(self.rng, self.settings.shuffled)
        self.episodes.begin(trial)

    @property
    def construction(self) -> Construction:
        """The problem of this trial."""
        return self.constructions[self.trial % len(self.constructions)]

    @property
    def trials(self) -> int:
        """How many trials there are."""
        return self.settings.rounds * len(self.benchmarks)

    def _length(self, trial: int) -> int:
        """Steps of each environment in a trial."""
        steps = self.settings.later_steps if trial else 0
        return -(-(steps or self.settings.steps) // self.settings.environments)

    @property
    def done(self) -> int:
        """Environment steps taken."""
        return (sum(map(self._length, range(self.trial))) + self.moves) * self.settings.environments

    @property
    def total(self) -> int:
        """Environment steps to take."""
        return sum(map(self._length, range(self.trials))) * self.settings.environments

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics of each episode once the segment in which it ended was learned from."""
        while True:
            while self.episodes.rows:
                yield self.episodes.rows.pop(0)
            if self.done >= self.total:
                return
            if self.moves == self._length(self.trial):
                self._begin_trial(self.trial + 1)
            self._learn()

    def agent(self) -> MetaRLAgent:
        """See `Trainer`."""
        return MetaRLAgent(self.benchmarks[0].space, self.shape, copy.deepcopy(self.network))

    def _learn(self) -> None:
        """Take one segment of steps and learn from it."""
        memory = self.memory
        count = min(self.settings.n_step, self._length(self.trial) - self.moves)
        steps = [self._act() for _ in range(count)]
        last_value_B = self.learner.value(self.construction.look(), self.memory)
        self.losses = self.learner.learn(to_segment(memory, steps, last_value_B))

    def _act(self) -> Step:
        """One step of all environments, as `Segment` has it."""
        construction, batch = self.construction, self.settings.environments
        inputs_BX, mask_BA, first = construction.look(), construction.allowed(), self.moves == 0
        decision = decide(self.network, inputs_BX, self.memory, self.rng.random(batch), mask_BA)
        action_B = decision.action_B
        if first:
            action_B = draw_any(batch, construction.actions, mask_BA, self.rng)
        step = construction.step(action_B)
        self.memory, self.moves = decision.memory, self.moves + 1
        goes_on = self.settings.across_episodes
        terminated_B, truncated_B = (
            ended_B & (not goes_on) for ended_B in (step.terminated_B, step.truncated_B)
        )
        cut_value_B = np.zeros(batch)
        if truncated_B.any():
            cut_value_B = self.learner.value(construction.look(), self.memory)
        self.episodes.add(construction.builds, step, decision.entropy_B, self.losses)
        construction.restart(step.done_B)
        taken: Step = {
            "inputs_SBX": inputs_BX,
            "action_SB": action_B,
            "drawn_SB": np.full(batch, not first),
            "reward_SB": step.reward_B,
            "terminated_SB": terminated_B,
            "truncated_SB": truncated_B,
            "cut_value_SB": cut_value_B,
        }
        return taken if mask_BA is None else taken | {"mask_SBA": mask_BA}

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "benchmarks": [benchmark.fingerprint for benchmark in self.benchmarks],
            "trial": self.trial,
            "moves": self.moves,
            "rng": self.rng.bit_generator.state,
            "memory": list(self.memory),
            "construction": self.construction.state_dict(),
            "learner": self.learner.state_dict(),
            "ledger": self.ledger.state_dict(),
            "episodes": self.episodes.state_dict(),
            "losses": dict(self.losses),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave. Raises DataError if it is of a training on other benchmarks."""
        for n, pair in enumerate(zip(state["benchmarks"], self.benchmarks, strict=True), 1):
            require_same(pair[0], pair[1].fingerprint, f"benchmark {n} of the training")
        self.trial, self.moves = int(state["trial"]), int(state["moves"])
        self.rng.bit_generator.state = state["rng"]
        output, cell = state["memory"]
        self.memory = (output, cell)
        self.construction.load_state_dict(state["construction"])
        self.learner.load_state_dict(state["learner"])
        self.ledger.load_state_dict(state["ledger"])
        self.episodes.load_state_dict(state["episodes"])
        self.losses = dict(state["losses"])


def _check_alike(benchmarks: Sequence[Benchmark], constructions: Sequence[Construction]) -> None:
    """Raise UsageError unless all benchmarks have the same inputs and actions."""
    shapes = [(construction.inputs, construction.actions) for construction in constructions]
    for benchmark, shape in zip(benchmarks, shapes, strict=True):
        if shape != shapes[0]:
            raise UsageError(
                f"one policy cannot build on {benchmarks[0].name} and {benchmark.name}: they have other layers or "
                "depths"
            )

"""Training over several source tasks: evaluate, learn profiles, choose the kernel, rehearse."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from archwalk.agents.transfer.agent import (
    ProfileNetwork,
    TransferAgent,
    TransferShape,
    inputs_of,
    profiles_of,
)
from archwalk.agents.transfer.outlook import Described, to_targets
from archwalk.agents.transfer.rehearsal import rehearse
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.tasks import space_difference, told_apart
from archwalk.environments.walks import Sampler
from archwalk.errors import UsageError
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.fingerprints import require_same
from archwalk.estimators.ledger import JointLedger
from archwalk.learning.transfer_kernel import KnownTask, TransferKernel, fit_kernel
from archwalk.spaces.base import Codes, EnumerableSpace
from archwalk.spaces.graph_features import featuriser, squared_distances
from archwalk.strategies.history import distinct
from archwalk.strategies.per_trial import finite_rewards

OPTIMISM = (0.5, 1.0, 1.5)
_LEAST_SAMPLES = 10
_TOP = 20  # a twentieth of the samples


class TransferTrainer:
    """Trains over source tasks of one space; the same seed gives the same bits, also across state_dict.

    The same architectures are evaluated on all sources. One source is enough, but then nothing tells how tasks differ:
    kernel and settings stay what is expected beforehand. Progress is counted in networks, the kernel and the
    rehearsal.
    """

    log_every = 1

    def __init__(
        self,
        benchmark: Benchmark,
        settings: TransferSettings,
        seed: int,
        starts: Sampler | None = None,
        *,
        then: Sequence[Benchmark] | None = None,
    ) -> None:
        """`then` are the other sources, where they have no names to be loaded by. Raises UsageError for sources of
        several spaces, or one that is named twice.
        """
        if then is None:
            then = [load_benchmark(name, seed) for name in settings.later_benchmarks]
        self.benchmarks = told_apart([benchmark, *then])
        self.space, self.settings = benchmark.space, settings
        _check_sources(self.benchmarks)
        draw_seed, sample_seed, self._learn_seed, self._fit_seed = np.random.SeedSequence(seed).spawn(4)
        self.ledger = JointLedger(
            [source.estimator for source in self.benchmarks], np.random.default_rng(draw_seed)
        )
        self.codes_EL = _draw(self.space, settings.samples, np.random.default_rng(sample_seed), starts)
        self.targets_EK = np.empty((0, len(self.benchmarks)))
        inputs = inputs_of(self.space, self.codes_EL[:1]).shape[1]
        blocks = len(featuriser(self.space).units_S)
        kernel = TransferKernel.before_any_task(blocks, self._without)
        self.shape = TransferShape(
            tuple(source.name for source in self.benchmarks), inputs, settings.width, settings.members,
            settings.first or len(self.benchmarks), settings.optimism or 1.0, settings.bound_share,
            tuple(map(float, kernel.logs)),
        )  # fmt: skip
        seed32 = int(self._learn_seed.generate_state(1)[0])
        self.network: ProfileNetwork = TransferAgent.fresh(self.space, self.shape, seed32).network
        self.done = 0

    @property
    def total(self) -> int:
        """Networks, the kernel and the rehearsal."""
        return self.settings.members + 2

    @property
    def _without(self) -> tuple[str, ...]:
        left_out = self.settings.without
        return ("mean", "linear", "profile") if left_out == "sources" else (left_out,)

    def run(self) -> Iterator[dict[str, float]]:
        """Train to the end, yielding metrics after every network, the kernel and the rehearsal."""
        self._evaluate()
        while self.done < self.total:
            if self.done < self.settings.members:
                metrics = {"losses/profile": self._learn(self.done)}
            elif self.done == self.settings.members:
                metrics = self._fit()
            else:
                metrics = self._rehearse()
            self.done += 1
            yield metrics

    def agent(self) -> TransferAgent:
        """See `Trainer`."""
        return TransferAgent(self.space, self.shape, copy.deepcopy(self.network))

    def _evaluate(self) -> None:
        if len(self.targets_EK):
            return
        rewards_KE = [finite_rewards(part.rewards(self.codes_EL)) for part in self.ledger.parts]
        self.targets_EK = np.stack(
            [to_targets(rewards_E, self.settings.bound_share) for rewards_E in rewards_KE], axis=1
        )

    def _learn(self, member: int) -> float:
        """Train one network on all sources; the mean error of its last steps."""
        settings, network = self.settings, self.network
        inputs_EF = torch.from_numpy(inputs_of(self.space, self.codes_EL))
        deviation_F = inputs_EF.std(0, correction=0)
        network.centre.copy_(inputs_EF.mean(0))
        network.scale.copy_(torch.where(deviation_F > 1e-3, 1 / deviation_F.clamp_min(1e-3), 0))
        inputs_EF = network.standardise(inputs_EF)
        targets_EK = torch.from_numpy(self.targets_EK.astype(np.float32))
        optimiser = torch.optim.AdamW(
            network.members[member].parameters(),
            lr=settings.learning_rate,
            weight_decay=settings.weight_decay,
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, settings.learning_rate, total_steps=settings.updates
        )
        generator = torch.Generator().manual_seed(
            int(self._learn_seed.generate_state(settings.members + 1)[member + 1])
        )
        last = 0.0
        for _ in range(settings.updates):
            rows_B = torch.randint(len(inputs_EF), (settings.batch,), generator=generator)
            error = (network.members[member](inputs_EF[rows_B]) - targets_EK[rows_B]).square().mean()
            optimiser.zero_grad()
            error.backward()
            optimiser.step()
            schedule.step()
            last += (float(error.detach()) - last) / 20
        return last

    def _described(self) -> Described:
        return Described.of(self.space, self.codes_EL, profiles_of(self.network, self.space, self.codes_EL))

    def _fit(self) -> dict[str, float]:
        """Choose the kernel by what each source says given the others."""
        described, rng = self._described(), np.random.default_rng(self._fit_seed)
        tasks = [self._as_new(described, source, rng) for source in range(len(self.benchmarks))]
        blocks = len(featuriser(self.space).units_S)
        kernel = fit_kernel(
            [task for task in tasks if task is not None], blocks, self.settings.kernel_steps, self._without
        )
        self.shape = replace(self.shape, logs=tuple(map(float, kernel.logs)))
        return {"charts/noise": kernel.noise}

    def _as_new(self, described: Described, source: int, rng: np.random.Generator) -> KnownTask | None:
        """One source as the others see it: a third at random, a third of their best, a third of its own best."""
        others = np.arange(len(self.benchmarks)) != source
        targets_E = self.targets_EK[:, source]
        third = max(1, self.settings.fitted // 3)
        if not others.any() or len(targets_E) < _LEAST_SAMPLES or not targets_E.any():
            return None
        profiles_EK = described.profiles_NK[:, others]
        top = max(1, len(targets_E) // _TOP)
        groups = (
            np.arange(len(targets_E)), np.argsort(-profiles_EK.mean(axis=1), kind="stable")[:top],
            np.argsort(-targets_E, kind="stable")[:top],
        )  # fmt: skip
        picked = [rng.choice(group, min(third, len(group)), replace=False) for group in groups]
        places = np.unique(np.concatenate(picked))
        features = described.features.rows(places)
        squared_SEE = squared_distances(features, features) / featuriser(self.space).units_S[:, None, None]
        chosen_E = targets_E[places]
        chosen_E = (chosen_E - chosen_E.mean()) / max(float(chosen_E.std()), 1e-9)
        return KnownTask(profiles_EK[places], squared_SEE, chosen_E)

    def _rehearse(self) -> dict[str, float]:
        """Search every source as if it were new, and keep how to begin and how curious to be."""
        settings, sources = self.settings, len(self.benchmarks)
        if sources == 1:
            return {}
        firsts = (settings.first,) if settings.first else (1, sources - 1)[: sources - 1]
        optimisms = (settings.optimism,) if settings.optimism else OPTIMISM
        if len(firsts) * len(optimisms) == 1:
            return {}
        described, kernel = self._described(), TransferKernel(np.array(self.shape.logs))
        score_FO = np.array(
            [
                [self._rehearsed(described, kernel, first, optimism) for optimism in optimisms]
                for first in firsts
            ]
        )
        first = firsts[int(score_FO.mean(axis=1).argmax())]
        optimism = optimisms[int(score_FO.mean(axis=0).argmax())]
        first = sources if first == sources - 1 and first > 1 else first
        self.shape = replace(self.shape, first=first, optimism=optimism)
        return {"charts/rehearsal": float(score_FO.max())}

    def _rehearsed(self, described: Described, kernel: TransferKernel, first: int, optimism: float) -> float:
        """How well each source is searched, the mean over all."""
        settings = self.settings
        scores = [
            rehearse(
                self.space, kernel, described, self.targets_EK, source, first=first, optimism=optimism,
                queries=settings.rehearsed, bound_share=settings.bound_share,
            )
            for source in range(len(self.benchmarks))
        ]  # fmt: skip
        return float(np.mean(scores))

    def state_dict(self) -> dict[str, Any]:
        """Everything that the next step depends on."""
        return {
            "benchmarks": [source.fingerprint for source in self.benchmarks],
            "done": self.done,
            "targets": self.targets_EK.copy(),
            "network": dict(self.network.state_dict()),
            "logs": np.array(self.shape.logs),
            "first": self.shape.first,
            "optimism": self.shape.optimism,
            "ledger": self.ledger.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restore what `state_dict` gave. Raises DataError if it is of a training on other benchmarks."""
        for n, pair in enumerate(zip(state["benchmarks"], self.benchmarks, strict=True), 1):
            require_same(pair[0], pair[1].fingerprint, f"benchmark {n} of the training")
        self.done, self.targets_EK = int(state["done"]), np.array(state["targets"])
        self.network.load_state_dict(state["network"])
        self.shape = replace(
            self.shape, logs=tuple(map(float, state["logs"])), first=int(state["first"]),
            optimism=float(state["optimism"]),
        )  # fmt: skip
        self.ledger.load_state_dict(state["ledger"])


def _check_sources(benchmarks: Sequence[Benchmark]) -> None:
    """Raise UsageError unless all are different tasks of one space."""
    for number, source in enumerate(benchmarks):
        if source.name in [other.name for other in benchmarks[:number]]:
            raise UsageError(f"{source.name} is named twice among the source tasks")
        if difference := space_difference(benchmarks[0].space, source.space):
            raise UsageError(
                f"source tasks share one space: what learns on {benchmarks[0].name} {difference}"
            )


def _draw(space: Any, wanted: int, rng: np.random.Generator, starts: Sampler | None) -> Codes:
    """Up to `wanted` different architectures: of the whole space where it is enumerable, else of the starts."""
    if starts is None and isinstance(space, EnumerableSpace):
        ids_N = rng.choice(space.size, min(wanted, space.size), replace=False)
        return np.sort(ids_N)[:, None].astype(np.int32)
    drawn_NL: Codes = distinct((starts or space.sample)(rng, 2 * wanted))
    return drawn_NL[:wanted]

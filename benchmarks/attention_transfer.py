"""A second design of an agent for many tasks: attention over the (architecture, reward) pairs of a task.

    python benchmarks/attention_transfer.py --graphs cora,computers,physics --agents 2 --trials 3

As prior-data fitted networks (Müller et al. 2022; for optimisation PFNs4BO, 2023) do, one network is given what was
evaluated so far, in any order, and tells mean and deviation of any other architecture. It is trained in one pass over
many small tasks: source tasks, mixtures of two, draws of a smooth random function (random Fourier features), and
sums of these, with noise. What it knows of an architecture are its features and its profile, what networks expect
of it on the sources; of a task that is made of a source, that source's column is hidden and the rest are shuffled.
The search around it is that of `transfer`: the same first architectures, then the highest upper bound.

Each graph is left out and searched by it and by `transfer`, trained on the same samples of the other seven. Variants
leave out the profiles, the random functions, or the mixtures. Strategies from scratch take part by `--beside`. Printed:
mean normalised rewards (0 the median of the task, 1 its best) after 10, 30 and 50 queries, and milliseconds of the
processor for a query.
"""

import argparse
import json
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from archwalk.agents.transfer.agent import TransferAgent, inputs_of
from archwalk.agents.transfer.outlook import choose_first, to_targets
from archwalk.agents.transfer.settings import TransferSettings
from archwalk.agents.transfer.trainer import TransferTrainer
from archwalk.data.files import write_atomically
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.experiments.protocol import Method, run_search
from archwalk.experiments.runs import load_method
from archwalk.experiments.transfer import FAMILIES
from archwalk.experiments.transfer_target import scale_of
from archwalk.spaces.base import Codes
from archwalk.strategies.base import Trials
from archwalk.strategies.history import History, mutants
from archwalk.strategies.per_trial import PerTrial, Searcher

TOLD = (10, 30, 50)
VARIANTS = ("attention", "no-profiles", "no-random-functions", "no-mixtures")
WIDTH, LAYERS, HEADS = 64, 2, 4
TASKS, MOST_KNOWN, ASKED = 8, 60, 64
FAVOURITES, SAMPLED, MUTANTS, PARENTS = 1_000, 500, 500, 8


class Layer(nn.Module):
    """Tokens attend to those of what is known, and are changed each by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.change = nn.Sequential(nn.Linear(WIDTH, 2 * WIDTH), nn.GELU(), nn.Linear(2 * WIDTH, WIDTH))
        self.before, self.between = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, tokens_BNW: Tensor, known_BEW: Tensor) -> Tensor:
        known_BEW = self.before(known_BEW)
        read_BNW = self.attention(self.before(tokens_BNW), known_BEW, known_BEW, need_weights=False)[0]
        tokens_BNW = tokens_BNW + read_BNW
        changed_BNW: Tensor = tokens_BNW + self.change(self.between(tokens_BNW))
        return changed_BNW


class Attention(nn.Module):
    """Mean and deviation (B, N) of N architectures, given E others and their targets; any order, any E."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.describe = nn.Sequential(nn.Linear(inputs, WIDTH), nn.GELU(), nn.Linear(WIDTH, WIDTH))
        self.value = nn.Linear(1, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.out = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2))

    def forward(self, known_BEF: Tensor, targets_BE: Tensor, asked_BNF: Tensor) -> tuple[Tensor, Tensor]:
        known_BEW = self.describe(known_BEF) + self.value(targets_BE[..., None])
        asked_BNW = self.describe(asked_BNF)
        for layer in self.layers:
            asked_BNW, known_BEW = layer(asked_BNW, known_BEW), layer(known_BEW, known_BEW)
        mean_BN, deviation_BN = self.out(asked_BNW).unbind(-1)
        return mean_BN, nn.functional.softplus(deviation_BN) + 0.05


class Tasks:
    """Small tasks among the architectures that were evaluated on all sources."""

    def __init__(self, inputs_EF: Tensor, profiles_EK: Tensor, targets_EK: Tensor, variant: str) -> None:
        self.inputs_EF, self.profiles_EK, self.targets_EK = inputs_EF, profiles_EK, targets_EK
        self.variant = variant

    def draw(self, known: int, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Inputs and targets of the known, then of those asked for; targets in units of the known."""
        sources = self.targets_EK.shape[1]
        mixed = self.variant != "no-mixtures" and rng.random() < 0.5
        used = rng.choice(sources, 2 if mixed else 1, replace=False)
        shares = rng.dirichlet(np.ones(len(used))).astype(np.float32)
        values_E = self.targets_EK[:, used] @ torch.from_numpy(shares)
        if self.variant != "no-random-functions" and rng.random() < 0.5:
            values_E = values_E + float(rng.exponential(0.7)) * self._smooth(rng)
        values_E = (values_E - values_E.mean()) / values_E.std()
        best_E = values_E.argsort(descending=True)
        top = best_E[: max(200, len(values_E) // 20)].numpy()
        near = rng.random() * known  # of the known, as many as a search finds
        places = np.concatenate(
            [rng.choice(top, int(near)), rng.integers(0, len(values_E), known - int(near))]
        )
        asked = np.concatenate([rng.choice(top, ASKED // 2), rng.integers(0, len(values_E), ASKED // 2)])
        noise = float(rng.exponential(0.1))
        targets_K = values_E[places] + noise * torch.from_numpy(rng.standard_normal(known, np.float32))
        unit = float(targets_K.std(correction=0).clamp_min(0.1)) if known > 1 else 1.0
        centre = float(targets_K.mean())
        inputs_EF = self.described(hidden=used, rng=rng)
        return (
            inputs_EF(places), (targets_K - centre) / unit, inputs_EF(asked),
            ((values_E[asked] - centre) / unit).clamp(-6, 6),
        )  # fmt: skip

    def described(self, hidden: Any = (), rng: np.random.Generator | None = None) -> Any:
        """A function that gives inputs of places: features, the profile and its mean, without hidden sources."""
        order = np.setdiff1d(np.arange(self.profiles_EK.shape[1]), hidden)
        order = order if rng is None else rng.permutation(order)
        room = self.profiles_EK.shape[1] - len(order)

        def inputs_of_places(places: Any) -> Tensor:
            inputs_NF, profiles_NK = self.inputs_EF[places], self.profiles_EK[places][:, order]
            if self.variant == "no-profiles":
                profiles_NK = torch.zeros_like(profiles_NK)
            padded_NK = nn.functional.pad(profiles_NK, (0, room))
            return torch.cat([inputs_NF, padded_NK, profiles_NK.mean(1, keepdim=True)], 1)

        return inputs_of_places

    def _smooth(self, rng: np.random.Generator, waves: int = 64) -> Tensor:
        """A draw of a smooth function of features, (E,)."""
        features = self.inputs_EF.shape[1]
        pace = rng.uniform(0.3, 1.5) / np.sqrt(features)
        turned_EW = self.inputs_EF @ torch.from_numpy(
            (pace * rng.standard_normal((features, waves))).astype(np.float32)
        )
        turned_EW += torch.from_numpy(rng.uniform(0, 2 * np.pi, waves).astype(np.float32))
        weights_W = torch.from_numpy(rng.standard_normal(waves).astype(np.float32))
        smooth_E: Tensor = turned_EW.cos() @ weights_W * (2 / waves) ** 0.5
        return smooth_E


def train(tasks: Tasks, steps: int, seed: int) -> Attention:
    """One pass over `steps` batches of tasks, each drawn once."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    network = Attention(tasks.described()([0]).shape[1])
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for _ in range(steps):
        known = int(rng.integers(1, MOST_KNOWN + 1))
        batch = [
            torch.stack(parts) for parts in zip(*(tasks.draw(known, rng) for _ in range(TASKS)), strict=True)
        ]
        known_BEF, targets_BE, asked_BNF, values_BN = batch
        mean_BN, deviation_BN = network(known_BEF, targets_BE, asked_BNF)
        loss = nn.functional.gaussian_nll_loss(mean_BN, values_BN, deviation_BN.square())
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return network.eval()


class Known:
    """A trained network with everything that it sees of a whole space."""

    def __init__(self, agent: TransferAgent, network: Attention, whole: Tasks) -> None:
        self.agent, self.network, self.inputs_of_places = agent, network, whole.described()
        assert agent.whole is not None
        self.profiles_NK = agent.whole.candidates.profiles_NK
        self.favourites = np.argsort(-self.profiles_NK.mean(axis=1), kind="stable")[:FAVOURITES]


class AttentionSearcher(Searcher):
    """The first architectures of `transfer`, then the highest upper bound of what the network tells."""

    settings: Known

    def __init__(self, trial: Trials, settings: Known) -> None:
        super().__init__(trial, settings)
        self.history = History(self.space)

    def propose(self) -> Codes:
        known = self.settings
        if not len(self.history):
            first = choose_first(known.profiles_NK, known.agent.shape.first)
            return first[:, None].astype(np.int32)
        parents_PL = self.history.ranking()[:PARENTS]
        near_NL = mutants(
            self.space, parents_PL[np.arange(MUTANTS) % len(parents_PL)], (0.5, 0.3, 0.2), self.rng
        )
        random_N = self.rng.integers(0, len(known.profiles_NK), SAMPLED)
        candidates = np.setdiff1d(
            np.concatenate([known.favourites, near_NL[:, 0], random_N]), self.history.codes_EL[:, 0]
        )
        targets_E = to_targets(self.history.targets(), known.agent.shape.bound_share).astype(np.float32)
        with torch.no_grad():
            mean_1N, deviation_1N = known.network(
                known.inputs_of_places(self.history.codes_EL[:, 0])[None], torch.from_numpy(targets_E)[None],
                known.inputs_of_places(candidates)[None],
            )  # fmt: skip
        bound_N = mean_1N[0] + known.agent.shape.optimism * self.rng.uniform(0.5, 1.5) * deviation_1N[0]
        return candidates[[int(bound_N.argmax())], None].astype(np.int32)

    def learn(self, codes_KL: Codes, rewards_K: Floats) -> None:
        self.history.add(codes_KL, rewards_K)


class AttentionSearch(PerTrial):
    """Trials side by side."""

    query = "an architecture: what the sources name, then the highest upper bound"
    searcher_class = AttentionSearcher


def measure(
    benchmarks: list[Benchmark], place: int, seed: int, options: argparse.Namespace
) -> dict[str, Any]:
    """By variant, normalised rewards (T, Q) on one target by agents of one seed, and what they cost."""
    sources = [*benchmarks[:place], *benchmarks[place + 1 :]]
    target = benchmarks[place]
    trainer = TransferTrainer(sources[0], TransferSettings(), seed, then=sources[1:])
    for _ in trainer.run():
        pass
    agent = trainer.agent()
    centre_F, scale_F = agent.network.centre, agent.network.scale

    def tasks(codes_NL: Codes, variant: str) -> Tasks:
        inputs_NF = (torch.from_numpy(inputs_of(target.space, codes_NL)) - centre_F) * scale_F
        return Tasks(
            inputs_NF, torch.from_numpy(agent.profiles(codes_NL)),
            torch.from_numpy(trainer.targets_EK.astype(np.float32)), variant,
        )  # fmt: skip

    whole_NL = np.arange(target.space.size, dtype=np.int32)[:, None]  # type: ignore[attr-defined] # numbered
    methods = [Method("transfer", (agent,), (seed,))]
    seconds = {}
    for variant in options.variants.split(","):
        started = time.process_time()
        network = train(tasks(trainer.codes_EL, variant), options.steps, seed)
        seconds[variant] = time.process_time() - started
        known = Known(agent, network, tasks(whole_NL, variant))
        methods.append(Method(variant, (partial(AttentionSearch, settings=known),), (seed,)))
    methods += [load_method(name, target.space, target.name) for name in options.beside.split(",") if name]
    median, best = scale_of(target)
    found = {}
    for method in methods:
        started = time.process_time()
        search = run_search(target, method, budget=max(TOLD), trials=options.trials, seed=seed)
        reward_TQ = (search.curves[0].reward_TQ - median) / (best - median)
        milliseconds = 1_000 * (time.process_time() - started) / options.trials / max(TOLD)
        found[method.name] = {
            "reward": [round(float(reward_TQ[:, told - 1].mean()), 4) for told in TOLD],
            "milliseconds": round(milliseconds, 1), "training": round(seconds.get(method.name, 0.0), 1),
        }  # fmt: skip
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--graphs", default="cora,computers,physics")
    parser.add_argument("--agents", type=int, default=2)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--steps", type=int, default=1_000)
    parser.add_argument("--variants", default=",".join(VARIANTS))
    parser.add_argument("--beside", default="graph-gp", help="strategies from scratch")
    parser.add_argument("--out", type=Path, default=Path("runs/attention_transfer.json"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    names = FAMILIES["nas-bench-graph"]
    benchmarks = [load_benchmark(name) for name in names]
    rows: dict[str, Any] = json.loads(options.out.read_text()) if options.out.exists() else {}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(options.agents):
        for graph in options.graphs.split(","):
            if (key := f"{graph} {seed}") not in rows:
                rows[key] = measure(benchmarks, names.index(f"nas-bench-graph:{graph}"), seed, options)
                write_atomically(options.out, json.dumps(rows, indent=1) + "\n")
            print(key, rows[key], flush=True)
    for name in next(iter(rows.values())):
        after = np.array([row[name]["reward"] for row in rows.values() if name in row])
        spread = after.std(axis=0, ddof=1) / len(after) ** 0.5 if len(after) > 1 else 0 * after[0]
        shown = ", ".join(
            f"{told}: {mean:.3f} ± {error:.3f}"
            for told, mean, error in zip(TOLD, after.mean(axis=0), spread, strict=True)
        )
        print(f"{name} ({len(after)} trainings): {shown}")


if __name__ == "__main__":
    main()

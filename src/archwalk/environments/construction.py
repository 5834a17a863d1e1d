"""The construction problem of Gomez Robles and Vanschoren 2019 for Gymnasium: a vector environment, and a plain view
of one episode.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archwalk.environments.builds import Builds, BuildStep, End
from archwalk.environments.construction_settings import ConstructionSettings, load_settings
from archwalk.environments.observations import Observation, final_observations
from archwalk.environments.resets import Seed, check_actions, read_mask, read_seed
from archwalk.errors import UsageError
from archwalk.estimators.base import Estimator, Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.spaces.nsc import NSC, Chain

Config = str | Path | ConstructionSettings | None


class ConstructionVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """Many networks built layer by layer (Gomez Robles and Vanschoren 2019, sections 4.2.1 to 4.2.4).

    `benchmark` is a benchmark, its name, or an estimator that scores codes of the configuration's space
    (`ConstructionSettings.make_space`); `config` a path, the name of a configuration that comes with archwalk, or
    `ConstructionSettings`. Without one a benchmark's space says which layers there are; the network around the layers
    is always the benchmark's. `action_limit`, `limit_terminates` and `sigma` override the configuration.

    Observation: `state` (D, W), Gomez Robles and Vanschoren's one-hot rows, right-aligned; with branches `pointers`
    (2,), which Gomez Robles and Vanschoren 2019 does not show (ours); with `history` what an agent that learns within
    a trial is shown (Gomez Robles and Vanschoren 2019, section 4.2.4): `previous_action` (A,) one-hot, zeros at the
    start of a trial, `previous_reward` (1,) and `step` (1,), the actions taken in this episode. Actions are those of
    Gomez Robles and Vanschoren 2019, table 2 (`action_names`); rewards, see `Builds`.

    `reset` begins a trial. An episode that ends is followed by the next of the same trial in the same step, which
    keeps the previous action and reward; `info["final_obs"]` holds where it ended. `info["action_mask"]` (B, A) is of
    the observation that is returned; of the step that was taken are `code` (B, L), `score` (B,) as a fraction, before
    sigma, and `end` (B,), an `End`. Nothing is random.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012 - as in Gymnasium

    def __init__(
        self,
        benchmark: str | Benchmark | Estimator | None = None,
        num_envs: int = 1,
        *,
        config: Config = None,
        history: bool = True,
        **overrides: Any,
    ) -> None:
        self.space, self.estimator, self.settings = _resolve(benchmark, config, overrides)
        self.num_envs = num_envs
        self.history = history
        self.ledger = TrainingLedger(self.estimator)
        self.builds = Builds(self.space, self.ledger, num_envs, self.settings)
        self.action_names = self.builds.actions.names
        self.single_observation_space = _observation_space(self.builds, history)
        self.single_action_space = spaces.Discrete(len(self.action_names))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._begun = False

    def reset(
        self, *, seed: Seed = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a trial in all, or in those of `options["reset_mask"]`; with `options={"same_trial": True}` only an
        episode. `seed` changes nothing.
        """
        mask_B = read_mask(options, self.num_envs, begun=self._begun)
        read_seed(seed, self.num_envs)
        if options and options.get("same_trial") and self._begun:
            self.builds.restart(mask_B)
        else:
            self.builds.reset(mask_B)
        self._begun = True
        return self._observe(), {"action_mask": self._mask()}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, Floats, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Act in all and restart those that ended."""
        step = self.advance(actions)
        info: dict[str, Any] = {"code": step.codes_BL, "score": step.score_B, "end": step.end_B}
        if step.done_B.any():
            info |= {"final_obs": final_observations(self._observe(), step.done_B), "_final_obs": step.done_B}
            self.builds.restart(step.done_B)
        info["action_mask"] = self._mask()
        return self._observe(), step.reward_B, step.terminated_B, step.truncated_B, info

    def advance(self, actions: NDArray[np.int64]) -> BuildStep:
        """Act in all, restarting none."""
        if not self._begun:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        return self.builds.step(check_actions(actions, self.num_envs, len(self.action_names)))

    def _mask(self) -> NDArray[np.int8]:
        return self.builds.mask_BA().astype(np.int8)

    def _observe(self) -> Observation:
        return observe_builds(self.builds, self.history)


class ConstructionEnv(gymnasium.Env[Observation, np.int64]):
    """One network at a time, for libraries that want a plain `gymnasium.Env`:
    `gymnasium.make("archwalk/Construction-v0", benchmark=...)`.

    See `ConstructionVectorEnv`. `reset` begins a trial; between the episodes of one, call it with
    `options={"same_trial": True}`.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"]}  # noqa: RUF012 - as in Gymnasium

    def __init__(
        self,
        benchmark: str | Benchmark | Estimator | None = None,
        *,
        config: Config = None,
        history: bool = True,
        render_mode: str | None = None,
        **overrides: Any,
    ) -> None:
        self.vector = ConstructionVectorEnv(benchmark, 1, config=config, history=history, **overrides)
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space
        self.render_mode = render_mode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin without a layer."""
        super().reset(seed=seed)
        observations, info = self.vector.reset(options=options)
        return self._single(observations), self._single(info)

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Add a layer, stop, or shift a pointer. Raises ResetNeeded where the episode is over."""
        if self.vector.builds.over_B[0]:
            raise gymnasium.error.ResetNeeded("the episode is over; call reset() before step()")
        step = self.vector.advance(np.array([action]))
        info = {
            "code": step.codes_BL[0],
            "score": float(step.score_B[0]),
            "end": End(step.end_B[0]),
            "action_mask": self.vector._mask()[0],
        }
        observation = self._single(self.vector._observe())
        return (
            observation,
            float(step.reward_B[0]),
            bool(step.terminated_B[0]),
            bool(step.truncated_B[0]),
            info,
        )

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions make sense, as sb3-contrib's MaskablePPO asks for."""
        mask: NDArray[np.bool_] = self.vector.builds.mask_BA()[0]
        return mask

    def render(self) -> str:
        """The description of what is built."""
        code_L = self.vector.builds.codes_BL[0]
        return str(self.vector.space.describe(code_L)) if code_L[0] >= 0 else "no layer yet"

    @staticmethod
    def _single(observations: Observation) -> Observation:
        return {key: value[0] for key, value in observations.items()}


def observe_builds(builds: Builds, history: bool) -> Observation:
    """What an agent is shown of B episodes: see `ConstructionVectorEnv`."""
    observation: Observation = {"state": builds.space.encode(builds.layers_BDR)}
    if builds.space.table.branches:
        observation["pointers"] = builds.pointers_B2.astype(np.int32)
    if history:
        choices = np.arange(len(builds.actions.names))
        observation["previous_action"] = (builds.last_action_B[:, None] == choices).astype(np.uint8)
        observation["previous_reward"] = builds.last_reward_B.astype(np.float32)[:, None]
        observation["step"] = builds.steps_B.astype(np.int32)[:, None]
    return observation


def flatten_observations(observations: Observation, limit: int) -> NDArray[np.float32]:
    """Everything in observations (B, ...) as one row each, (B, X), the input of Gomez Robles and Vanschoren's
    networks (figure 7): the state, one-hot pointers, previous action, previous reward, and the step as a share of
    `limit` (ours; Gomez Robles and Vanschoren 2019 does not scale).
    """
    batch, depth, _ = observations["state"].shape
    parts = [observations["state"].reshape(batch, -1)]
    if "pointers" in observations:
        parts.append((observations["pointers"][:, :, None] == np.arange(depth + 1)).reshape(batch, -1))
    if "step" in observations:
        parts += [
            observations["previous_action"],
            observations["previous_reward"],
            observations["step"] / limit,
        ]
    return np.concatenate(parts, axis=1, dtype=np.float32)


def _resolve(
    benchmark: str | Benchmark | Estimator | None, config: Config, overrides: dict[str, Any]
) -> tuple[NSC | Chain, Estimator, ConstructionSettings]:
    if benchmark is None:
        raise UsageError("name a benchmark, or give an estimator of what is built")
    settings = load_settings(config)
    if isinstance(benchmark, str):
        benchmark = load_benchmark(benchmark)
    if isinstance(benchmark, Benchmark):
        space, estimator = benchmark.space, benchmark.estimator
        if not isinstance(space, NSC | Chain):
            raise UsageError(f"{benchmark.name} has no layers to stack; its space is {space.name}")
        table = space.table if config is None else settings.table
        settings = replace(settings, table=table, task=space.default_task, size=space.default_size)
    elif hasattr(benchmark, "evaluate"):
        space, estimator = settings.make_space(), benchmark
    else:
        raise UsageError(f"a benchmark or an estimator is needed, not {benchmark!r:.60}")
    for name in overrides:
        if name not in ("action_limit", "limit_terminates", "sigma"):
            raise UsageError(
                f"there is no setting {name!r}; action_limit, limit_terminates and sigma can be set"
            )
    return space, estimator, replace(settings, **overrides)


def _observation_space(builds: Builds, history: bool) -> spaces.Dict:
    table = builds.space.table
    parts: dict[str, spaces.Space[Any]] = {
        "state": spaces.Box(0, 1, (table.depth, table.row_width), np.uint8)
    }
    if table.branches:
        parts["pointers"] = spaces.Box(0, table.depth, (2,), np.int32)
    if history:
        parts["previous_action"] = spaces.Box(0, 1, (len(builds.actions.names),), np.uint8)
        parts["previous_reward"] = spaces.Box(0, 1, (1,), np.float32)
        parts["step"] = spaces.Box(0, builds.settings.longest, (1,), np.int32)
    return spaces.Dict(parts)

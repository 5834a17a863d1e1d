"""The incremental search problem of Cassimon et al. 2024 for Gymnasium: a vector environment, and a plain view of one
walk.
"""

from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archwalk.environments.observations import Observation, final_observations
from archwalk.environments.resets import Seed, check_actions, read_mask, read_seed
from archwalk.environments.walks import Step, Walks, WalkSettings
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.jit import make_streams

Observe = Literal["features", "codes"]


class IncrementalVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """Many walks over a benchmark's architectures (Cassimon et al. 2024, section 3.2.1).

    Observation: `features` (N + 1, F) of the current architecture and up to N neighbours, zeros behind them,
    and `mask` (N + 1,): 1 where there is an action. Action 0 stops; action i moves to architecture i; a
    masked action does nothing. Reward: see `WalkSettings`. `observe="codes"` gives `codes` (N + 1, L) in place
    of features: faster, for agents that gather features later; a policy must not look at codes.

    Keywords are those of `WalkSettings`. A finished walk is restarted in the same step; `info["final_obs"]`
    then holds where it ended, as in Gymnasium's own vector environments.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012 - as in Gymnasium

    def __init__(
        self,
        benchmark: str | Benchmark = "nas-bench-graph:cora",
        num_envs: int = 1,
        *,
        observe: Observe = "features",
        **settings: Any,
    ) -> None:
        if observe not in ("features", "codes"):
            raise UsageError(f'observe must be "features" or "codes", not {observe!r}')
        self.benchmark = load_benchmark(benchmark) if isinstance(benchmark, str) else benchmark
        self.settings = WalkSettings(**settings)
        self.num_envs = num_envs
        self.observe = observe
        self.ledger = TrainingLedger(self.benchmark.estimator)
        self.single_observation_space = _observation_space(self.benchmark, self.settings, observe)
        self.single_action_space = spaces.Discrete(self.settings.neighbours + 1)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.walks: Walks | None = None

    def reset(
        self, *, seed: Seed = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start all walks anew, or those of `options["reset_mask"]`; a seed is for all of them (`read_seed`)."""
        mask_B = read_mask(options, self.num_envs, begun=self.walks is not None)
        if seed is not None and not mask_B.all():
            raise UsageError("a seed is for all walks: it does not go with a reset_mask of some")
        if seed is not None or self.walks is None:
            rng = np.random.default_rng(read_seed(seed, self.num_envs))
            self.walks = Walks(self.benchmark.space, self.ledger, self.num_envs, self.settings, rng)
            self.ledger.evaluator.streams_T = make_streams(rng.spawn(1)[0], 1)
        self.walks.restart(mask_B)
        return self._observe(), {}

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, Floats, NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """Act in all walks and restart those that ended."""
        step = self.advance(actions)
        info: dict[str, Any] = {}
        if step.done_B.any():
            info = {"final_obs": final_observations(self._observe(), step.done_B), "_final_obs": step.done_B}
            self._walks.restart(step.done_B)
        return self._observe(), step.reward_B, step.terminated_B, step.truncated_B, info

    def advance(self, actions: NDArray[np.int64]) -> Step:
        """Act in all walks, restarting none."""
        return self._walks.step(check_actions(actions, self.num_envs, self.settings.neighbours + 1))

    @property
    def _walks(self) -> Walks:
        if self.walks is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        return self.walks

    def mask_BK(self) -> NDArray[np.bool_]:
        """Which actions (B, N + 1) there are."""
        mask: NDArray[np.bool_] = np.arange(self.settings.neighbours + 1) <= self._walks.count_B[:, None]
        return mask

    def _observe(self) -> Observation:
        walks = self._walks
        mask = self.mask_BK().astype(np.int8)
        if self.observe == "codes":
            return {"codes": walks.codes_BKL.copy(), "mask": mask}
        return {"features": self.benchmark.space.features(walks.codes_BKL), "mask": mask}


class IncrementalEnv(gymnasium.Env[Observation, np.int64]):
    """One walk, for libraries that want a plain `gymnasium.Env`: `gymnasium.make("archwalk/Incremental-v0")`.

    Keywords: `benchmark`, and those of `WalkSettings`. See `IncrementalVectorEnv`.
    """

    metadata: dict[str, Any] = {"render_modes": ["ansi"]}  # noqa: RUF012 - as in Gymnasium

    def __init__(
        self,
        benchmark: str | Benchmark = "nas-bench-graph:cora",
        *,
        observe: Observe = "features",
        render_mode: str | None = None,
        **settings: Any,
    ) -> None:
        self.vector = IncrementalVectorEnv(benchmark, 1, observe=observe, **settings)
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space
        self.render_mode = render_mode
        self._over = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Start anew from a sampled architecture."""
        super().reset(seed=seed)
        observations, _ = self.vector.reset(seed=seed, options=options)
        self._over = False
        return self._single(observations), {}

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Take one edit, or stop. Raises ResetNeeded where the walk is over."""
        if self._over:
            raise gymnasium.error.ResetNeeded("the walk is over; call reset() before step()")
        step = self.vector.advance(np.array([action]))
        self._over = bool(step.done_B[0])
        observation = self._single(self.vector._observe())
        return observation, float(step.reward_B[0]), bool(step.terminated_B[0]), bool(step.truncated_B[0]), {}

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions there are, as sb3-contrib's MaskablePPO asks for."""
        mask: NDArray[np.bool_] = self.vector.mask_BK()[0]
        return mask

    def render(self) -> str:
        """The description of the current architecture."""
        return str(self.vector.benchmark.space.describe(self.vector._walks.current_BL[0]))

    @staticmethod
    def _single(observations: Observation) -> Observation:
        return {key: value[0] for key, value in observations.items()}


def _observation_space(benchmark: Benchmark, settings: WalkSettings, observe: Observe) -> spaces.Dict:
    rows = settings.neighbours + 1
    mask = spaces.MultiBinary(rows)
    space = benchmark.space
    if observe == "codes":
        limit = np.iinfo(np.int32)
        codes = spaces.Box(-1, limit.max, (rows, space.code_length), np.int32)
        return spaces.Dict({"codes": codes, "mask": mask})
    return spaces.Dict({"features": spaces.Box(0, 1, (rows, space.feature_count), np.uint8), "mask": mask})

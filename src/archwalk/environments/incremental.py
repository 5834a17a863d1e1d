"""The incremental search problem of Cassimon et al. 2024 for Gymnasium: a vector environment, and a plain one of one
walk.
"""

import operator
from typing import Any, Literal

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import NDArray

from archwalk.environments.autoreset import Ended, Info, final, mark, read_mode
from archwalk.environments.observations import Observation
from archwalk.environments.resets import Seed, check_actions, read_mask, read_seed
from archwalk.environments.single import Walk, make_walk
from archwalk.environments.walks import Walks, WalkSettings
from archwalk.errors import UsageError
from archwalk.estimators.base import Floats
from archwalk.estimators.benchmarks import Benchmark, load_benchmark
from archwalk.estimators.ledger import TrainingLedger
from archwalk.jit import make_streams
from archwalk.spaces.base import Codes

Observe = Literal["features", "codes"]


class IncrementalVectorEnv(VectorEnv[Observation, NDArray[np.int64], NDArray[Any]]):
    """Many walks over a benchmark's architectures (Cassimon et al. 2024, section 3.2.1).

    Observation: `features` (N + 1, F) of the current architecture and up to N neighbours, zeros behind them,
    and `mask` (N + 1,): 1 where there is an action. Action 0 stops; action i moves to architecture i; a
    masked action does nothing. Reward: see `WalkSettings`. `observe="codes"` gives `codes` (N + 1, L) in place
    of features: faster, for agents that gather features later; a policy must not look at codes.

    `info["code"]` (B, L) are the current architectures (`describe` says what one is), `info["score"]` (B,) what the
    benchmark says of them, NaN where nothing was paid for that.

    Keywords are those of `WalkSettings`. `autoreset_mode` is one of Gymnasium's, or its name: a finished walk is
    restarted in the same step (where it ended is in `info["final_obs"]` and `info["final_info"]`), in the next, whose
    action it ignores, or by `reset(options={"reset_mask": ...})`.
    """

    metadata: dict[str, Any] = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": []}  # noqa: RUF012 - as in Gymnasium

    def __init__(
        self,
        benchmark: str | Benchmark = "nas-bench-graph:cora",
        num_envs: int = 1,
        *,
        observe: Observe = "features",
        autoreset_mode: AutoresetMode | str = AutoresetMode.SAME_STEP,
        **settings: Any,
    ) -> None:
        self.benchmark, self.settings = _resolve(benchmark, observe, settings)
        self.num_envs = num_envs
        self.observe = observe
        self.autoreset_mode = read_mode(autoreset_mode)
        self.metadata = self.metadata | {"autoreset_mode": self.autoreset_mode}
        self.ledger = TrainingLedger(self.benchmark.estimator)
        self.single_observation_space = _observation_space(self.benchmark, self.settings, observe)
        self.single_action_space = spaces.Discrete(self.settings.neighbours + 1)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.walks: Walks | None = None
        self._ended = Ended(self.autoreset_mode, num_envs)

    def reset(self, *, seed: Seed = None, options: dict[str, Any] | None = None) -> tuple[Observation, Info]:
        """Start all walks anew, or those of `options["reset_mask"]`; a seed is for all of them (`read_seed`)."""
        mask_B = read_mask(options, self.num_envs, begun=self.walks is not None)
        if seed is not None and not mask_B.all():
            raise UsageError("a seed is for all walks: it does not go with a reset_mask of some")
        if seed is not None or self.walks is None:
            rng = np.random.default_rng(read_seed(seed, self.num_envs))
            self.walks = Walks(self.benchmark.space, self.ledger, self.num_envs, self.settings, rng)
            self.ledger.evaluator.streams_T = make_streams(rng.spawn(1)[0], 1)
        self.walks.restart(mask_B)
        self._ended.waiting_B = self._ended.waiting_B & ~mask_B
        return self._observe(), mark(self._info(), self.num_envs)

    def step(
        self, actions: NDArray[np.int64]
    ) -> tuple[Observation, Floats, NDArray[np.bool_], NDArray[np.bool_], Info]:
        """Act in all walks; those that ended are restarted as `autoreset_mode` says."""
        walks, ended = self._walks, self._ended
        action_B = check_actions(actions, self.num_envs, self.settings.neighbours + 1)
        ended.check()
        step = walks.step(action_B, ended.waiting_B if ended.waiting_B.any() else None)
        restart_B, ends = ended.restarts(step.done_B), Info()
        if restart_B.any():
            if self.autoreset_mode is AutoresetMode.SAME_STEP:
                ends = final(self._observe(), self._info(), restart_B)
            if self.autoreset_mode is not AutoresetMode.DISABLED:
                walks.restart(restart_B)
        info = mark(self._info(), self.num_envs) | ends
        return self._observe(), step.reward_B, step.terminated_B, step.truncated_B, info

    @property
    def _walks(self) -> Walks:
        if self.walks is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        return self.walks

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions (B, N + 1) there are."""
        mask: NDArray[np.bool_] = np.arange(self.settings.neighbours + 1) <= self._walks.count_B[:, None]
        return mask

    def describe(self, code_L: Codes) -> dict[str, Any]:
        """The description of an architecture, of one of `info["code"]` say."""
        return self.benchmark.space.describe(np.asarray(code_L, np.int32))

    def _observe(self) -> Observation:
        walks = self._walks
        mask = self.action_masks().astype(np.int8)
        if self.observe == "codes":
            return {"codes": walks.codes_BKL.copy(), "mask": mask}
        return {"features": self.benchmark.space.features(walks.codes_BKL), "mask": mask}

    def _info(self) -> Info:
        walks = self._walks
        return {"code": walks.current_BL.copy(), "score": walks.score_B.copy()}


class IncrementalEnv(gymnasium.Env[Observation, np.int64]):
    """One walk, for libraries that want a plain `gymnasium.Env`: `gymnasium.make("archwalk/Incremental-v0")`.

    Keywords: `benchmark`, and those of `WalkSettings`. Walks, observations and `info` are those of
    `IncrementalVectorEnv`, without the dimension B.
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
        self.benchmark, self.settings = _resolve(benchmark, observe, settings)
        self.observe = observe
        self.ledger = TrainingLedger(self.benchmark.estimator)
        self.observation_space: spaces.Dict = _observation_space(self.benchmark, self.settings, observe)  # type: ignore[assignment]
        self.action_space = spaces.Discrete(self.settings.neighbours + 1)
        self.render_mode = render_mode
        self._begun: Walk | None = None
        self._over = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, Info]:
        """Start anew from a sampled architecture."""
        super().reset(seed=seed)
        read_mask(options, 1, begun=self._begun is not None)
        if seed is not None or self._begun is None:
            rng = np.random.default_rng(read_seed(seed, 1))
            if self._begun is None:
                space, features = self.benchmark.space, self.observe == "features"
                self._begun = make_walk(space, self.ledger, self.settings, rng, features=features)
            else:
                self._begun.seed(rng)
            self.ledger.evaluator.streams_T = make_streams(rng.spawn(1)[0], 1)
        self._begun.restart()
        self._over = False
        return self._begun.observe(), self._info()

    def step(self, action: np.int64) -> tuple[Observation, float, bool, bool, Info]:
        """Take one edit, or stop. Raises ResetNeeded where the walk is over."""
        if (walk := self._begun) is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        if self._over:
            raise gymnasium.error.ResetNeeded("the walk is over; call reset() before step()")
        try:
            reward, terminated, truncated = walk.step(operator.index(action))
        except TypeError as error:
            raise UsageError(
                f"an action is an integer of 0 to {self.settings.neighbours}, not {action!r}"
            ) from error
        self._over = terminated or truncated
        return walk.observe(), reward, terminated, truncated, {"code": walk.code_L, "score": walk.score}

    @property
    def _walk(self) -> Walk:
        if self._begun is None:
            raise gymnasium.error.ResetNeeded("call reset() before step()")
        return self._begun

    def _info(self) -> Info:
        return {"code": self._walk.code_L, "score": self._walk.score}

    def action_masks(self) -> NDArray[np.bool_]:
        """Which actions (N + 1,) there are, as sb3-contrib's MaskablePPO asks for."""
        mask: NDArray[np.bool_] = np.arange(self.settings.neighbours + 1) <= self._walk.count
        return mask

    def describe(self) -> dict[str, Any]:
        """The description of the current architecture."""
        return self.benchmark.space.describe(self._walk.code_L)

    def render(self) -> str:
        """The description of the current architecture as text."""
        return str(self.describe())


def _resolve(
    benchmark: str | Benchmark, observe: str, settings: dict[str, Any]
) -> tuple[Benchmark, WalkSettings]:
    if observe not in ("features", "codes"):
        raise UsageError(f'observe must be "features" or "codes", not {observe!r}')
    benchmark = load_benchmark(benchmark) if isinstance(benchmark, str) else benchmark
    return benchmark, WalkSettings(**settings)


def _observation_space(benchmark: Benchmark, settings: WalkSettings, observe: Observe) -> spaces.Dict:
    rows = settings.neighbours + 1
    mask = spaces.MultiBinary(rows)
    space = benchmark.space
    if observe == "codes":
        limit = np.iinfo(np.int32)
        codes = spaces.Box(-1, limit.max, (rows, space.code_length), np.int32)
        return spaces.Dict({"codes": codes, "mask": mask})
    return spaces.Dict({"features": spaces.Box(0, 1, (rows, space.feature_count), np.uint8), "mask": mask})

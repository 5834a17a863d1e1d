"""The controller: an LSTM that sees what it built last and what that earned, and says what to build next.

Mazyavkina et al. 2020, section 4.2: "the controller's inputs are the previous step's architecture and the reward it
has received". One step of the LSTM is one architecture, all decisions of which are drawn from its output, and its
state is carried from step to step (Mazyavkina et al.'s code resets it at every step). REINFORCE with a moving
baseline and an entropy bonus; a cosine learning rate that ends at zero with the last update. Ours: the baseline
begins at the first rewards (Mazyavkina et al.'s code: at zero), the reward is shown to the LSTM as a multiple of the
baseline (of 1 where that is larger), the gradient goes back to the last update and no further. "Updated every ten
steps" (section 5.1) is read as its table 5 and its code have it: a child has ten rollouts, three children make an
update.
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from archwalk.estimators.base import Floats
from archwalk.learning.seeding import made_from
from archwalk.strategies.enas.settings import ENASSettings


class Controller:
    """A policy over strings of decisions with so many values each, for `updates` updates.

    `draw` and `reward` take turns; after every `children` rewards it learns. The same seed gives the same bits.
    """

    def __init__(self, choices: tuple[int, ...], settings: ENASSettings, updates: int, seed: int) -> None:
        self.choices, self.settings, self.updates = choices, settings, max(1, updates)
        inputs = sum(choices) + 1
        self.lstm = made_from(seed, lambda: nn.LSTMCell(inputs, settings.width))
        self.logits = made_from(seed, lambda: nn.Linear(settings.width, sum(choices)))
        nn.init.zeros_(self.logits.weight)  # all architectures are equally likely at first
        nn.init.zeros_(self.logits.bias)
        self.parameters = [*self.lstm.parameters(), *self.logits.parameters()]
        self.optimiser = torch.optim.Adam(self.parameters, lr=settings.learning_rate, eps=settings.epsilon)
        self.rng = np.random.default_rng(seed)
        self.memory = (torch.zeros(1, settings.width), torch.zeros(1, settings.width))
        self.seen = torch.zeros(1, inputs)
        """What the LSTM is shown next: the last architecture, one-hot, and its reward."""
        self.baseline: float | None = None
        self.done = 0
        self._drawn: list[tuple[Tensor, Tensor]] = []
        """Log probability and entropy of what was drawn since the last update."""
        self._rewards: list[float] = []

    def draw(self) -> NDArray[np.int32]:
        """The next architecture's decisions (C,)."""
        self.memory = self.lstm(self.seen, self.memory)
        logs = self._split(self.logits(self.memory[0])[0])
        choices_C = np.array(
            [int((log.detach().numpy() + self.rng.gumbel(size=len(log))).argmax()) for log in logs], np.int32
        )
        chosen = torch.stack(
            [log[choice] for log, choice in zip(logs, choices_C.tolist(), strict=True)]
        ).sum()
        entropy = torch.stack([-(log.exp() * log).sum() for log in logs]).sum()
        self._drawn.append((chosen, entropy))
        one_hot = [np.eye(size)[choice] for size, choice in zip(self.choices, choices_C, strict=True)]
        self.seen = torch.from_numpy(np.concatenate([*one_hot, [0.0]])[None]).float()
        return choices_C

    def reward(self, reward: float) -> None:
        """What the last architecture earned."""
        self._rewards.append(reward)
        baseline = self.baseline if self.baseline is not None else reward
        self.seen[0, -1] = reward / max(1.0, abs(baseline))
        if len(self._rewards) == self.settings.children:
            self._learn()

    def log_probabilities(self, choices_BC: NDArray[np.int32]) -> Floats:
        """Log probabilities (B,) of strings, as what would be drawn next."""
        with torch.no_grad():
            hidden, _ = self.lstm(self.seen, self.memory)
            logs = self._split(self.logits(hidden)[0])
        log_B: Floats = np.zeros(len(choices_BC))
        for c, log in enumerate(logs):
            log_B += log.double().numpy()[choices_BC[:, c]]
        return log_B

    def sample(self, n: int) -> NDArray[np.int32]:
        """Strings (n, C) of what would be drawn next; the controller stays as it is."""
        with torch.no_grad():
            hidden, _ = self.lstm(self.seen, self.memory)
            logs = self._split(self.logits(hidden)[0])
        columns = [(log.numpy() + self.rng.gumbel(size=(n, len(log)))).argmax(axis=1) for log in logs]
        return np.stack(columns, axis=1).astype(np.int32)

    @property
    def learning_rate(self) -> float:
        """That of the next update; 0 after the last."""
        progress = min(1.0, self.done / self.updates)
        return self.settings.learning_rate * 0.5 * (1.0 + math.cos(math.pi * progress))

    def _split(self, logits_F: Tensor) -> list[Tensor]:
        """Log probabilities of each decision's values."""
        return [part.log_softmax(0) for part in torch.split(logits_F, list(self.choices))]

    def _learn(self) -> None:
        settings, rewards_K = self.settings, np.array(self._rewards)
        mean = float(rewards_K.mean())
        baseline = mean if self.baseline is None else self.baseline
        advantage_K = torch.from_numpy(rewards_K - baseline).float()
        chosen_K, entropy_K = (torch.stack(column) for column in zip(*self._drawn, strict=True))
        loss = -(chosen_K * advantage_K).mean() - settings.entropy_weight * entropy_K.mean()
        for group in self.optimiser.param_groups:
            group["lr"] = self.learning_rate
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.parameters, settings.gradient_clip)
        self.optimiser.step()
        momentum = settings.baseline_momentum
        self.baseline = momentum * baseline + (1.0 - momentum) * mean
        self.memory = (self.memory[0].detach(), self.memory[1].detach())
        self._drawn, self._rewards = [], []
        self.done += 1

"""An actor-critic that is shown facts about each action, as well as everything else (ours)."""

import torch
from torch import Tensor, nn

from archwalk.learning.a2c import Memory, RecurrentActorCritic

HIDDEN, CONTEXT = 32, 16


class RecallingActorCritic(RecurrentActorCritic):
    """A `RecurrentActorCritic` whose inputs end in `facts` numbers about each action, action by action, and one more.

    To the logit that the LSTM gives an action, a small network adds what it makes of the facts about it: one network
    for all actions, so what is learned of one holds for all. It reads that last number and a little of the LSTM's
    output too.
    """

    def __init__(self, inputs: int, width: int, actions: int, facts: int) -> None:
        super().__init__(inputs, width, actions)
        self.facts = facts
        self.context = nn.Linear(width, CONTEXT)
        last = nn.Linear(HIDDEN, 1)
        self.judge = nn.Sequential(nn.Linear(facts + 1 + CONTEXT, HIDDEN), nn.ReLU(), last)
        nn.init.orthogonal_(last.weight, 0.1)
        nn.init.zeros_(last.bias)

    def forward(self, inputs_SBX: Tensor, memory: Memory) -> tuple[Tensor, Tensor, Memory]:
        """See `RecurrentActorCritic`."""
        hidden_SBW, (output, cell) = self.lstm(inputs_SBX, (memory[0][None], memory[1][None]))
        shape = (*inputs_SBX.shape[:-1], self.policy.out_features, self.facts)
        facts_SBAF = inputs_SBX[..., -shape[-2] * shape[-1] - 1 : -1].reshape(shape)
        shared_SBC = torch.cat([inputs_SBX[..., -1:], self.context(hidden_SBW).tanh()], dim=-1)
        shared_SBAC = shared_SBC[..., None, :].expand(*facts_SBAF.shape[:-1], -1)
        judged_SBA = self.judge(torch.cat([facts_SBAF, shared_SBAC], dim=-1))[..., 0]
        return self.policy(hidden_SBW) + judged_SBA, self.value(hidden_SBW)[..., 0], (output[0], cell[0])

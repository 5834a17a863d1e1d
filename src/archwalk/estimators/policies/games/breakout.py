"""MinAtar's Breakout as kernels over rows of integers (Young and Tian, 2019, arXiv:1903.03176).

The ball moves along diagonals and is reflected by walls, bricks and the paddle. A brick that is hit is gone and pays
1; in the step after that one the ball goes through bricks, which stay. When the last is gone and the ball is at the
bottom, three new rows stand there. The game is over when the paddle misses the ball.
"""

import numpy as np

from archwalk.jit import kernel, random_below

CHANNELS = ("paddle", "ball", "trail", "brick")
ACTIONS = ("stay", "left", "right")

BALL_Y, BALL_X, RIGHTWARDS, DOWNWARDS, PADDLE, IN_BRICKS, LAST_Y, LAST_X = range(8)
BRICKS = 8
"""Where 30 bricks begin, three rows of ten, the highest first."""
WIDTH = BRICKS + 30


@kernel
def begin(state_S, streams, row):  # type: ignore[no-untyped-def]
    """Set up a new game; only the side from which the ball comes is random."""
    from_right = random_below(streams, row, 2)
    state_S[BALL_Y], state_S[BALL_X] = 3, 9 * from_right
    state_S[RIGHTWARDS], state_S[DOWNWARDS] = 1 - 2 * from_right, 1
    state_S[PADDLE], state_S[IN_BRICKS] = 4, 0
    state_S[LAST_Y], state_S[LAST_X] = state_S[BALL_Y], state_S[BALL_X]
    state_S[BRICKS:WIDTH] = 1


@kernel
def act(state_S, action):  # type: ignore[no-untyped-def]
    """Move paddle and ball; returns (reward, whether the game is over)."""
    paddle = min(9, max(0, state_S[PADDLE] + (action == 2) - (action == 1)))
    state_S[PADDLE] = paddle
    y, x = state_S[BALL_Y], state_S[BALL_X]
    state_S[LAST_Y], state_S[LAST_X] = y, x
    new_y, new_x = y + state_S[DOWNWARDS], x + state_S[RIGHTWARDS]
    if new_x < 0 or new_x > 9:
        new_x = min(9, max(0, new_x))
        state_S[RIGHTWARDS] *= -1
    reward, over, in_bricks = 0, False, 0
    if new_y < 0:
        new_y = 0
        state_S[DOWNWARDS] *= -1
    elif 1 <= new_y <= 3 and state_S[BRICKS + 10 * (new_y - 1) + new_x]:
        in_bricks = 1
        if not state_S[IN_BRICKS]:
            state_S[BRICKS + 10 * (new_y - 1) + new_x] = 0
            reward, new_y = 1, y
            state_S[DOWNWARDS] *= -1
    elif new_y == 9:
        if not state_S[BRICKS:WIDTH].any():
            state_S[BRICKS:WIDTH] = 1
        if x == paddle or new_x == paddle:
            if x != paddle:  # the ball comes to its edge: it goes back where it came from
                state_S[RIGHTWARDS] *= -1
            state_S[DOWNWARDS] *= -1
            new_y = y
        else:
            over = True
    state_S[IN_BRICKS] = in_bricks
    state_S[BALL_Y], state_S[BALL_X] = new_y, new_x
    return reward, over


@kernel
def draw(state_S, planes_CHW):  # type: ignore[no-untyped-def]
    """Write the observation, planes of zeros and ones (4, 10, 10)."""
    planes_CHW[:] = 0
    planes_CHW[0, 9, state_S[PADDLE]] = 1
    planes_CHW[1, state_S[BALL_Y], state_S[BALL_X]] = 1
    planes_CHW[2, state_S[LAST_Y], state_S[LAST_X]] = 1
    for brick in range(30):
        planes_CHW[3, 1 + brick // 10, brick % 10] = np.uint8(state_S[BRICKS + brick])

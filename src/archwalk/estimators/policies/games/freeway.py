"""MinAtar's Freeway as kernels over rows of integers (Young and Tian, 2019, arXiv:1903.03176).

A chicken crosses eight lanes and may move every third step. Reaching the top pays 1, takes it back to the bottom and
draws the cars' speeds anew; a car that hits it takes it back too. Cars move every 1 to 5 steps. A game is over after
2,500 steps; the original calls that its end, not a cut, and so do we.
"""

from archwalk.jit import kernel, random_below

CHANNELS = ("chicken", "car", "speed 1", "speed 2", "speed 3", "speed 4", "speed 5")
ACTIONS = ("stay", "up", "down")

CARS, COLUMN, BOTTOM = 8, 4, 9
REST, STEPS = 3, 2500

CHICKEN, RESTING, LEFT_OVER = range(3)
CAR = 3
"""Where the cars begin, one a lane from the top: of each its column, the steps until it moves, its velocity."""
WIDTH = CAR + 3 * CARS


@kernel
def _draw_speeds(state_S, streams, row):  # type: ignore[no-untyped-def]
    for car in range(CARS):
        at = CAR + 3 * car
        speed = 1 + random_below(streams, row, 5)
        state_S[at + 1] = speed
        state_S[at + 2] = speed if random_below(streams, row, 2) else -speed


@kernel
def begin(state_S, streams, row):  # type: ignore[no-untyped-def]
    """Set up a new game with cars of random speeds."""
    state_S[CHICKEN], state_S[RESTING], state_S[LEFT_OVER] = BOTTOM, REST, STEPS
    for car in range(CARS):
        state_S[CAR + 3 * car] = 0
    _draw_speeds(state_S, streams, row)


@kernel
def act(state_S, action, streams, row):  # type: ignore[no-untyped-def]
    """Move chicken and cars; returns (reward, whether the game is over)."""
    reward = 0
    if action and state_S[RESTING] == 0:
        state_S[RESTING] = REST
        move = -1 if action == 1 else 1
        state_S[CHICKEN] = min(BOTTOM, state_S[CHICKEN] + move)
    if state_S[CHICKEN] == 0:
        reward = 1
        _draw_speeds(state_S, streams, row)
        state_S[CHICKEN] = BOTTOM
    for car in range(CARS):
        at, lane = CAR + 3 * car, car + 1
        if state_S[at] == COLUMN and lane == state_S[CHICKEN]:
            state_S[CHICKEN] = BOTTOM
        if state_S[at + 1] > 0:
            state_S[at + 1] -= 1
            continue
        velocity = state_S[at + 2]
        state_S[at + 1] = abs(velocity)
        state_S[at] = (state_S[at] + (1 if velocity > 0 else -1)) % 10
        if state_S[at] == COLUMN and lane == state_S[CHICKEN]:
            state_S[CHICKEN] = BOTTOM
    if state_S[RESTING] > 0:
        state_S[RESTING] -= 1
    state_S[LEFT_OVER] -= 1
    return reward, state_S[LEFT_OVER] < 0


@kernel
def draw(state_S, planes_CHW):  # type: ignore[no-untyped-def]
    """Write the observation, planes of zeros and ones (7, 10, 10): behind every car its trail, on its speed's plane."""
    planes_CHW[:] = 0
    planes_CHW[0, state_S[CHICKEN], COLUMN] = 1
    for car in range(CARS):
        x, velocity = state_S[CAR + 3 * car], state_S[CAR + 3 * car + 2]
        planes_CHW[1, car + 1, x] = 1
        planes_CHW[1 + abs(velocity), car + 1, (x - (1 if velocity > 0 else -1)) % 10] = 1

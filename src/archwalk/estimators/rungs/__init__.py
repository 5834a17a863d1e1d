"""Networks for images trained well and fast, rung by rung: what survives goes on from its kept weights."""

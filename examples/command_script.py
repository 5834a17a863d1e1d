"""What `command_objective.py` runs: reads an architecture, prints what it is worth. Any program will do."""

import json
import math
import sys

network = json.loads(sys.argv[1])
print("training ...")
loss = 3 / (1 + network["depth"]) + abs(math.log10(network["learning_rate"] / 0.01))
print(json.dumps({"loss": loss, "megabytes": network["depth"] * network["width"] / 100}))

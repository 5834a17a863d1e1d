#!/usr/bin/env bash
# Every path that computes on a GPU, in under five minutes: run it where there is one (DEVICE=cpu tries the script itself).
#
#     PYTHON=.venv/bin/python bash benchmarks/cuda.sh [FOLDER]
#
# A search on images takes the GPU by itself where there is one. A line a step with its seconds and "passed" or "FAILED";
# what a step printed is in FOLDER. The status is the number of steps that failed.
set -u
python=${PYTHON:-python} device=${DEVICE:-cuda} out=${1:-$(mktemp -d)}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
failed=0
mkdir -p "$out"

step() { # step NAME COMMAND...
    local name=$1 began=$SECONDS said=passed
    shift
    "$@" >"$out/$name.txt" 2>&1 </dev/null || { said=FAILED; failed=$((failed + 1)); }
    printf '%-24s %4d s  %s\n' "$name" $((SECONDS - began)) "$said"
    [[ $said == passed ]] || tail -3 "$out/$name.txt"
}
export ARCHWALK_STORE=$out/store.sqlite
archwalk() { "$python" -m archwalk "$@"; }
apex=(archwalk train apex --benchmark nas-bench-graph:cora --device "$device" --steps 4000 --set actors=1 --set environments=16)

"$python" - "$device" <<'PYTHON' || exit 1
import sys

import torch

if sys.argv[1] == "cuda" and not torch.cuda.is_available():
    sys.exit("no GPU is here; DEVICE=cpu tries the script itself")
name = torch.cuda.get_device_name() if sys.argv[1] == "cuda" else "the processor"
print(f"torch {torch.__version__} on {name}")
PYTHON
step apex "${apex[@]}" --seed 0 --out "$out/apex"
step apex-again "${apex[@]}" --seed 0 --out "$out/apex2"
step apex-search archwalk compare --benchmark nas-bench-graph:cora --strategies "$out/apex,random-search" --budget 20 --trials 2
step throughput "$python" "$here/images.py" --out "$out/images" --throughput
step recipe archwalk search random-search --benchmark images:digits --budget 2
step recipe-again env ARCHWALK_STORE="$out/other.sqlite" "$python" -m archwalk search random-search --benchmark images:digits --budget 2
step cells archwalk search random-search --benchmark images:digits:cells --budget 1
step chains archwalk search random-search --benchmark images:digits:chain --budget 2
step by-the-clock archwalk search --benchmark images:digits --minutes 0.5 --device "$device" --out "$out/found"
step the-same-bits "$python" -c '
import json, subprocess, sys

def scores(store):
    said = subprocess.run([sys.executable, "-m", "archwalk", "store", "list", "--json", "--store", store], capture_output=True, check=True)
    rows = json.loads(said.stdout)
    rows = rows if isinstance(rows, list) else rows["evaluations"]
    return {str(row["architecture"]): (row["validation"], row["test"]) for row in rows}

one, other = (scores(store) for store in sys.argv[1:])
sys.exit(0 if other and all(one[name] == found for name, found in other.items()) else f"{one} differs from {other}")
' "$out/store.sqlite" "$out/other.sqlite"
exit "$failed"

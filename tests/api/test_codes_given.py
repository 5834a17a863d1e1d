import json
from pathlib import Path

import numpy as np
import pytest

from archwalk.data.architectures import code_of
from archwalk.errors import DataError, InvalidArchitectureError, UsageError
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.catalogue import load_space


@pytest.fixture(scope="module", params=["chain", "nasbench201", "darts"])
def architecture(request):
    space = load_space(request.param)
    return Architecture(space, space.sample(np.random.default_rng(0), 1)[0])


def test_an_architecture_is_given_in_many_ways(architecture, tmp_path):
    space, text = architecture.space, json.dumps(architecture.description)
    file = tmp_path / "a.json"
    file.write_text("\ufeff" + text, "utf-8")
    given = [architecture, architecture.description, text, f"  {text}", file, str(file), architecture.code_L]
    given += [architecture.code_L.tolist()] if isinstance(architecture.description, list) else []
    given += [int(architecture.code_L[0])] if space.code_length == 1 else []
    for one in given:
        assert Architecture(space, code_of(space, one)) == architecture


def test_what_is_none_is_refused(architecture, tmp_path):
    space = architecture.space
    other = load_space("nsc-chain")
    stranger = Architecture(other, other.sample(np.random.default_rng(0), 1)[0])
    wrong = [stranger, np.zeros(99, int), np.zeros(1), None, 1.5, "{", "[" * 100_000, {"x": 1}, True]
    wrong += [-1, 10**8] if space.code_length == 1 else [np.full(space.code_length, 77)]
    for one in wrong:
        with pytest.raises((InvalidArchitectureError, UsageError)) as caught:
            code_of(space, one)
        assert "\n" not in str(caught.value)
    with pytest.raises(UsageError, match="there is no file"):
        code_of(space, str(tmp_path / "absent.json"))
    (tmp_path / "b.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not text in UTF-8"):
        code_of(space, Path(tmp_path / "b.json"))


def test_architectures_are_values(architecture):
    twin = Architecture(architecture.space, architecture.code_L.copy())
    assert twin == architecture
    assert len({twin, architecture}) == 1
    assert architecture not in architecture.neighbours()
    assert architecture._repr_html_().startswith("<svg")
    assert architecture.space.name in repr(architecture)

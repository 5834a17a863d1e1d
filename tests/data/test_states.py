"""Checkpoints: whatever was written is read back to the bit, or refused."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from archwalk.data.states import FORMAT, read_state, write_state
from archwalk.errors import DataError

STATE = {
    "steps": 3,
    "rng": np.random.default_rng(0).bit_generator.state,
    "streams": np.array([[0, 2**64 - 1]], np.uint64),
    "masks": [np.array([1, 2**16 - 1], np.uint16), np.array(2**32 - 1, np.uint32), np.array([True, False])],
    "empty": np.empty((0, 3)),
    "weights": {"a": torch.arange(6.0).view(2, 3), 7: torch.tensor(1.5)},
    "nothing": None,
    "nan": float("nan"),
}


def test_everything_comes_back(tmp_path):
    write_state(tmp_path / "state", STATE)
    found = read_state(tmp_path / "state")
    np.testing.assert_equal(found["rng"], STATE["rng"])
    for one, other in [
        (found["streams"], STATE["streams"]),
        *zip(found["masks"], STATE["masks"], strict=True),
    ]:
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert found["empty"].shape == (0, 3)
    assert torch.equal(found["weights"]["a"], STATE["weights"]["a"])
    assert found["weights"][7].shape == ()
    assert found["nothing"] is None
    assert np.isnan(found["nan"])


def test_no_type_is_written_that_older_versions_of_safetensors_lack(tmp_path):
    write_state(tmp_path / "state", STATE)
    header = (tmp_path / "state").read_bytes()
    assert not any(f'"dtype":"U{bits}"'.encode() in header for bits in (16, 32, 64))


def test_the_same_state_is_the_same_file(tmp_path):
    for name in "ab":
        write_state(tmp_path / name, STATE)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_flipped_bit_is_refused(tmp_path):
    """Or changes nothing that is read: the header may have blanks."""
    write_state(tmp_path / "state", STATE)
    content, file = (tmp_path / "state").read_bytes(), tmp_path / "flipped"
    messages = []
    for place in range(0, len(content), 7):
        file.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        try:
            np.testing.assert_equal(str(read_state(file)), str(STATE))
        except DataError as error:
            messages.append(str(error))
    assert len(messages) > 0.98 * len(content) / 7
    assert not any("\n" in message for message in messages)


@pytest.mark.parametrize("metadata", [None, {"format": "archwalk-state-1", "state": "{}"}])
def test_files_of_earlier_versions_are_refused(tmp_path, metadata):
    save_file({"x": torch.zeros(2)}, tmp_path / "old", metadata)
    with pytest.raises(DataError, match=f"is not a checkpoint of this version of archwalk \\({FORMAT}\\)"):
        read_state(tmp_path / "old")


@pytest.mark.parametrize("head", ["[]", "{}", "[" * 100_000, '{"state": 3, "checksum": 3}'])
def test_a_head_that_is_none_is_refused(tmp_path, head):
    save_file({"x": torch.zeros(2)}, tmp_path / "file", {FORMAT: head})
    with pytest.raises(DataError, match="is damaged"):
        read_state(tmp_path / "file")

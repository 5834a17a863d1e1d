import json
from dataclasses import replace

import numpy as np
import pytest

from archwalk.cli.main import main
from archwalk.data.images import ImageSettings, missing_images
from archwalk.data.table import write_table
from archwalk.errors import DataError, UsageError
from archwalk.estimators.benchmarks import load_benchmark
from archwalk.estimators.images import SMALL
from archwalk.estimators.images.tables import TRAINED_TABLES, TrainedTable, find_table
from archwalk.estimators.store import open_store
from archwalk.spaces.nsc import Chain, NSCSize

SHIPPED = {name: 2_532 if name == "digits-cells" else 2_800 for name in TRAINED_TABLES}
"""Their numbers of architectures."""


def _tiny(task):
    return Chain(1, task), NSCSize(filters=4, dense=8)


@pytest.fixture
def tiny() -> TrainedTable:
    """The seven chains of one layer, a step or two each."""
    training = replace(SMALL, epochs=1)
    return TrainedTable("tiny", "digits", ImageSettings(pixels=6, max_images=60), training, 2, _tiny)


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "store.sqlite"))


@pytest.mark.parametrize("name", SHIPPED)
class TestEmbedded:
    def test_is_a_benchmark(self, name):
        benchmark, table = load_benchmark(name), find_table(name).read()
        assert (benchmark.name, benchmark.objective.name, benchmark.evaluation) == (
            name,
            "validation",
            "table",
        )
        assert benchmark.space.size == len(table) == SHIPPED[name]
        codes_BL = np.array([[3], [0]], np.int32)
        scores = benchmark.estimator.evaluate(codes_BL)
        assert scores.reward_B[1] == pytest.approx(table["validation"][0].mean())
        assert scores.report_B[0] == pytest.approx(table["test"][3].mean())
        assert not np.array_equal(table["validation"], table["test"])

    def test_a_guess_is_beaten_and_a_failure_is_zero(self, name):
        table = find_table(name).read()
        assert table["validation"].max() > 2 * 100 / int(table.provenance["classes"])
        none_N = table["parameters"] < 0
        assert (table["validation"][none_N] == 0).all()
        assert (table["seconds"][~none_N] > 0).all()
        assert int(table.provenance["failed"]) >= none_N.sum()

    def test_was_made_of_these_images_under_these_settings(self, name, data_root):
        table = find_table(name)
        if missing := missing_images(table.dataset):
            pytest.skip(missing)
        images, about = table.load_images(), table.read().provenance
        assert about["dataset"] == images.fingerprint
        here = json.loads(table.estimator(images, 0, engine="local").problem.settings_json)
        here.pop("arithmetic")  # of this machine; the tables are older than the key
        assert json.loads(about["settings"]) == here

    def test_trained_again_it_is_the_same(self, name, data_root):
        """On the machine that made it to the bit; elsewhere sums are rounded otherwise, and training drifts."""
        table = find_table(name)
        if missing := missing_images(table.dataset):
            pytest.skip(missing)
        kept = table.read()
        first_N = kept["validation"][:, 0]
        cheap = np.argsort(kept["seconds"][:, 0])[: len(kept) // 3]
        trained = cheap[first_N[cheap] > 0]
        by_score = trained[np.argsort(first_N[trained])]
        ids = by_score[np.linspace(0, len(by_score) - 1, 6).astype(int)]
        with table.estimator(table.load_images(), 0, engine="local") as estimator:
            again = estimator.evaluate(ids[:, None].astype(np.int32))
        apart_B = np.abs(again.reward_B - first_N[ids])
        assert np.median(apart_B) < 2
        assert np.abs(again.report_B - kept["test"][ids, 0]).mean() < 5
        assert np.ptp(first_N[ids]) > 10


class TestMaking:
    def test_resumes_from_the_store(self, tiny, store, tmp_path, monkeypatch):
        told = []
        first = tiny.make(store, seeds=1, workers=1)
        both = tiny.make(store, workers=1, progress=lambda done, total: told.append((done, total)))
        assert both["validation"].shape == (7, 2)
        assert np.array_equal(both["validation"][:, :1], first["validation"])
        assert told[0] == (7, 14)
        assert told[-1] == (14, 14)
        assert len(told) == 1 + 7
        assert both.provenance["seeds"] == "2"

        write_table(tmp_path / "tables/tiny.safetensors", both)
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
        scores = tiny([], 0).estimator.evaluate(np.arange(7, dtype=np.int32)[:, None])
        assert scores.reward_B == pytest.approx(both["validation"].mean(axis=1))

    def test_what_has_no_network_is_zero(self, tiny, store):
        """An image of 2 x 2 pixels is too small for the two pools of 3 x 3, ids 4 and 6."""
        small = replace(tiny, images=ImageSettings(pixels=2, max_images=60))
        made = small.make(store, seeds=1, workers=1)
        assert np.flatnonzero(made["parameters"] < 0).tolist() == [4, 6]
        assert (made["validation"][[4, 6]] == 0).all()
        assert made.provenance["failed"] == "2"

    def test_refuses_other_numbers_of_seeds(self, tiny, store):
        with pytest.raises(UsageError, match="tiny takes at least 1 seed and at most 2, not 3"):
            tiny.make(store, seeds=3)

    def test_command(self, tiny, tmp_path, monkeypatch, capsys):
        monkeypatch.setitem(TRAINED_TABLES, "tiny", tiny)
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
        store = str(tmp_path / "store.sqlite")
        with pytest.raises(DataError, match="tiny is not here; to make it: archwalk data make tiny"):
            tiny.read()
        assert main(["data", "make", "tiny", "--seeds", "1", "--workers", "1", "--store", store]) == 0
        path = tmp_path / "tables/tiny.safetensors"
        said = f"archwalk: {path} has 7 architectures; trainings of each: 1; failed: 0\n"
        assert capsys.readouterr().err.endswith(said)  # on a slow machine it says how far it is
        made = tiny.read()
        assert np.array_equal(
            made["validation"], tiny.make(open_store(store), seeds=1, workers=1)["validation"]
        )


class TestMisuse:
    def test_another_objective(self):
        with pytest.raises(UsageError, match="chain-digits has the objective validation alone, not run0"):
            load_benchmark("chain-digits:run0")

    def test_unknown_table(self):
        with pytest.raises(UsageError, match="did you mean 'chain-digits'"):
            find_table("chain-digit")

    def test_a_table_of_another_numbering(self, tmp_path, monkeypatch):
        table = find_table("chain-digits")
        kept = table.read()
        other = replace(kept, provenance={**kept.provenance, "numbering": "another"})
        write_table(tmp_path / "tables/chain-digits.safetensors", other)
        monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path))
        with pytest.raises(DataError, match="the table chain-digits is of another version"):
            table([], 0)

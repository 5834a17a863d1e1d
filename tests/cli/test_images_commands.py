"""search --minutes, predict and evaluate: from a folder of images to a network that is used."""

import json

import numpy as np
import pytest
from PIL import Image

from archwalk.experiments.evaluated import Evaluations
from striped import striped_images

SEARCH = (
    "search", "--benchmark", "images:photos", "--minutes", "0.05", "--max-parameters", "3000", "--engine", "local",
)  # fmt: skip


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Images as people have them: some hidden, one empty, upper-case endings, another script, a transparent one."""
    folder = tmp_path_factory.mktemp("here") / "photos"
    images = striped_images(48)
    for i, (pixels, label) in enumerate(zip(images.images_NCHW, images.labels_N, strict=True)):
        path = folder / ("lying", "stehend ü")[label] / f"picture {i}.{'PNG' if i % 3 else 'png'}"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels[0]).convert("LA" if i == 5 else "L").save(path, "PNG")
    (folder / "lying" / "empty.png").write_bytes(b"")
    (folder / "lying" / ".DS_Store").write_bytes(b"junk")
    return folder


def result_of(folder):
    return json.loads((folder / "found" / "result.json").read_text())


def test_from_a_folder_to_predictions(call, photos, monkeypatch, tmp_path, caplog):
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(photos.parent)
    out = str(tmp_path / "found")
    found = call(*SEARCH, "--out", out, "--json").json
    assert "lying/empty.png" in caplog.text
    assert found["parameters"] <= 3000
    assert found["images"]["classes"] == ["lying", "stehend ü"]
    assert found["limits"] == {"max_parameters": 3000}
    page = (tmp_path / "found" / "report.html").read_text()
    assert f"{found['test']['accuracy']:.2f} %" in page
    assert "stehend ü" in page
    assert 'id="x-data"' in page
    evaluations = Evaluations.read(tmp_path / "found" / "evaluations.safetensors")
    assert evaluations.about.load_space() is not None
    assert len(evaluations.batches) == len(result_of(tmp_path)["tried"])
    assert not (tmp_path / "found" / "live.jsonl").exists()
    named = call("predict", out, str(photos / "lying" / "picture 0.png"), "--json").json["predictions"]
    assert named[0]["label"] in found["images"]["classes"]
    assert "picture 0.png: " in call("predict", out, str(photos / "lying" / "picture 0.png")).out
    judged = call("evaluate", out, "--on", str(photos), "--json").json
    assert judged["left_out"] == ["lying/empty.png"]
    assert np.sum(judged["confusion"]) == judged["images"] == 48
    assert json.loads((tmp_path / "found" / "found.json").read_text()) == found["architecture"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--benchmark", "images:digits"],
            "say a STRATEGY, or --minutes for a search by the clock on images:FOLDER",
        ),
        (["random-search", "--benchmark", "images:digits"], "required: --budget, the queries of each trial"),
        (["--benchmark", "images:digits", "--minutes", "1"], "say where to, --out DIR"),
        (["--benchmark", "images:digits", "--minutes", "0"], "it is a number above 0, not '0'"),
        (
            ["--benchmark", "nasbench101", "--minutes", "1", "--out", "x"],
            "is for --benchmark images:FOLDER, not",
        ),
        (
            ["random-search", "--benchmark", "images:digits", "--minutes", "1", "--out", "x"],
            "has no strategy",
        ),
        (
            ["random-search", "--benchmark", "images:digits", "--budget", "3", "--max-macs", "9"],
            "--max-macs is for a search by the clock: say --minutes",
        ),
        (
            ["--benchmark", "images:digits", "--minutes", "1", "--out", "x", "--max-parameters", "9"],
            "no network of convnet keeps max_parameters 9: the smallest has",
        ),
    ],
)
def test_what_does_not_go_together_is_said_in_a_line(call, words, message):
    result = call("search", *words)
    assert result.status == 2
    assert message in result.err
    assert result.err.count("\n") == 1


def test_what_is_no_network_or_no_image_is_said_in_a_line(call, tmp_path):
    result = call("predict", str(tmp_path), "x.png")
    assert result.status == 1
    assert "holds no trained network" in result.err

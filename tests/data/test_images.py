"""Image data sets: folders and zip files of class folders, installed sets, the split, the cache; what is refused."""

import gzip
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archwalk.data.files import cache_folder
from archwalk.data.images import (
    ImageSettings,
    base,
    catalogue,
    image_set_names,
    installed,
    load_images,
    missing_images,
)
from archwalk.data.images.base import TEST, TRAINING, VALIDATION
from archwalk.errors import ArchwalkError, DataError, MissingExtraError, UsageError

SMALL = ImageSettings(pixels=8)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))


def paint(path: Path, shade: int, mode: str = "L", size: tuple[int, int] = (12, 9)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, shade if mode in ("L", "I;16") else (shade, 0, 0)).save(path)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Three classes of 9, 6 and 6 images, whose shade is that of the class."""
    for name, n, shade in (("ants", 9, 10), ("bees", 6, 100), ("Ümläut & co #1", 6, 200)):
        for i in range(n):
            paint(tmp_path / "photos" / name / f"{i}.png", shade + i)
    return tmp_path / "photos"


def zipped(folder: Path) -> Path:
    file = folder.with_suffix(".zip")
    with zipfile.ZipFile(file, "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, Path(folder.name) / path.relative_to(folder))
        archive.writestr("__MACOSX/photos/ants/._0.png", b"not an image")
    return file


class TestFolders:
    def test_classes_and_images(self, folder):
        data = load_images(str(folder), SMALL)
        assert (data.name, data.classes) == ("photos", ("ants", "bees", "Ümläut & co #1"))
        assert data.images_NCHW.shape == (21, 1, 8, 8)
        assert data.images_NCHW.dtype == np.uint8
        for i, tens in enumerate((0, 1, 2)):
            assert set(data.images_NCHW[data.labels_N == i].ravel() // 100) == {tens}

    def test_a_zip_file_is_a_folder(self, folder):
        one, other = load_images(str(folder), SMALL), load_images(str(zipped(folder)), SMALL)
        assert one.fingerprint == other.fingerprint
        assert one.classes == other.classes

    def test_folders_inside_a_class_folder_are_of_the_class(self, folder, caplog):
        (folder / "ants" / "more" / "of them").mkdir(parents=True)
        for i in range(3):
            (folder / "ants" / f"{i}.png").rename(folder / "ants" / "more" / "of them" / f"{i}.png")
        data = load_images(str(folder), SMALL)
        assert data.classes == ("ants", "bees", "Ümläut & co #1")
        assert np.bincount(data.labels_N).tolist() == [9, 6, 6]
        assert "3 images of" in caplog.text

    def test_two_levels(self, tmp_path):
        for alphabet in ("Greek", "Latin"):
            for character in ("character01", "character02"):
                for i in range(3):
                    paint(tmp_path / "o" / alphabet / character / f"{i}.png", 5)
        data = load_images(str(tmp_path / "o"), SMALL)
        assert data.classes == tuple(f"{a}/character0{i}" for a in ("Greek", "Latin") for i in (1, 2))
        assert load_images(str(tmp_path / "o" / "Greek"), SMALL).classes == ("character01", "character02")

    def test_a_split_into_train_and_test_is_undone(self, tmp_path):
        for part in ("train", "test"):
            for label in ("cat", "dog"):
                for i in range(2):
                    paint(tmp_path / "o" / part / label / f"{part}{i}.png", 5)
        assert load_images(str(tmp_path / "o"), SMALL).classes == ("cat", "dog")

    def test_colours(self, folder):
        paint(folder / "ants" / "red.png", 250, "RGB")
        data = load_images(str(folder), SMALL)
        assert data.shape == (3, 8, 8), "grey ones among them get three channels"
        assert load_images(str(folder), ImageSettings(pixels=8, colour="grey")).shape == (1, 8, 8)
        assert load_images(str(zipped(folder)), ImageSettings(pixels=8, colour="rgb")).shape == (3, 8, 8)

    def test_names_that_are_no_text(self, folder):
        strange = Path(os.fsdecode(os.fsencode(folder.parent) + b"/caf\xe9"))
        folder.rename(strange)
        (strange / "ants").rename(Path(os.fsdecode(os.fsencode(strange) + b"/b\xfccher")))
        for _ in range(2):  # read, and out of the cache
            data = load_images(str(strange), SMALL)
            assert data.name == "caf?"
            assert data.classes == ("bees", "b\udcfccher", "Ümläut & co #1")

    def test_sixteen_bits(self, folder):
        for path in (folder / "ants").iterdir():
            paint(path, 300, "I;16")
        data = load_images(str(folder), SMALL)
        assert set(data.images_NCHW[data.labels_N == 0].ravel()) == {1}

    def test_system_files_are_no_images(self, folder):
        (folder / ".DS_Store").write_text("x")
        (folder / "ants" / "._0.png").write_text("x")
        (folder / "notes.txt").write_text("x")
        (folder / ".hidden").mkdir()
        assert len(load_images(str(folder), SMALL).labels_N) == 21

    def test_links_that_lead_round_in_circles(self, folder):
        (folder / "ants" / "again").symlink_to(folder)
        assert len(load_images(str(folder), SMALL).labels_N) == 21


class TestSplit:
    def test_stratified_and_fixed_by_the_seed(self, folder):
        data = load_images(str(folder), SMALL)
        parts = [[int(((data.labels_N == c) & (data.part_N == p)).sum()) for p in range(3)] for c in range(3)]
        assert parts == [[4, 2, 3], [3, 1, 2], [3, 1, 2]]
        again = load_images(str(zipped(folder)), SMALL)
        np.testing.assert_array_equal(again.part_N, data.part_N)
        other = load_images(str(folder), ImageSettings(pixels=8, seed=1))
        assert (other.part_N != data.part_N).any()
        assert other.fingerprint != data.fingerprint

    def test_at_most_so_many(self, folder):
        data = load_images(str(folder), ImageSettings(pixels=8, max_images=13))
        assert np.bincount(data.labels_N).tolist() == [4, 4, 4]
        data = load_images(str(folder), ImageSettings(pixels=8, max_images=20))
        assert np.bincount(data.labels_N).tolist() == [8, 6, 6]
        data = load_images(str(folder), ImageSettings(pixels=8, max_classes=2))
        assert len(data.classes) == 2
        assert data.labels_N.max() == 1

    @pytest.mark.parametrize(
        "change",
        [{"pixels": 0}, {"pixels": 9999}, {"max_images": 1}, {"max_classes": 1}, {"colour": "blue"},
         {"validation": 0.0}, {"test": 0.9}],
    )  # fmt: skip
    def test_nonsense_is_refused(self, change):
        with pytest.raises(UsageError):
            ImageSettings(**change)


class TestCache:
    def test_images_are_read_once(self, folder, monkeypatch):
        first = load_images(str(folder), SMALL)
        monkeypatch.setattr(catalogue, "_make", lambda *_: pytest.fail("made again"))
        again = load_images(str(folder), SMALL)
        assert again.fingerprint == first.fingerprint
        assert again.classes == first.classes

    def test_other_images_are_read_anew(self, folder):
        first = load_images(str(folder), SMALL)
        paint(folder / "ants" / "0.png", 90)
        os.utime(folder / "ants" / "0.png", ns=(1, 1))
        assert load_images(str(folder), SMALL).fingerprint != first.fingerprint

    def test_a_damaged_file_is_made_again(self, folder):
        first = load_images(str(folder), SMALL)
        (kept,) = (cache_folder() / "images").iterdir()
        kept.write_bytes(kept.read_bytes()[:-100])
        assert load_images(str(folder), SMALL).fingerprint == first.fingerprint


class TestRefused:
    def refused(self, path: Path, message: str) -> None:
        with pytest.raises(DataError, match=message) as caught:
            load_images(str(path), SMALL)
        assert "\n" not in str(caught.value)

    def test_nothing_there(self, tmp_path, folder):
        self.refused(tmp_path / "none.d", r"there is no folder or zip file")
        (tmp_path / "empty").mkdir()
        self.refused(tmp_path / "empty", "holds no images")
        (tmp_path / "text.zip").write_text("no zip file")
        self.refused(tmp_path / "text.zip", "neither a folder nor a zip file")

    def test_one_class(self, folder):
        self.refused(folder / "ants", "in no class folder")
        self.refused(self._only(folder, "ants"), "has 1 class; classification needs at least 2")

    def _only(self, folder: Path, name: str) -> Path:
        target = folder.parent / "only" / name
        target.parent.mkdir()
        (folder / name).rename(target)
        return target.parent

    def test_an_empty_class(self, folder):
        (folder / "cats").mkdir()
        self.refused(folder, r"the class folder .*cats holds no images")

    def test_images_in_no_class(self, folder):
        paint(folder / "stray.png", 5)
        self.refused(folder, "images that are in no class folder")

    def test_too_few_of_a_class(self, folder):
        paint(folder / "cats" / "1.png", 5)
        self.refused(folder, r"class 'cats' of photos has 1 images; it needs at least 3")

    def test_too_few_under_the_limit(self, folder):
        with pytest.raises(DataError, match="take fewer max_classes"):
            load_images(str(folder), ImageSettings(pixels=8, max_images=6))

    @pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n"])
    def test_an_unreadable_image_is_left_out_and_named(self, folder, content, caplog):
        (folder / "ants" / "0.png").write_bytes(content)
        (folder / "bees" / "1.png").write_bytes(content)
        whole = sum(1 for _ in folder.rglob("*.png"))
        for _ in range(2):  # read, then kept
            caplog.clear()
            data = load_images(str(folder), ImageSettings(pixels=8))
            assert data.left_out == ("ants/0.png", "bees/1.png")
            assert len(data.labels_N) == len(data.files_N) == whole - 2
            assert f"2 of the {whole} images of photos are left out" in caplog.text
            assert "ants/0.png, bees/1.png" in caplog.text

    def test_an_image_that_is_cut_off_is_left_out(self, folder):
        path = folder / "ants" / "0.png"
        path.write_bytes(path.read_bytes()[:-30])
        assert load_images(str(folder), ImageSettings(pixels=8)).left_out == ("ants/0.png",)

    def test_a_damaged_image_of_a_zip_file_is_left_out(self, folder):
        file = zipped(folder)
        content = bytearray(file.read_bytes())
        content[60] ^= 0xFF  # in the first image
        file.write_bytes(content)
        assert len(load_images(str(file), ImageSettings(pixels=8)).left_out) == 1

    def test_a_class_of_which_nothing_can_be_read(self, folder):
        for path in (folder / "ants").iterdir():
            path.write_bytes(b"")
        self.refused(
            folder, r"no image for training can be read of class 'ants' of photos; cannot read the image"
        )

    def test_an_image_of_many_pixels(self, folder, monkeypatch):
        monkeypatch.setattr("archwalk.data.images.pixels._MOST_PIXELS", 50)
        self.refused(folder, "has 12 x 9 pixels")


class TestGivenSplit:
    def split(self, tmp_path, *parts):
        for part in parts:
            for label, bright in (("ants", 10), ("bees", 200)):
                for i in range(8):
                    path = tmp_path / "photos" / part / label / f"{i}.png"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    paint(path, bright)
        return load_images(str(tmp_path / "photos"), ImageSettings(pixels=8, split="given"))

    def named(self, data, part):
        return {
            name.split("/")[0] for name, one in zip(data.files_N, data.part_N, strict=True) if one == part
        }

    def test_the_test_is_as_it_is_given_and_validation_is_cut_from_training(self, tmp_path):
        data = self.split(tmp_path, "train", "test")
        assert self.named(data, TEST) == {"test"}
        assert self.named(data, VALIDATION) == self.named(data, TRAINING) == {"train"}
        assert np.count_nonzero(data.part_N == VALIDATION) == 4

    def test_all_three_are_as_they_are_given(self, tmp_path):
        data = self.split(tmp_path, "training", "val", "test")
        assert [self.named(data, part) for part in (TRAINING, VALIDATION, TEST)] == [
            {"training"},
            {"val"},
            {"test"},
        ]

    def test_validation_alone_is_the_test(self, tmp_path):
        assert self.named(self.split(tmp_path, "train", "val"), TEST) == {"val"}

    def test_without_a_split_ours_is_used(self, tmp_path):
        data = self.split(tmp_path, "one", "two")
        assert data.classes == ("one/ants", "one/bees", "two/ants", "two/bees")
        assert {*data.part_N.tolist()} == {TRAINING, VALIDATION, TEST}


def test_images_keep_their_size_where_they_are_not_enlarged(tmp_path):
    for label, bright in (("ants", 10), ("bees", 200)):
        for i in range(4):
            (tmp_path / "photos" / label).mkdir(parents=True, exist_ok=True)
            paint(tmp_path / "photos" / label / f"{i}.png", bright)
    sizes = [
        load_images(str(tmp_path / "photos"), ImageSettings(pixels=pixels, enlarge=False)).shape[1:]
        for pixels in (32, 8)
    ]
    assert sizes == [(12, 12), (8, 8)]  # the longer side is 12 pixels


class TestInstalled:
    def test_digits(self):
        data = load_images("digits", ImageSettings(pixels=8, max_images=200))
        assert (data.shape, len(data.labels_N), data.classes) == ((1, 8, 8), 200, tuple("0123456789"))
        assert data.images_NCHW.max() == 255

    def test_mnist5k(self):
        data = load_images("mnist5k", ImageSettings(pixels=14, max_images=100))
        assert (data.shape, np.bincount(data.labels_N).tolist()) == ((1, 14, 14), [10] * 10)

    def test_fashion_mnist(self):
        if missing := missing_images("fashion-mnist"):
            pytest.skip(missing)
        data = load_images("fashion-mnist", ImageSettings(pixels=28, max_images=100))
        assert data.shape == (1, 28, 28)
        assert {"dress", "ankle boot"} <= set(data.classes)

    def test_idx_files_that_are_none(self, tmp_path):
        file = tmp_path / "x.gz"
        for content in (b"", bytes([0, 0, 8, 1, 0, 0, 0, 5, 1, 2]), bytes([0, 0, 9, 1, 0, 0, 0, 0])):
            file.write_bytes(gzip.compress(content))
            with pytest.raises(DataError, match="not a whole idx file"):
                installed._read_idx(file, 1)
        file.write_bytes(b"plain")
        with pytest.raises(DataError, match="cannot read"):
            installed._read_idx(file, 1)

    def test_without_the_extra(self, monkeypatch):
        def absent(package):
            raise installed.PackageNotFoundError(package)

        monkeypatch.setattr(installed, "version", absent)
        with pytest.raises(MissingExtraError, match=r"pip install 'archwalk\[images\]'"):
            load_images("digits")
        assert "scikit-learn is not installed" in missing_images("digits")

    def test_names(self):
        with pytest.raises(UsageError, match="unknown image data set 'digitz'; did you mean 'digits'"):
            load_images("digitz")
        assert set(image_set_names()) >= {"digits", "mnist5k", "fashion-mnist", "omniglot", "cifar10"}


class TestPublished:
    @pytest.mark.parametrize(
        ("name", "shape", "classes"),
        [("omniglot", (1, 14, 14), 30), ("dtd10", (3, 14, 14), 10), ("flowers5", (3, 14, 14), 5),
         ("cifar10", (3, 14, 14), 10)],
    )  # fmt: skip
    @pytest.mark.usefixtures("data_root")
    def test_small(self, name, shape, classes):
        data = load_images(name, ImageSettings(pixels=14, max_images=600, max_classes=30))
        assert (data.shape, len(data.classes), len(data.labels_N)) == (shape, classes, 600)
        assert np.bincount(data.part_N).tolist() in ([280, 120, 200], [270, 120, 210])

    def test_without_the_folder(self, monkeypatch):
        monkeypatch.delenv("ARCHWALK_DATA", raising=False)
        with pytest.raises(ArchwalkError, match="ARCHWALK_DATA"):
            load_images("omniglot")


def test_parts_are_those_of_the_arrays(folder):
    data = load_images(str(folder), SMALL)
    assert set(np.unique(data.part_N)) == {base.TRAINING, base.VALIDATION, base.TEST}
    assert set(data.arrays()) == {"images", "labels", "part"}

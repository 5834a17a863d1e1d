"""A tiny image set that can be learned in a moment: stripes that lie and stripes that stand."""

import numpy as np

from archwalk.data.images.base import TEST, TRAINING, VALIDATION, ImageSet


def striped_images(n: int = 96, pixels: int = 8, channels: int = 1) -> ImageSet:
    """Half of `n` images with lying stripes, half with standing ones, under noise."""
    rng = np.random.default_rng(0)
    labels_N = np.arange(n) % 2
    phase_N = rng.integers(0, 2, n)
    at = np.arange(pixels)
    stripes_NP = ((at[None] + phase_N[:, None]) // 2 % 2) * 160.0
    images_NHW = np.where(
        labels_N[:, None, None] == 0, stripes_NP[:, :, None], stripes_NP[:, None, :] * np.ones((1, pixels, 1))
    )
    images_NHW = images_NHW * np.ones((1, pixels, pixels)) + rng.uniform(0, 60, (n, pixels, pixels))
    images_NCHW = np.repeat(images_NHW[:, None], channels, axis=1).astype(np.uint8)
    part_N = np.array([TRAINING, TRAINING, TRAINING, TRAINING, VALIDATION, VALIDATION, TEST, TEST], np.uint8)
    return ImageSet(
        "stripes", images_NCHW, labels_N.astype(np.int64), np.resize(part_N, n), ("lying", "standing")
    )

"""Images seen anew: moved, mirrored, warped, in another light and partly covered (all ours, after RandAugment: Cubuk et
al. 2020, and Cutout: DeVries and Taylor 2017).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from archwalk.estimators.rungs.settings import RecipeSettings

_SLANT = 0.35
"""Most by which images are turned (radians) or sheared; they are zoomed by .6 of it."""
_LIGHT = 0.3
"""Deviations by which brightness is moved at most, and the logarithm of contrast; saturation 1.5 times as much."""
_COVER = 0.3
"""Side of the square that is covered, over that of the image."""


def seen_anew(images: Tensor, settings: RecipeSettings, rng: np.random.Generator) -> Tensor:
    """Normalised images (B, C, H, W), each in its own way."""
    if not (settings.shift or settings.mirror or settings.strength):
        return images
    views = torch.from_numpy(_views(images.shape, settings, rng)).to(images.device)
    grid = affine_grid(views, list(images.shape), align_corners=False)
    images = grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    if settings.strength:
        images = _covered(_lit(images, settings.strength, rng), rng)
    return images


def _views(shape: torch.Size, settings: RecipeSettings, rng: np.random.Generator) -> NDArray[np.float32]:
    """Where each point of an image is taken from, (B, 2, 3) as `affine_grid` has it: each image is moved by whole
    pixels and maybe mirrored, and turned, sheared across, sheared down or zoomed.
    """
    batch, _, height, width = shape
    kind_B, amount_B = rng.integers(0, 4, batch), settings.strength * rng.uniform(-1, 1, batch)
    turn_B, across_B, down_B, zoom_B = (_SLANT * amount_B * (kind_B == kind) for kind in range(4))
    shift_B2 = rng.integers(-settings.shift, settings.shift + 1, (batch, 2))
    side_B = 1 - 2 * (settings.mirror & (rng.random(batch) < 0.5))
    views_B23 = np.zeros((batch, 2, 3), np.float32)
    views_B23[:, 0, 0] = side_B * (np.cos(turn_B) + 0.6 * zoom_B)
    views_B23[:, 1, 0] = side_B * (np.sin(turn_B) + down_B)
    views_B23[:, 0, 1] = across_B - np.sin(turn_B)
    views_B23[:, 1, 1] = np.cos(turn_B) + 0.6 * zoom_B
    views_B23[:, :, 2] = 2 * shift_B2 / (width, height)
    return views_B23


def _lit(images: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    amounts_3B = rng.uniform(-_LIGHT, _LIGHT, (3, len(images), 1, 1, 1)) * strength
    brightness, contrast, saturation = torch.from_numpy(amounts_3B.astype(np.float32)).to(images.device)
    if images.shape[1] == 3:
        grey = images.mean(1, keepdim=True)
        images = torch.lerp(grey, images, (1.5 * saturation).exp())
    lit: Tensor = images * contrast.exp() + brightness
    return lit


def _covered(images: Tensor, rng: np.random.Generator) -> Tensor:
    """With a square that has the colour of the mean."""
    masks = []
    for size in images.shape[2:]:
        middle_B = rng.integers(0, size, len(images))
        masks.append(np.abs(np.arange(size) - middle_B[:, None]) <= _COVER / 2 * size)
    covered = torch.from_numpy(masks[0][:, None, :, None] & masks[1][:, None, None, :])
    return images.masked_fill(covered.to(images.device), 0.0)

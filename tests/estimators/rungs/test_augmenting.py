"""How images are seen anew."""

import numpy as np
import torch

from archwalk.estimators.rungs.augmenting import seen_anew
from archwalk.estimators.rungs.settings import RecipeSettings, strength_for

IMAGES = torch.randn(64, 3, 12, 8, generator=torch.Generator().manual_seed(0))


def seen(**changes) -> torch.Tensor:
    return seen_anew(IMAGES, RecipeSettings(**changes), np.random.default_rng(0))


def test_without_any_change_images_are_as_they_were():
    assert seen() is IMAGES


def test_half_of_the_images_are_mirrored():
    images = seen(mirror=True)
    mirrored = [
        torch.allclose(one, before.flip(2), atol=1e-5) for one, before in zip(images, IMAGES, strict=True)
    ]
    same = [torch.allclose(one, before, atol=1e-5) for one, before in zip(images, IMAGES, strict=True)]
    assert sum(mirrored) + sum(same) == 64
    assert 20 < sum(mirrored) < 44


def test_images_are_moved_by_whole_pixels_and_what_comes_in_is_their_reflection():
    images = seen(shift=2)
    symmetric = torch.cat([IMAGES[..., :2].flip(3), IMAGES, IMAGES[..., -2:].flip(3)], dim=3)
    symmetric = torch.cat([symmetric[..., :2, :].flip(2), symmetric, symmetric[..., -2:, :].flip(2)], dim=2)
    assert symmetric.shape == (64, 3, 16, 12)
    places = set()
    for image, around in zip(images, symmetric, strict=True):
        found = [
            (down, right)
            for down in range(5)
            for right in range(5)
            if torch.allclose(image, around[:, down : down + 12, right : right + 8], atol=1e-4)
        ]
        assert len(found) == 1
        places.add(found[0])
    assert len(places) > 15


def test_the_same_generator_gives_the_same_and_strength_gives_more():
    weak, strong = (seen(strength=strength) for strength in (0.1, 1.0))
    assert torch.equal(strong, seen(strength=1.0))
    covered = (strong == 0).all(dim=1).float().mean()
    assert 0.03 < covered < 0.12
    kept = (weak != 0) & (strong != 0)
    assert (weak - IMAGES)[kept].abs().mean() < 0.5 * (strong - IMAGES)[kept].abs().mean()


def test_many_images_are_changed_less():
    assert [strength_for(images) for images in (20, 10_000, 22_000, 50_000, 10**6)] == [1, 1, 0.51, 0, 0]

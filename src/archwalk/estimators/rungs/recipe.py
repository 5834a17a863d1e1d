"""The recipe that suits a set of images and a device."""

from archwalk.data.images.base import TRAINING, ImageSet
from archwalk.estimators.rungs.pixels import may_be_mirrored
from archwalk.estimators.rungs.settings import RecipeSettings, arithmetic_of, batch_for, strength_for


def recipe_for(images: ImageSet, device: str) -> RecipeSettings:
    """Batches and strength by the number of images, shifts by their size, mirrors where the classes allow it, bfloat16
    where the device has it.
    """
    arrays = images.arrays()
    count = int((arrays["part"] == TRAINING).sum())
    return RecipeSettings(
        batch=batch_for(count),
        strength=strength_for(count),
        shift=max(1, images.shape[1] // 8),
        mirror=may_be_mirrored(arrays),
        arithmetic=arithmetic_of(device),
    )

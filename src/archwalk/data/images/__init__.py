"""Image data sets: folders of class folders, and sets that other packages bring, as arrays with a fixed split."""

from archwalk.data.images.base import ImageSet, ImageSettings
from archwalk.data.images.catalogue import image_set_names, load_images, missing_images

__all__ = ["ImageSet", "ImageSettings", "image_set_names", "load_images", "missing_images"]

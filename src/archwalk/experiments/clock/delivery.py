"""What a search leaves: the network as code, weights and ONNX model, and what uses them without archwalk."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import msgspec
import torch
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.nn.functional import interpolate

from archwalk.data.decoding import encode_json, read_json, reading
from archwalk.data.files import read_file, write_atomically
from archwalk.data.images import ImageSet
from archwalk.errors import DataError
from archwalk.estimators.rungs.pixels import Normalisation
from archwalk.spaces.architecture import Architecture
from archwalk.spaces.base import Codes
from archwalk.spaces.convnet.space import ConvNet
from archwalk.spaces.export.onnx_model import silence
from archwalk.spaces.export.pytorch import to_pytorch

NETWORK, WEIGHTS, ONNX, CLASSES, PREDICT = (
    "network.py", "weights.safetensors", "network.onnx", "classes.json", "predict.py",
)  # fmt: skip
RESULT = "result.json"

Size = Annotated[int, msgspec.Meta(ge=1, le=1 << 14)]

_PREDICT = '''"""Names the class of images: python predict.py IMAGE..."""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from network import Network  # noqa: E402

about = json.loads((HERE / "classes.json").read_text(encoding="utf-8"))
network = Network().eval()
network.load_state_dict(load_file(HERE / "weights.safetensors"))
mean, deviation = (torch.tensor(about[name]).view(-1, 1, 1) for name in ("mean", "deviation"))
for place in sys.argv[1:]:
    with Image.open(place) as image:
        upright = ImageOps.exif_transpose(image)
    if upright.mode[0] in "IF":  # grey, deeper than 8 bits
        white = 65535 if upright.mode.startswith("I;16") or image.format in ("PNG", "PPM") else about["white"]
        values = np.array(upright) * (256 / (white + (white > 1)))
        upright = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    if "A" in upright.getbands() or "transparency" in upright.info:
        ground = Image.new("RGBA", upright.size, (about["ground"],) * 3 + (255,))
        upright = Image.alpha_composite(ground, upright.convert("RGBA"))
    upright = upright.convert("L" if about["channels"] == 1 else "RGB")
    pixels = np.array(upright.resize((about["width"], about["height"]), Image.Resampling.BILINEAR))
    planes = torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1)
    looks = ((planes - mean) / deviation)[None]
    if about["mirrored"]:  # looked at twice
        looks = torch.cat([looks, looks.flip(3)])
    with torch.no_grad():
        chances = network(looks).softmax(1).mean(0)
    print(f"{place}: {about['classes'][int(chances.argmax())]} ({100 * chances.max():.1f} %)")
'''


class Deployed(nn.Module):
    """A network with all that stands before it: images (B, C, H, W) of any size with values 0 to 255, as they are read
    from files, give chances (B, K) of the classes: `mirrored`, the means of those of an image and of its reflection.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(
        self, network: nn.Module, shape: tuple[int, int, int], normalisation: Normalisation, *, mirrored: bool
    ) -> None:
        super().__init__()
        self.network, self.size, self.mirrored = network, shape[1:], mirrored
        for name, values in (("mean", normalisation.mean), ("deviation", normalisation.deviation)):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        x = interpolate(images.float(), self.size, mode="bilinear", antialias=True, align_corners=False)
        x = (x - self.mean) / self.deviation
        chances: Tensor = self.network(x).softmax(1)
        if self.mirrored:
            chances = (chances + self.network(x.flip(3)).softmax(1)) / 2
        return chances


class About(msgspec.Struct, frozen=True):
    """What `classes.json` says of a network: its classes in their order, the images that it reads, and which weights
    belong to it. Raises ValueError where the normalisation is not that of the channels.
    """

    classes: tuple[str, ...]
    channels: Size
    height: Size
    width: Size
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    white: Annotated[float, msgspec.Meta(ge=1)]
    """In images of grey deeper than 8 bits, where their kind does not say."""
    ground: Annotated[int, msgspec.Meta(ge=0, le=255)]
    """Behind what is transparent."""
    mirrored: bool
    """Whether each image is looked at twice, as it is and mirrored."""
    weights_sha256: str
    network_sha256: str
    """Of the code."""

    def __post_init__(self) -> None:
        if not len(self.mean) == len(self.deviation) == self.channels or 0.0 in self.deviation:
            raise ValueError("mean and deviation are numbers of each channel, and no deviation is 0")


def deliver(
    folder: Path,
    space: ConvNet,
    code_L: Codes,
    network: nn.Module,
    normalisation: Normalisation,
    images: ImageSet,
    *,
    mirrored: bool,
) -> list[str]:
    """Write all files but the page; gives their names. Without the extra `onnx` there is no ONNX model."""
    network = network.cpu().eval()
    source = to_pytorch(Architecture(space, code_L))
    channels, height, width = space.image_shape
    weights = save(renamed(network, source))
    about = About(
        images.classes, channels, height, width, tuple(normalisation.mean), tuple(normalisation.deviation),
        images.conventions.white, images.conventions.ground, mirrored,
        sha256(weights).hexdigest(), sha256(source.encode()).hexdigest(),
    )  # fmt: skip
    write_atomically(folder / NETWORK, source)
    write_atomically(folder / WEIGHTS, weights)
    write_atomically(folder / CLASSES, encode_json(about, indent=1) + "\n")
    write_atomically(folder / PREDICT, _PREDICT)
    written = [NETWORK, WEIGHTS, CLASSES, PREDICT]
    if _has_onnx():
        deployed = Deployed(network, space.image_shape, normalisation, mirrored=mirrored)
        write_atomically(folder / ONNX, to_deployed_onnx(deployed))
        written.append(ONNX)
    return written


def renamed(network: nn.Module, source: str) -> dict[str, Tensor]:
    """The network's weights by the names that the exported module gives them: both have them in one order."""
    names: dict[str, Any] = {}
    exec(compile(source, NETWORK, "exec"), names)
    with torch.device("meta"):
        theirs = names["Network"]().state_dict()
    ours = network.state_dict()
    assert [tensor.shape for tensor in ours.values()] == [tensor.shape for tensor in theirs.values()]
    return {name: tensor.contiguous() for name, tensor in zip(theirs, ours.values(), strict=True)}


def load_delivered(folder: Path) -> tuple[nn.Module, About]:
    """The network of a folder, ready to use, and what `classes.json` says. Raises DataError where it is none."""
    for name in (CLASSES, NETWORK, WEIGHTS):
        if not (folder / name).exists():
            raise DataError(f"{folder} holds no trained network: there is no {name} in it")
    about = read_json(folder / CLASSES, About, "the classes of a trained network")
    weights, source = read_file(folder / WEIGHTS), read_file(folder / NETWORK)
    for name, content, checksum in (
        (WEIGHTS, weights, about.weights_sha256),
        (NETWORK, source, about.network_sha256),
    ):
        if sha256(content).hexdigest() != checksum:
            raise DataError(
                f"{folder / name} is damaged, or not that of {CLASSES}: its checksum is another one"
            )
    with reading(str(folder / NETWORK), "is not the code of a network"):
        names: dict[str, Any] = {}
        exec(compile(source, str(folder / NETWORK), "exec"), names)
        network: nn.Module = names["Network"]().eval()
        network.load_state_dict(load(weights))
    return network, about


def read_result(folder: Path) -> dict[str, Any]:
    """What a search has said of itself. Raises DataError."""
    return read_json(folder / RESULT, dict[str, Any], "the result of a search by the clock")


def to_deployed_onnx(deployed: Deployed) -> bytes:
    """The model for batches of any size of images of any size."""
    batch, height, width = (torch.export.Dim(name) for name in ("batch", "height", "width"))
    channels = deployed.mean.shape[1]
    example = torch.zeros(2, channels, 45, 67, dtype=torch.uint8)
    with silence():
        program = torch.onnx.export(
            deployed.eval(),
            (example,),
            dynamo=True,
            dynamic_shapes={"images": {0: batch, 2: height, 3: width}},
            input_names=["images"],
            output_names=["chances"],
            verbose=False,
        )
        model: bytes = program.model_proto.SerializeToString()  # type: ignore[union-attr]
    return model


def _has_onnx() -> bool:
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        return False
    return True

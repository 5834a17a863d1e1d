"""What a search leaves: the network as code, weights and ONNX model, and what uses them without archwalk."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import interpolate

from archwalk.data.files import write_atomically
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
    if upright.mode.startswith("I"):  # 16 bits
        upright = Image.fromarray((np.array(upright) >> 8).astype(np.uint8))
    upright = upright.convert("L" if about["channels"] == 1 else "RGB")
    pixels = np.array(upright.resize((about["width"], about["height"]), Image.Resampling.BILINEAR))
    planes = torch.from_numpy(pixels.reshape(*pixels.shape[:2], -1)).permute(2, 0, 1)
    with torch.no_grad():
        chances = network(((planes - mean) / deviation)[None]).softmax(1)[0]
    print(f"{place}: {about['classes'][int(chances.argmax())]} ({100 * chances.max():.1f} %)")
'''


class Deployed(nn.Module):
    """A network with all that stands before it: images (B, C, H, W) of any size with values 0 to 255, as they are read
    from files, give chances (B, K) of the classes.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, network: nn.Module, shape: tuple[int, int, int], normalisation: Normalisation) -> None:
        super().__init__()
        self.network, self.size = network, shape[1:]
        for name, values in (("mean", normalisation.mean), ("deviation", normalisation.deviation)):
            self.register_buffer(name, torch.tensor(values).view(1, -1, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """See the class."""
        x = interpolate(images.float(), self.size, mode="bilinear", antialias=True, align_corners=False)
        chances: Tensor = self.network((x - self.mean) / self.deviation).softmax(1)
        return chances


def deliver(
    folder: Path,
    space: ConvNet,
    code_L: Codes,
    network: nn.Module,
    normalisation: Normalisation,
    classes: tuple[str, ...],
) -> list[str]:
    """Write all files but the page; gives their names. Without the extra `onnx` there is no ONNX model."""
    network = network.cpu().eval()
    source = to_pytorch(Architecture(space, code_L))
    channels, height, width = space.image_shape
    about: dict[str, Any] = {
        "classes": list(classes), "channels": channels, "height": height, "width": width,
        "mean": list(normalisation.mean), "deviation": list(normalisation.deviation),
    }  # fmt: skip
    write_atomically(folder / NETWORK, source)
    write_atomically(folder / WEIGHTS, save(renamed(network, source)))
    write_atomically(folder / CLASSES, json.dumps(about, indent=1, ensure_ascii=False) + "\n")
    write_atomically(folder / PREDICT, _PREDICT)
    written = [NETWORK, WEIGHTS, CLASSES, PREDICT]
    if _has_onnx():
        write_atomically(folder / ONNX, to_deployed_onnx(Deployed(network, space.image_shape, normalisation)))
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


def load_delivered(folder: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The network of a folder, ready to use, and what `classes.json` says. Raises DataError where it is none."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        about = json.loads((folder / CLASSES).read_text(encoding="utf-8"))
        names: dict[str, Any] = {}
        source = (folder / NETWORK).read_text(encoding="utf-8")
        exec(compile(source, str(folder / NETWORK), "exec"), names)
        network: nn.Module = names["Network"]().eval()
        network.load_state_dict(load_file(folder / WEIGHTS))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} holds no trained network: there is no {Path(error.filename).name} in it"
        ) from error
    except (OSError, ValueError, KeyError, SyntaxError, SafetensorError, RuntimeError) as error:
        raise DataError(f"the network in {folder} cannot be read: {str(error).splitlines()[0]}") from error
    return network, about


def read_result(folder: Path) -> dict[str, Any]:
    """What a search has said of itself. Raises DataError."""
    try:
        result: dict[str, Any] = json.loads((folder / RESULT).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {folder / RESULT}: {error}") from error
    return result


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

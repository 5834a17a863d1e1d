"""The page of a search by the clock: what was found, how good it is, and how it was found."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from archwalk.data.files import write_atomically
from archwalk.data.images import ImageSet
from archwalk.report.explorer.explored import Explored
from archwalk.report.explorer.section import NO_EXPLORER
from archwalk.report.explorer.section import explorer as make_explorer
from archwalk.report.html import (
    definitions,
    figure,
    fill_page,
    image,
    legend,
    paragraphs,
    section,
    table,
    tiles,
)
from archwalk.report.lines import Axis, Plot, Series, draw_lines, legend_of
from archwalk.report.palette import BLUE, GREY, VERMILION
from archwalk.report.svg import NARROW, WIDE
from archwalk.report.values import counted
from archwalk.spaces.convnet.members import MEMBERS
from archwalk.spaces.convnet.space import ConvNet

PAGE = "report.html"
_BASELINE = "three-stage"
_MOST_IN_CONFUSION = 20
"""Classes of which all pairs are shown; of more, the pairs that are confused most."""
_THUMBNAIL = 64

Result = Mapping[str, Any]


def write_clocked_page(
    result: Result, images: ImageSet, folder: Path, explored: Explored | None = None
) -> Path:
    """Write the page of what `search_by_the_clock` gave, with the explorer of what was `explored`; gives its path."""
    explorer = NO_EXPLORER
    if explored is not None and explored.rows:
        explorer = make_explorer(explored, explored.strategies[0])
    test, about = result["test"], result["images"]
    low, high = test["interval95"]
    space = ConvNet(images.shape, len(images.classes))
    drawing = space.draw(space.parse(result["architecture"]))
    lead = (
        f"A network with {result['parameters']:,} weights names {test['accuracy']:.2f} % of {test['images']:,} test "
        f"images rightly ({low:.2f} to {high:.2f} %, 95 % interval), after {_minutes(result)}."
    )
    page = fill_page(
        title=f"A network for {about['name']}",
        lead=lead,
        key_numbers=tiles(_key_numbers(result)),
        figures=section("network", "The network", image(drawing, "the network's blocks"))
        + _why(result)
        + _curves(result),
        table=_confusion(result) + _wrong(result, images),
        training=_tried(result),
        explorer=explorer.body,
        policy=explorer.policy,
        style=explorer.style,
        origin=section("origin", "How this was made", definitions(_origin(result), "terms origin")),
    )
    write_atomically(folder / PAGE, page)
    return folder / PAGE


def _key_numbers(result: Result) -> dict[str, str]:
    return {
        "Test accuracy": f"{result['test']['accuracy']:.2f} %",
        "Balanced accuracy": f"{result['test']['balanced_accuracy']:.2f} %",
        "Weights": f"{result['parameters']:,}",
        "MACs an image" + (", looked at twice" if result["mirrored"] else ""): _in_millions(result["macs"]),
        "Memory for one image": f"{result['megabytes']:.2f} MB",
        "Latency": f"{result['latency_ms']:.2f} ms",
    }


def _minutes(result: Result) -> str:
    minutes = result["plan"]["seconds"] / 60
    return f"{minutes:g} minute" + ("" if minutes == 1 else "s")


def _in_millions(value: int) -> str:
    return f"{value:,}" if value < 1e6 else f"{value / 1e6:,.1f} M"


def _why(result: Result) -> str:
    """The winner among those that came as far, and beside the plain network."""
    tried = result["tried"]
    winner = next(one for one in reversed(tried) if one["architecture"] == result["architecture"])
    beside = [one for one in tried if one["rung"] == winner["rung"]]
    second = max((o["validation"] for o in beside if o is not winner), default=None)
    if len(beside) == len(tried) == 1:
        return section("why", "Why this one", paragraphs(["There was no time to try a second network."]))
    texts = [
        f"It had the best validation accuracy, {winner['validation']:.2f} %, of those that were trained through "
        f"{counted(winner['rung'] + 1, 'cycle')}"
        + ("" if second is None else f"; the next one had {second:.2f} %")
        + f". In all, {counted(len({str(one['architecture']) for one in tried}), 'network')} and "
        f"{counted(len(tried), 'cycle')} were trained."
    ]
    plain = [one for one in tried if one["architecture"] == MEMBERS[_BASELINE]]
    if plain and MEMBERS[_BASELINE] != result["architecture"]:
        same = [
            o for o in tried if o["rung"] == plain[-1]["rung"] and o["architecture"] == result["architecture"]
        ]
        texts.append(
            f"The plain three-stage residual network had {plain[-1]['validation']:.2f} % after "
            f"{counted(plain[-1]['rung'] + 1, 'cycle')}"
            + (f", where the winner had {same[0]['validation']:.2f} %." if same else ".")
        )
    elif plain:
        texts.append("It is the plain three-stage residual network: nothing that was tried did better.")
    return section("why", "Why this one", paragraphs(texts))


def _curves(result: Result) -> str:
    tried = [one for one in result["tried"] if one["validation"]]
    won = [one for one in tried if one["architecture"] == result["architecture"]]
    sizes = Plot(
        "sizes",
        Axis("weights", log=True, ticks=_ends(_places(tried)[0])),
        Axis("validation accuracy, %", format=lambda value: f"{value:g}"),
        [
            Series("networks tried", GREY, *_places(tried), only_dots=True, dots=True),
            Series("the winner", VERMILION, *_places(won), only_dots=True),
        ],
        "size and validation accuracy",
        "Every dot is a network after a cycle of its training.",
    )
    final = result["final"]["curves"]
    losses = Plot(
        "loss",
        Axis("share of the final training, %"),
        Axis("loss", format=lambda value: f"{value:.2f}"),
        [Series("loss", BLUE, [100 * value for value in final["progress"]], final["loss"])],
        "loss in the final training",
        "The loss on training images over the final training.",
    )
    parts = [
        legend(legend_of(sizes.series))
        + _drawn(sizes, "Size against accuracy: one dot for a network after a cycle.")
    ]
    if final["loss"]:
        parts.append(_drawn(losses, "Loss with smoothed labels, in the final training of the winner."))
    return section("curves", "Size, accuracy and learning", "".join(parts))


def _ends(weights: Sequence[float]) -> list[float] | None:
    """Ticks where all are of about one size; None where powers of ten tell them apart."""
    if not weights or max(weights) > 10 * min(weights):
        return None
    return sorted({min(weights), max(weights)} if max(weights) > 1.3 * min(weights) else {max(weights)})


def _places(tried: Sequence[Mapping[str, Any]]) -> tuple[list[float], list[float]]:
    return [float(one["parameters"]) for one in tried], [float(one["validation"]) for one in tried]


def _drawn(plot: Plot, caption: str) -> str:
    return figure(draw_lines(plot, WIDE), draw_lines(plot, NARROW), [caption])


def _confusion(result: Result) -> str:
    classes, confusion = result["images"]["classes"], np.array(result["test"]["confusion"])
    if len(classes) <= _MOST_IN_CONFUSION:
        rows = [
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{n or '-'}</td>" for n in row)
            + "</tr>"
            for name, row in zip(classes, confusion.tolist(), strict=True)
        ]
        body = table("Confusion", ["is \\ taken for", *classes], rows)
    else:
        np.fill_diagonal(confusion, 0)
        worst = np.argsort(-confusion, axis=None, kind="stable")[:_MOST_IN_CONFUSION]
        pairs = [
            (*np.unravel_index(at, confusion.shape), confusion.flat[at]) for at in worst if confusion.flat[at]
        ]
        rows = [
            f"<tr><td>{escape(classes[i])}</td><td>{escape(classes[j])}</td><td>{n}</td></tr>"
            for i, j, n in pairs
        ]
        body = table("Confusion", ["is", "taken for", "images"], rows)
    return section("confusion", "What is taken for what, in the test", body)


def _wrong(result: Result, images: ImageSet) -> str:
    if not result["wrong"]:
        return ""
    shown = []
    for one in result["wrong"]:
        taken, true = images.classes[one["taken_for"]], images.classes[one["class"]]
        name = images.files_N[one["image"]] if images.files_N else ""
        shown.append(
            f'<figure style="display:inline-block;margin:.5rem">{_thumbnail(images, one["image"])}'
            f"<figcaption>{escape(true)}, taken for {escape(taken)}<br>{escape(name)}</figcaption></figure>"
        )
    return section("wrong", "Test images that it gets wrong, those that it is most sure of", "".join(shown))


def _thumbnail(images: ImageSet, place: int) -> str:
    from PIL import Image

    pixels_HWC = np.moveaxis(images.images_NCHW[place], 0, 2)
    picture = Image.fromarray(pixels_HWC[:, :, 0] if pixels_HWC.shape[2] == 1 else pixels_HWC)
    content = io.BytesIO()
    picture.save(content, "PNG")
    source = base64.b64encode(content.getvalue()).decode()
    return (
        f'<img alt="" width="{_THUMBNAIL}" height="{_THUMBNAIL}" style="image-rendering:pixelated" '
        f'src="data:image/png;base64,{source}">'
    )


def _tried(result: Result) -> str:
    """The networks, the best first."""
    tried = sorted(result["tried"], key=lambda one: (-one["rung"], -one["validation"]))
    rows = [
        f"<tr><td>{one['validation']:.2f} %</td><td>{one['rung'] + 1}</td><td>{one['parameters']:,}</td>"
        f"<td>{one['macs']:,}</td><td>{one['seconds']:.1f} s</td><td>{escape(_short(one['architecture']))}</td></tr>"
        for one in tried
    ]
    head = ["validation", "cycles", "weights", "MACs", "processor time", "network"]
    return section("tried", "Networks tried", table("Networks tried", head, rows))


def _short(architecture: Mapping[str, Any]) -> str:
    """A network in a line: 2 x residual 3x3, 32, squeeze / 2 | ..."""
    stages = [
        f"{stage['blocks']} x {stage['kind']} {stage['kernel']}x{stage['kernel']}, {stage['width']}"
        + (", squeeze" if stage["squeeze"] else "")
        + (" /2" if stage["halve"] else "")
        for stage in architecture["stages"]
    ]
    return f"{' | '.join(stages)}; {architecture['activation']}"


def _origin(result: Result) -> dict[str, str]:
    recipe, about = result["recipe"], result["images"]
    return {
        "Images": f"{about['training']:,} to train on, {about['test']:,} for the test, "
        f"{'x'.join(map(str, about['shape']))}",
        "Where the time went": ", ".join(
            f"{name} {value:.0f} s" for name, value in result["seconds"].items()
        ),
        "Final training": f"{result['final']['images']:,} images shown, {result['final']['seconds']:.0f} s"
        + (", stopped early" if result["final"]["stopped"] else ""),
        "Recipe": f"AdamW, one cycle, batch {recipe['batch']}, {recipe['arithmetic']}, shifts of {recipe['shift']}"
        + (", mirrored" if recipe["mirror"] else ", not mirrored"),
        "Limits": ", ".join(f"{name} {value:,}" for name, value in result["limits"].items()),
        "Seed": str(result["seed"]),
    }

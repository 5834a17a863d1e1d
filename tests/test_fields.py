"""The tables of fields in docs/results.md are made from the types."""

import importlib.util
from pathlib import Path

import msgspec
import pytest

from archwalk.experiments import differences, records

DOCS = Path(__file__).parents[1] / "docs"
STRUCTURES = {
    kind.__name__
    for module in (records, differences)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and not kind.__name__.startswith("_")
} - {"Struct"}


@pytest.fixture(scope="module")
def fields():
    spec = importlib.util.spec_from_file_location("generate_fields", DOCS / "generate_fields.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_what_the_types_say(fields):
    text = (DOCS / "results.md").read_text()
    assert fields.generated(text) == text, "run python docs/generate_fields.py"


def test_every_type_of_a_result_is_there_with_a_meaning_for_each_field(fields):
    text = (DOCS / "results.md").read_text()
    assert {name for name in STRUCTURES if f"<!-- fields: {name} -->" not in text} == set()
    for name in STRUCTURES:
        kind, meanings = fields.find(name)
        assert set(meanings) == set(kind.__struct_fields__), name


def test_types_in_words(fields):
    assert fields.named(list[float | None]) == "list of number or null"
    assert fields.named(dict[int, records.Best]) == "object of [Best](#best)"
    assert fields.named(tuple[float, float] | None) == "pair of numbers or null"

"""Write the tables of fields in docs/results.md from the types of results: python docs/generate_fields.py

What stands between `<!-- fields: Comparison -->` and `<!-- end of fields -->` is made from the type `Comparison`; the
meaning of a field is the string below it in the source. A test fails when the file is not what this writes.
"""

import ast
import inspect
import re
import types
import typing
from itertools import pairwise
from pathlib import Path

import msgspec

from archwalk.estimators import metrics
from archwalk.experiments import differences, records

PAGE = Path(__file__).with_name("results.md")
MODULES = (records, differences, metrics)
PLAIN = {
    int: "whole number",
    float: "number",
    str: "text",
    bool: "true or false",
    typing.Any: "any JSON",
    type(None): "null",
}


def generated(text: str) -> str:
    """The page with its tables written anew."""
    marked = re.compile(r"<!-- fields: (\w+) -->\n.*?<!-- end of fields -->", re.DOTALL)
    return marked.sub(lambda m: f"<!-- fields: {m[1]} -->\n{table(m[1])}\n<!-- end of fields -->", text)


def table(name: str) -> str:
    """What a type is, and its fields."""
    kind, meanings = find(name)
    rows = [
        f"| `{field.encode_name}` | {named(field.type)} | {meanings[field.name]} |"
        for field in msgspec.structs.fields(kind)
    ]
    return "\n".join([str(inspect.getdoc(kind)), "", "| field | type | what it is |", "|---|---|---|", *rows])


def find(name: str) -> tuple[type[msgspec.Struct], dict[str, str]]:
    """A type by name, and the strings below its fields."""
    module = next(
        module
        for module in MODULES
        if hasattr(module, name) and getattr(module, name).__module__ == module.__name__
    )
    source = ast.parse(inspect.getsource(module))
    body = next(node.body for node in source.body if isinstance(node, ast.ClassDef) and node.name == name)
    meanings = {}
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=key)), ast.Expr(value=ast.Constant(value=str(text))):
                meanings[key] = " ".join(text.split())
    return getattr(module, name), meanings


def named(kind: object) -> str:
    """A type in words; those of results are links."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(named, inner))
    if origin is typing.Literal:
        return " or ".join(f"`{value!r}`".replace("'", '"') for value in inner)
    if origin is list:
        return f"list of {named(inner[0])}"
    if origin is tuple:
        return f"pair of {named(inner[0])}s"
    if origin is dict:
        return f"object of {named(inner[1])}"
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return f"[{kind.__name__}](#{kind.__name__.lower()})"
    return PLAIN[kind]  # type: ignore[index]


if __name__ == "__main__":
    PAGE.write_text(generated(PAGE.read_text()))

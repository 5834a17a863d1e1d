import base64
import re
from functools import lru_cache

import pytest

import comparisons
from archwalk.errors import DataError
from archwalk.report.page import render_page, write_page
from pages import Page

EVERY = pytest.mark.parametrize("make", comparisons.VARIANTS.values(), ids=comparisons.VARIANTS)


@lru_cache
def rendered(make):
    return render_page(make())


@EVERY
def test_pages_are_well_formed(make):
    page = Page(rendered(make))
    ids = page.attributes("id")
    assert len(ids) == len(set(ids))
    assert set(page.attributes("aria-labelledby")) <= set(ids)
    assert [tag for tag, _ in page.tags].count("h1") == 1


@EVERY
def test_pages_load_nothing(make):
    html = rendered(make)
    page = Page(html)
    assert all(source.startswith("data:image/svg+xml;base64,") for source in page.attributes("src"))
    assert all(target.startswith("#") for target in page.attributes("href") + page.attributes("xlink:href"))
    assert all(target.startswith("#") for target in re.findall(r"url\(([^)]*)\)", html))
    assert not {"script", "link", "iframe", "object", "embed", "base"} & {tag for tag, _ in page.tags}
    assert "@import" not in html
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]


def test_text_of_a_record_is_never_markup():
    html = rendered(comparisons.hostile)
    assert "<script" not in html
    assert "</style> |" not in html
    assert html.count("</style>") == 1
    assert comparisons.HOSTILE in Page(html).text


def test_drawings_stand_where_they_cannot_run():
    html = rendered(comparisons.hostile)
    (source, *_) = Page(html).attributes("src")
    assert b"onload" in base64.b64decode(source.partition(",")[2])
    assert "onload" not in html


@EVERY
def test_the_same_record_gives_the_same_page(make):
    assert render_page(make()) == rendered(make)


def test_the_page_tells_all():
    record = comparisons.demo()
    page = Page(rendered(comparisons.demo))
    text = page.text.replace("\N{NO-BREAK SPACE}", " ")
    wanted = [
        "Architecture search on nas-bench-graph:cora", "81.38 %", "local-search", "The intervals do not overlap.",
        "12,000 queries", "26,206 architectures", record.command, "python 3.11", "A query of agent, random-walk",
        "5 steps", "agent: +6.50 points", "Start: 74.00 %", "Found: 80.50 %", "optimum (exact)", "gamma 0.99",
    ]  # fmt: skip
    assert [word for word in wanted if word not in text] == []
    assert [attrs["id"] for tag, attrs in page.tags if tag == "section"] == [
        "best-so-far", "one-episode", "table", "examples", "training", "reading", "origin", "checklist",
    ]  # fmt: skip


def test_the_page_can_be_read_aloud():
    page = Page(rendered(comparisons.demo))
    assert all(attrs.get("alt") for tag, attrs in page.tags if tag == "img")
    assert all(attrs.get("aria-label") for tag, attrs in page.tags if tag == "svg")
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in page.tags if tag == "th")
    assert ("html", {"lang": "en"}) in page.tags


def test_figures_follow_light_and_dark():
    html = rendered(comparisons.demo)
    used, defined = set(re.findall(r"var\(--([\w-]+)\)", html)), set(re.findall(r"--([\w-]+):", html))
    assert used <= defined
    assert "prefers-color-scheme" in html
    assert not re.search(r"(fill|stroke): #", html)


def test_a_demo_page_is_small():
    assert len(rendered(comparisons.demo)) < 150_000


def test_writing_leaves_one_file_and_names_a_folder_that_refuses(tmp_path):
    path = tmp_path / "new" / "index.html"
    write_page(comparisons.one_trial(), path)
    assert path.read_text() == rendered(comparisons.one_trial)
    assert list(path.parent.iterdir()) == [path]
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="file"):
        write_page(comparisons.one_trial(), tmp_path / "file" / "index.html")

"""A table as text that is worked on elsewhere: Markdown for an issue, LaTeX (booktabs) for a paper.

The notes, which say under what rules figures were found, go with it in every form.
"""

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

HEAD_WIDTH = 14
"""Letters of a column's head in LaTeX, in as many lines as it takes."""


@dataclass(frozen=True)
class Line:
    """A row: its name and its cells, which may have two lines; `best` says which are to stand out."""

    label: str
    cells: Sequence[str]
    best: Sequence[bool] = ()

    def marked(self) -> list[tuple[str, bool]]:
        """Cells, with whether they stand out."""
        best = [*self.best, *[False] * (len(self.cells) - len(self.best))]
        return list(zip(self.cells, best, strict=True))


@dataclass(frozen=True)
class Sheet:
    """A table with its title (may be empty), heads and notes."""

    title: str
    head: Sequence[str]
    lines: Sequence[Line]
    notes: Sequence[str] = ()


def sheet_to_markdown(sheet: Sheet) -> str:
    """GitHub-flavoured Markdown."""
    text = [f"### {markdown(sheet.title)}", ""] if sheet.title else []
    text.append("| " + " | ".join(map(markdown, sheet.head)) + " |")
    text.append("| --- |" + " ---: |" * (len(sheet.head) - 1))
    for line in sheet.lines:
        cells = [f"**{markdown(cell)}**" if best else markdown(cell) for cell, best in line.marked()]
        text.append(f"| {markdown(line.label)} | " + " | ".join(cells) + " |")
    return "\n".join([*text, "", *(f"{markdown(note)}  " for note in sheet.notes)]) + "\n"


def markdown(text: str) -> str:
    """Text in one line in which nothing is markup."""
    for special in "\\|*_`<[":
        text = text.replace(special, f"\\{special}")
    return re.sub(r"[ \t\r\n]+", " ", text)  # no-break spaces stay


_LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}",
    "[": "{[}", "]": "{]}", "*": "{*}",  # behind the end of a row they would be its options
    "\N{NO-BREAK SPACE}": "~", "\N{MINUS SIGN}": "$-$", "\N{EN DASH}": "--", "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{MULTIPLICATION SIGN}": r"$\times$", "\N{HORIZONTAL ELLIPSIS}": r"\ldots{}",
    "\N{SUPERSCRIPT TWO}": r"$^2$", "\N{GREEK SMALL LETTER SIGMA}": r"$\sigma$", "\n": " ",
    "\N{RIGHTWARDS ARROW}": r"$\rightarrow$", "\N{LEFTWARDS ARROW}": r"$\leftarrow$",
}  # fmt: skip


def latex(text: str) -> str:
    """Text in which nothing is a command of LaTeX."""
    return "".join(_LATEX.get(letter, letter) for letter in text)


def sheet_to_latex(sheet: Sheet) -> str:
    """A `table` with the rules of booktabs, as wide as a line at most; the notes stand below it, in small print."""
    body = [
        " & ".join(
            [latex(line.label), *(_stacked("t", cell.split("\n"), best) for cell, best in line.marked())]
        )
        for line in sheet.lines
    ]
    words = [textwrap.wrap(name, HEAD_WIDTH, break_long_words=False) or [""] for name in sheet.head]
    head = [_stacked("b", lines) for lines in words]
    small = r"  \par\smallskip\begin{minipage}{\linewidth}\footnotesize"
    notes = [small, *(rf"    {latex(note)}\par" for note in sheet.notes), r"  \end{minipage}"]
    return "\n".join(
        [
            r"\begin{table}",
            r"  \centering",
            *([rf"  \caption{{{latex(sheet.title)}}}"] if sheet.title else []),
            r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
            rf"  \begin{{tabular}}{{l{'r' * (len(sheet.head) - 1)}}}",
            r"    \toprule",
            f"    {' & '.join(head)} \\\\",
            r"    \midrule",
            *(f"    {row} \\\\" for row in body),
            r"    \bottomrule",
            r"  \end{tabular}}",
            *(notes if sheet.notes else []),
            r"\end{table}",
            "",
        ]
    )  # fmt: skip


def _stacked(at: str, lines: Sequence[str], best: bool = False) -> str:
    """Lines upon each other in one cell, the first (t) or the last (b) of them in line with the row."""
    marked = [rf"\textbf{{{latex(line)}}}" if best else latex(line) for line in lines]
    return (
        marked[0]
        if len(marked) == 1
        else rf"\begin{{tabular}}[{at}]{{@{{}}r@{{}}}}{_BREAK.join(marked)}\end{{tabular}}"
    )


_BREAK = r"\\"
PREAMBLE = "% needs \\usepackage{booktabs,graphicx} and \\usepackage[T1]{fontenc}\n\n"
"""Of a LaTeX file of tables."""

import pytest

import comparisons
from archwalk.report.sheets import Line, Sheet, latex, sheet_to_latex, sheet_to_markdown
from archwalk.report.tables import to_latex


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a_b & 5 %", r"a\_b \& 5 \%"),
        ("$x^2$ #1 ~", r"\$x\textasciicircum{}2\$ \#1 \textasciitilde{}"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("[80.90, 81.30]", "{[}80.90, 81.30{]}"),
        ("1\N{NO-BREAK SPACE}% ± 2", r"1~\% $\pm$ 2"),
        ("\N{MINUS SIGN}0.5 – x", "$-$0.5 -- x"),
        ("a\nb", "a b"),
        ("σ 0.1 → b", r"$\sigma$ 0.1 $\rightarrow$ b"),
        ("O(N² d²)", "O(N$^2$ d$^2$)"),
        ("a < b > c | d", r"a \textless{} b \textgreater{} c \textbar{} d"),
    ],
)
def test_latex_is_escaped(text, escaped):
    assert latex(text) == escaped


def test_latex_by_hand():
    sheet = Sheet(
        "A & B",
        ["who", "queries of training"],
        [Line("[one", ["1\n± 2"], [True]), Line("two", ["*"])],
        ["50 %"],
    )
    assert sheet_to_latex(sheet).splitlines() == [
        r"\begin{table}",
        r"  \centering",
        r"  \caption{A \& B}",
        r"  \resizebox{\ifdim\width>\linewidth\linewidth\else\width\fi}{!}{%",
        r"  \begin{tabular}{lr}",
        r"    \toprule",
        r"    who & \begin{tabular}[b]{@{}r@{}}queries of\\training\end{tabular} \\",
        r"    \midrule",
        r"    {[}one & \begin{tabular}[t]{@{}r@{}}\textbf{1}\\\textbf{$\pm$ 2}\end{tabular} \\",
        r"    two & {*} \\",
        r"    \bottomrule",
        r"  \end{tabular}}",
        r"  \par\smallskip\begin{minipage}{\linewidth}\footnotesize",
        r"    50 \%\par",
        r"  \end{minipage}",
        r"\end{table}",
    ]


def test_markdown_by_hand():
    sheet = Sheet("A | B", ["who", "x"], [Line("a_b", ["1\n± 2"], [True])], ["note"])
    assert sheet_to_markdown(sheet) == (
        "### A \\| B\n\n| who | x |\n| --- | ---: |\n| a\\_b | **1 ± 2** |\n\nnote  \n"
    )


@pytest.mark.parametrize("make", comparisons.VARIANTS.values(), ids=comparisons.VARIANTS)
def test_braces_and_columns_of_latex_agree(make):
    text = to_latex(make())
    bare = text.replace(r"\\", "").replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    for block in text.split(r"  \begin{tabular}")[1:]:
        spec, *rest = block.split("\n")
        rows = [line for line in rest[: rest.index(r"  \end{tabular}}")] if line.endswith(r"\\")]
        assert {row.replace(r"\&", "").count("&") for row in rows} == {len(spec.strip("{}")) - 1}


def test_rules_go_with_the_table():
    text = to_latex(comparisons.tested())
    assert "objective validation" in text
    assert "budget 150~queries" in text
    assert "Holm" in text

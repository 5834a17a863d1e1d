"""The figures and tables of Cassimon et al. 2024 (P1), an item each, and two of ours beside them."""

from archwalk.experiments.reproductions.cassimon2024 import (
    ablations,
    amortisation,
    fig2_neighbours,
    fig3_accuracies,
    fig4_shaping,
    fig5_samplers,
    fig7_improvement,
    fig8_histograms,
    fig9_optimum,
    fig10_queries,
    fig11_degrees,
    fig16_throughput,
    normality,
    price,
    table1_best,
    times,
)

CITATION = "A. Cassimon, S. Mercelis, K. Mets: Scalable Reinforcement Learning-based Neural Architecture Search, 2024"

ITEMS = (
    fig2_neighbours.ITEM,
    fig3_accuracies.ITEM,
    fig4_shaping.ITEM,
    fig5_samplers.ITEM,
    fig7_improvement.FIG7,
    fig8_histograms.FIG8,
    fig9_optimum.ITEM,
    fig10_queries.FIG10,
    table1_best.TABLE1,
    fig11_degrees.ITEM,
    fig7_improvement.FIG12,
    fig8_histograms.FIG13,
    normality.ITEM,
    fig10_queries.FIG14,
    fig10_queries.FIG15,
    table1_best.TABLE2,
    times.TIMES,
    times.TIMES301,
    fig16_throughput.ITEM,
    ablations.FIG17,
    ablations.FIG18,
    ablations.FIG19,
    amortisation.ITEM,
    price.ITEM,
)

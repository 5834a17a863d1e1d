"""The figures and tables of Cassimon et al. 2024, an item each, and two of ours beside them."""

from archwalk.papers.cassimon2024 import (
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
from archwalk.papers.cassimon2024.cost_views import view_amortisation, view_price, view_times
from archwalk.papers.cassimon2024.episode_views import view_histograms, view_improvement, view_normality
from archwalk.papers.cassimon2024.search_views import view_best, view_queries
from archwalk.papers.cassimon2024.space_views import (
    view_accuracies,
    view_degrees,
    view_neighbours,
    view_optimum,
    view_samplers,
    view_shaping,
)
from archwalk.papers.cassimon2024.training_views import view_ablation, view_throughput
from archwalk.papers.paper import Paper

PAPER = Paper(
    "cassimon2024",
    "Cassimon et al. 2024",
    "A. Cassimon, S. Mercelis, K. Mets: Scalable Reinforcement Learning-based Neural Architecture Search, 2024",
    (
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
    ),
    {
        "neighbours": view_neighbours,
        "accuracies": view_accuracies,
        "shaping": view_shaping,
        "samplers": view_samplers,
        "improvement": view_improvement,
        "histograms": view_histograms,
        "optimum": view_optimum,
        "queries": view_queries,
        "best": view_best,
        "degrees": view_degrees,
        "throughput": view_throughput,
        "normality": view_normality,
        "ablation": view_ablation,
        "amortisation": view_amortisation,
        "price": view_price,
        "times": view_times,
    },
    ("smoke", "small", "medium", "full"),
)

"""Which view draws which kind of item."""

from archwalk.report.reproductions.agents import view_against, view_found
from archwalk.report.reproductions.blocks import View
from archwalk.report.reproductions.builders import view_hardness, view_intensive, view_networks
from archwalk.report.reproductions.costs import view_amortisation, view_price, view_times
from archwalk.report.reproductions.episodes import view_histograms, view_improvement, view_normality
from archwalk.report.reproductions.errors import view_errors, view_parameters
from archwalk.report.reproductions.evolution import view_evolution
from archwalk.report.reproductions.landscapes import view_landscape, view_layers, view_proxies
from archwalk.report.reproductions.searches import view_best, view_queries
from archwalk.report.reproductions.spaces import (
    view_accuracies,
    view_degrees,
    view_neighbours,
    view_optimum,
    view_samplers,
    view_shaping,
)
from archwalk.report.reproductions.training import view_ablation, view_throughput

VIEWS: dict[str, View] = {
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
    "errors": view_errors,
    "parameters": view_parameters,
    "evolution": view_evolution,
    "intensive": view_intensive,
    "hardness": view_hardness,
    "networks": view_networks,
    "found": view_found,
    "landscape": view_landscape,
    "layers": view_layers,
    "proxies": view_proxies,
    "against": view_against,
}

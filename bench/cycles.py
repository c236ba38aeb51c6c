"""Compares cycles a second beside LangGraph and hand-written floors: `python -m bench.cycles`."""

from __future__ import annotations

import argparse
import sys
from statistics import median

from bench.contenders import CONTENDERS, FACTS, FLOOR, HANDRAISE, LANGGRAPH, Contender
from bench.machine import describe, disk_directory
from bench.measuring import Measurement, measure

ROUNDS = 3
MODES = {1: "sequential", 50: "50 at once"}
AIMS = {
    (1, LANGGRAPH.name): 5.0,
    (1, FLOOR.name): 0.5,
    (50, LANGGRAPH.name): 25.0,
    (50, FLOOR.name): 0.4,
}
Results = dict[str, list[Measurement]]


def main() -> int:
    """Measure all in turn, print the tables, and return 1 when a cycle was not stored as done."""
    parser = argparse.ArgumentParser(prog="python -m bench.cycles", description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="for one measurement (2)")
    seconds = parser.parse_args().seconds
    contenders = [c for c in CONTENDERS if not c.missing]
    print(describe())
    print(f"{ROUNDS} rounds of {seconds:g} s, interleaved; median (lowest to highest)")
    for contender in CONTENDERS:
        if contender.missing:
            print(f"{contender.name} is left out: {contender.missing}.")
    undone = 0
    for at_once, title in MODES.items():
        results = _measure_rounds(contenders, at_once, seconds)
        _print_rates(title, results)
        _print_ratios(at_once, results)
        undone += sum(m.undone for measurements in results.values() for m in measurements)
    if undone:
        print(f"\n{undone} cycles returned but are not stored as done: these figures are void.")
        return 1
    print("\nEvery cycle was found stored as done.")
    return 0


def _measure_rounds(contenders: list[Contender], at_once: int, seconds: float) -> Results:
    results: Results = {contender.name: [] for contender in contenders}
    for i in range(ROUNDS):
        # Each round begins with another, since whoever comes next inherits a busy disk.
        for contender in contenders[i:] + contenders[:i]:
            measurement = measure(contender, at_once, seconds, disk_directory())
            results[contender.name].append(measurement)
    return results


def _print_rates(title: str, results: Results) -> None:
    print(f"\n{title:24}{'cycles/s':>28}{'CPU ms per cycle':>18}")
    for name, measurements in results.items():
        rates = [m.rate for m in measurements]
        spread = f"{median(rates):,.0f} ({min(rates):,.0f} to {max(rates):,.0f})"
        print(f"  {name:22}{spread:>28}{median(m.cpu_ms for m in measurements):>18.3f}")


def _print_ratios(at_once: int, results: Results) -> None:
    """Print the median of each round's own ratio: a slow minute slows both sides of it."""
    ours = results[HANDRAISE.name]
    for other in (LANGGRAPH, FLOOR, FACTS):
        if other.name not in results:
            continue
        theirs = results[other.name]
        ratio = median(a.rate / b.rate for a, b in zip(ours, theirs, strict=True))
        aim = AIMS.get((at_once, other.name))
        verdict = "no aim"
        if aim is not None:
            verdict = f"aim {aim:g}: {'met' if ratio >= aim else 'not met'}"
        print(f"  Handraise is {ratio:.3g} times {other.name} ({verdict})")


if __name__ == "__main__":
    sys.exit(main())

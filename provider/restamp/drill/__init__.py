"""Rehearsals: a simulated stamp is lost and brought back by the commands that people would type (`rehearsal`).

What they prepare is made by `artefacts`, what they do with their hands by `hands`; `timeline` says how long it took.
"""

from restamp.drill.rehearsal import Asked, Drill

__all__ = ["Asked", "Drill"]

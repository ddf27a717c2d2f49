#!/usr/bin/env python3
"""How well a model of a cooling cup of tea fits what was measured.

A file as people keep them: imports, type hints, docstrings, constants, comments, several functions that
call each other, lists, comprehensions, default and keyword arguments.
"""
from __future__ import annotations

import math
from math import exp, log

ROOM = 21.5  # degrees Celsius
TIMES = [0.0, 2.0, 5.0, 9.0, 14.0, 20.0]  # minutes
MEASURED = [
    84.0,
    73.5,
    61.0,
    49.5,
    40.0,
    33.5,
]


def temperature(t: float, start: float, rate: float, room: float = ROOM) -> float:
    """Newton's law of cooling: the excess over the room decays exponentially."""
    excess = start - room
    return room + excess * exp(-rate * t)


def weight(i: int) -> float:
    # Every other reading was taken with the better thermometer.
    if i % 2 == 0:
        return 1.0
    elif i == 5:
        return 0.5
    else:
        return 0.8


def residuals(model: list[float], measured: list[float]) -> list[float]:
    return [m - y for m, y in zip(model, measured)]


def huber(r: float, width: float = 1.0) -> float:
    """Quadratic near zero, straight far out, so that one bad reading does not rule the fit."""
    if abs(r) <= width:
        return r**2 / 2
    return width * (abs(r) - width / 2)


def loss(start: float, rate: float, prior: list[float]) -> float:
    """The sum of weighted residuals, and a pull towards what one would expect of a cup."""
    model = []
    for t in TIMES:
        model.append(temperature(t, start, rate=rate))
    total = 0.0
    for i, r in enumerate(residuals(model, MEASURED)):
        total += weight(i) * huber(r, width=1.5)
    pull = sum([(start - prior[0]) ** 2 / 50, log(rate / prior[1]) ** 2])
    # math. and bare names are the same function
    return total / len(TIMES) + math.sqrt(1 + pull) - 1


loss(86.0, 0.11, [85.0, 0.1])

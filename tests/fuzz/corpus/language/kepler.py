# Kepler's equation E - e sin(E) = M, solved for E by Newton's method until it stands still.
import math


def eccentric_anomaly(M, e):
    E = M if e < 0.8 else math.pi
    step = 1.0
    while abs(step) > 1e-12:
        step = (E - e * math.sin(E) - M) / (1 - e * math.cos(E))
        E = E - step
    return E


def position(M, e):
    """Where the planet is, in half axes."""
    E = eccentric_anomaly(M, e)
    return math.cos(E) - e, math.sqrt(1 - e * e) * math.sin(E)


position(1.0, 0.3)

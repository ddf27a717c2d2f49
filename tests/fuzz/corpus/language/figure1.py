# The function of Figure 1: two inputs, one output, four paths.
from math import exp, sin

def f(x1, x2):
    a = exp(x1)
    b = sin(x2)
    c = b * x2
    d = a * c
    return a * d

f(0.5, 1.2)

# The arithmetic of the example in micrograd's README (Karpathy), written as a function.


def g(a, b):
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c - a
    d += d * 2 + relu(b + a)
    d += 3 * d + relu(b - a)
    e = c - d
    f = e**2
    out = f / 2.0
    out += 10.0 / f
    return out


g(-4.0, 2.0)

# A square root by Newton's iteration: the derivative of a loop is the derivative of what it computes.


def root(a):
    x = a
    for i in range(8):
        x = (x + a / x) / 2
    return x


root(2.0)

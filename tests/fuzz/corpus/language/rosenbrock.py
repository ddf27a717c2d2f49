# Rosenbrock's banana in any number of dimensions: a long curved valley whose floor is at (1, ..., 1).


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


rosenbrock([-1.2, 1.0, 0.5, 2.0])

# Lorenz's weather in three numbers, thirty steps of Heun's method.


def slope(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


def lorenz(x, y, z, sigma, rho, beta):
    h = 0.02
    for step in range(30):
        dx, dy, dz = slope(x, y, z, sigma, rho, beta)
        ex, ey, ez = slope(x + h * dx, y + h * dy, z + h * dz, sigma, rho, beta)
        x, y, z = x + h / 2 * (dx + ex), y + h / 2 * (dy + ey), z + h / 2 * (dz + ez)
    return x, y, z


lorenz(1.0, 1.0, 20.0, 10.0, 28.0, 8 / 3)

# Where the hand of an arm with three joints is, from the angles of its joints.
from math import cos, sin


def hand(angles):
    lengths = [1.0, 0.7, 0.4]
    x = 0.0
    y = 0.0
    turned = 0.0
    for angle, length in zip(angles, lengths):
        turned += angle
        x += length * cos(turned)
        y += length * sin(turned)
    return x, y


hand([0.3, 0.9, -0.5])

"""Records what portable.test.ts holds the portable functions to: python3 portable.py > portable.txt (needs mpmath).

Each line: a function, its arguments, the nearest double to the true value in hexadecimal, and the rest of the true value in
thousandths of that double's unit in the last place.
"""
import math
import random
import struct

import mpmath as M
from mpmath import mp, mpf

mp.prec = 1300
random.seed(1)


def short(x):
    return float(f"{x:.5g}")


def near(low, high, count):
    return [short(random.uniform(low, high)) for _ in range(count)]


def spread(low, high, count):
    return [short(random.choice((-1, 1)) * math.exp(random.uniform(math.log(low), math.log(high)))) for _ in range(count)]


angles = near(-4, 4, 16) + near(-1000, 1000, 10) + spread(1e-9, 1.5e6, 10) + spread(1.5e6, 1e300, 8) + [6381956970095103 * 2.0**797, 355.0, 1e22]
arcs = near(-1, 1, 20) + spread(1e-12, 1, 10) + [0.5, 0.999999, -0.9999999999]
hyperbolic = near(-1, 1, 14) + near(-25, 25, 14) + spread(1e-12, 700, 10)
functions = {
    "exp": (M.exp, near(-1, 1, 14) + near(-740, 709, 16) + spread(1e-18, 700, 8) + [709.78, -708.5, -745.1]),
    "expm1": (M.expm1, near(-1, 1, 14) + near(-40, 40, 14) + spread(1e-18, 700, 10)),
    "log": (M.log, near(0.4, 1.6, 20) + near(0, 100, 10) + [1e-320, 2e-308, 1.7e308, 0.9999999, 1.0000001]),
    "log1p": (M.log1p, near(-0.99, 1, 20) + spread(1e-18, 0.9, 14) + [1e300, 57.25]),
    "sin": (M.sin, angles), "cos": (M.cos, angles), "tan": (M.tan, angles),
    "asin": (M.asin, arcs), "acos": (M.acos, arcs),
    "atan": (M.atan, near(-4, 4, 20) + spread(1e-12, 1e18, 14)),
    "sinh": (M.sinh, hyperbolic + [710.2]), "cosh": (M.cosh, hyperbolic + [-710.2]), "tanh": (M.tanh, hyperbolic),
    "sigmoid": (lambda x: 1 / (1 + M.exp(-x)), hyperbolic),
    "erf": (M.erf, near(-1.1, 1.1, 16) + near(-6, 6, 16) + spread(1e-12, 1, 6)),
    "pow": (M.power, list(zip(near(0.01, 100, 20), near(-60, 60, 20))) + [(1.0000001, 1e9), (0.999999, -3.5e7), (1e-310, 0.3), (-3.0, 17.0), (2.0, 0.5), (-1.5, -40.0)]),
    "atan2": (M.atan2, list(zip(near(-2, 2, 20), near(-2, 2, 20))) + [(1e300, -3e299), (-4e-310, 2e-310), (3.0, 1e-9)]),
    "log2": (lambda x: M.log(x, 2), near(0.4, 1.6, 20) + near(0, 100, 10) + [1e-320, 2e-308, 1.7e308, 0.9999999, 1.0000001, 8.0, 2.0**-1074]),
}
for name, (function, points) in functions.items():
    for point in points:
        arguments = point if isinstance(point, tuple) else (point,)
        truth = function(*map(mpf, arguments))
        nearest = float(truth)
        rest = round(float((truth - mpf(nearest)) / mpf(math.ulp(nearest)) * 1000))
        print(name, ",".join(map(repr, arguments)), struct.pack(">d", nearest).hex(), rest)

# The price of a European call option, after Black and Scholes; its derivatives are "the Greeks".
import math


def normal(x):
    """The cumulative normal distribution."""
    return 0.5 * (1 + math.erf(x / math.sqrt(2)))


def call(spot, strike, rate, volatility, years):
    spread = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    d2 = d1 - spread
    return spot * normal(d1) - strike * math.exp(-rate * years) * normal(d2)


call(100.0, 110.0, 0.03, 0.25, 0.75)

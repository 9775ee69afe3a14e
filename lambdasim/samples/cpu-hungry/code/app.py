"""Computes for a while, so that a neighbour's hunger for CPU shows in its Duration."""


def handler(event, context):
    return {"sum": sum(number * number for number in range(event.get("n", 200_000)))}

"""How a powerlifting meet is run, as pure rules: classes, ages, weights, order, places and points.

Standard library and judging alone: no Django, no rows, no clock. Whatever is a figure of a federation stands in a TOML
file beside the code, or in the rule book.
"""

"""Lifts done right, and their vote on a pose. Standard library, numpy and judging only."""

"""Rendered lifters whose geometry is known: bodies, lifts, scenes, pictures and their truth."""

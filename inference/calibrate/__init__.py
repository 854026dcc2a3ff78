"""Fits joint noise and surface offsets on rendered truth. ``python -m inference.calibrate``."""

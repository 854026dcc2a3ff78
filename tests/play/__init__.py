"""A whole meet played through the public API: ``make play-meet``."""

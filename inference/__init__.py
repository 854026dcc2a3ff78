"""Bytes in, an Assessment out. No Django, no settings module. The door is ``inference.pipeline``."""

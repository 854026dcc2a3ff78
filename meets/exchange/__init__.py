"""Meets as files: read, written, checked and compared, as pure functions of bytes and values.

``sheet`` is the neutral form between files and whatever keeps a meet. Standard library, judging and meets.competition
alone: no Django, no rows, no clock.
"""

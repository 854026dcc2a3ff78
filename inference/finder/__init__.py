"""Where in the photo the lifter is, seen from the picture itself: the bar, the rack, who is under it. The door:
``finder_load()`` and ``Finder.look``.

Joints alone do not say who lifts: a spotter stands like a deadlift's end, and an engine that looks for people finds the
ones that nothing hides, who are the spotters. A small network looks at the whole picture once and says where the
lifter's head, shoulders, hips, hands, knees and feet are, or that nobody lifts. That is a hint, never a pose: an
engine may read joints there, and the choice among people (inference/lifter.py) weighs it.
"""

from inference.finder.net import Finder, finder_load, finder_seeds
from inference.finder.place import LifterPlace

__all__ = ["Finder", "LifterPlace", "finder_load", "finder_seeds"]

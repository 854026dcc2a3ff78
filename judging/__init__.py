"""What a lift must look like: a pose in, findings with their margins out. Standard library and numpy only."""

from judging.camera import Camera
from judging.judge import judge
from judging.rulebook import rulebook_ids, rulebook_load

__all__ = ["Camera", "judge", "rulebook_ids", "rulebook_load"]

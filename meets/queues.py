"""The queues' names: two per kind of engine, so that a worker gets only what its engine can do."""


def assess_queue(engine: str) -> str:
    """Photos for this kind of engine."""
    return f"assess.{engine}"


def sweep_queue(engine: str) -> str:
    """Sweeps by workers of this kind. Their own queue, served in turn with the photos': two hundred waiting photos
    must not make a worker look deaf. A sweep looks after every kind, so one worker alive is enough for all."""
    return f"sweep.{engine}"

"""Where cameras are best put: measured over many places round the same rendered lifts."""

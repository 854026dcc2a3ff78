"""A whole meet as one file, out of one site and into another (docs/backup.md)."""

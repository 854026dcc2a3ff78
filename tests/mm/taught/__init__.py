"""Small networks that were really taught something, to show the whole path right without downloads."""

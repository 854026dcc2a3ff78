"""The API: parse, ask access, call a writer or a selector, answer. No logic of its own."""

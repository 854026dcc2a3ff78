"""The gold gate: the whole line on rendered photos whose truth is known, in tables. ``python -m inference.gate``.

``run`` puts every photo through the line with what people would state of it, ``truths`` says what was true of it,
``table`` counts, ``text`` prints, ``accept`` holds the figures against those that were last accepted.
"""

"""Pictures: of an offer, of a price tag, of a receipt; kept in the store, so that one backup is enough.

Whatever is uploaded is decoded and drawn anew (``intake``): what is kept is a WebP of at most 1600 pixels
that carries nothing of the file it came from, no place, no camera, no name.
"""

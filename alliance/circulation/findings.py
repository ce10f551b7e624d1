"""What a verification finds."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: which invariant, of what, what is stored and what it should be."""

    invariant: str
    subject: str
    stored: object
    expected: object

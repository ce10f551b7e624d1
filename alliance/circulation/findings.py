"""What verification finds."""

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """Something that does not hold: which invariant, of what, what is stored and what it should be."""

    invariant: str
    subject: str
    stored: object
    expected: object


def compare(invariant: str, subject: str, stored: object, expected: object) -> Iterator[Finding]:
    """A finding, when the two differ."""
    if stored != expected:
        yield Finding(invariant, subject, stored, expected)

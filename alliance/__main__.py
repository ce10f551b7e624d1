"""``python -m alliance`` is ``alliance``."""

from alliance.cli import main

main()

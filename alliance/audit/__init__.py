"""Audit: who did what to which object, when and from where. Entries are only ever added."""

"""Zones (园区/片区): the tree of subdistricts and townships in which enterprises and outlets stand.

A zone is known by its 12-digit division code. Figures are asked for a zone and mean its whole subtree.
"""

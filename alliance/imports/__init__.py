"""Imports (导入): spreadsheets of zones, enterprises, outlets, staff, offers and past redemptions.

A file is read and checked as a whole before the store is touched. What cannot be taken is named by row,
field, reason and remedy, and written to a file that can be corrected and imported again. Each kind has a
module that says which columns it knows and how a row becomes created, updated or unchanged.
"""

"""Circulation (流通): who spends where inside the zone, exact to the 分.

Past days are derived into thin tables; today and every day with a dirty mark is read from the facts. The
measures are pure functions. ``verify`` recomputes whatever is stored and names the first difference.
"""

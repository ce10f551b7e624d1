"""Redemptions (核销): the scan, the one write, its reversal, and the attempts that were refused.

A redemption freezes what was true when it happened, and nothing rewrites it. A reversal is a row of its own
with negative amounts. Both are facts: every figure of the alliance can be recomputed from them.
"""

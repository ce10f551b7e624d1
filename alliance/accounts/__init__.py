"""Accounts: who may sign in, and in which capacities (grants).

An account is a phone number. One person can be cashier here and employee there: each capacity is a grant
with a role and the scope it holds for. Sign-ins are rows, so that revoking one takes effect at once.
"""

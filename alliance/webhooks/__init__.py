"""Webhooks (接口通知): telling a merchant's own systems what happened at its counters.

An event is one row in the outbox, written in the transaction of the fact it tells of, and only when an
endpoint of the merchant wants it. The worker's courier turns events into deliveries, one for each endpoint,
and sends each until it is answered with 2xx or three days are over; every attempt is logged. Nothing is ever
sent to an address that is not public.
"""

"""Offers (优惠): what a merchant grants, revision by revision.

A revision's terms never change. It is submitted by the merchant and approved or returned by the organizer;
the newest approved revision of an offer that is not withdrawn is what counters grant on its days.
"""

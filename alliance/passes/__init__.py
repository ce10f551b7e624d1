"""Passes (会员码): what entitles a holder, and the credentials the alliance signs for it.

A credential is a CWT in COSE_Sign1 (ES256), carried by a QR code as Base45 text. It names no person: it
holds a status index, which only the alliance's own store can turn into a holder.
"""

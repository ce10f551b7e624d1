"""Enterprises (成员企业) and their outlets (门店).

An enterprise may be employer, merchant or both and is known by its 统一社会信用代码. An outlet belongs to
one enterprise and stands in a zone. Both zones are effective-dated: moving never rewrites history.
"""

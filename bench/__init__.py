"""How fast a redemption is, beside what the machine could do at best: ``make bench``.

Three programs write the same rows into the same durable PostgreSQL, in turns: pgbench in one statement (a), a
bare Flask view with as many statements as the product (b), and ``POST /api/v1/redemptions`` as it is
served (c). The ratios travel from machine to machine; the figures per second do not.
"""

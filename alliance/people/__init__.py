"""People: holders (持码人) and their effective-dated employment (任职).

A holder is an employee or an employee's dependant; the two together are a household. Whether a holder is
entitled on a day follows from employment alone, so marking a leaver is all it takes to end every pass.
"""

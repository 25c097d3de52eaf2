"""The rules of the ledger, by what they compare."""

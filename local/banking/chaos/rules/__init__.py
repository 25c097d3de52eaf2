"""The rules of the ledger, by what they compare. `local.banking.chaos.ledger` lists them all."""

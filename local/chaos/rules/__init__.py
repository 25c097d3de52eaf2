"""The rules of the ledger, by what they hold against each other; `local.chaos.ledger` has them all."""

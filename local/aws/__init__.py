"""Deploys to AWS and takes the deployment away again: `make deploy` and `make destroy`.

The templates are in `infra/`. This package fills in their parameters, deploys them in the right order
and checks that the result answers. Only the operator uses it; the functions import nothing of it.
"""

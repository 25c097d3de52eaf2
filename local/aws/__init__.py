"""Deploys to AWS, and takes away again: what `make deploy` and `make destroy` run.

The templates are in `infra/`; this package fills them in, sends them in the right order and looks
whether the result answers. It is the operator's side: the functions import nothing of it.
"""

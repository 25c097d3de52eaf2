#!/bin/sh
# The same as `make health`: exit 1 when something is down.
cd "$(dirname "$0")/.." && exec .venv/bin/python -m local health

"""Looks at everything that app.events stands on, and writes down what was found."""

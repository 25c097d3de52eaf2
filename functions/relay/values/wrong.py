"""The error of a value that cannot be used. Who meets it refuses the item, or leaves the value out."""


class WrongValue(ValueError):
    """A value is missing, of the wrong type, malformed or out of range; the text is a sentence."""

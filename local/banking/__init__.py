"""The banks' side of banking: a consumer, a demo, measurements and fault runs."""

"""The way out: every HTTP request that leaves for a stranger's server goes through this package.

`client.py` is what a sender uses. It keeps to rules that hold for every receiver: only public addresses,
one deadline, bounded answers, no redirects, no proxies, no cookies. What a request says and what an
answer means is the sender's. h11 is loaded by `connection.py` and by nothing else.
"""

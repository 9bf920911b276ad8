"""What Huiyou costs, measured beside its peers: `make bench`, or `python -m bench.run [names…]`."""

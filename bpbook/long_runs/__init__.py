"""What takes too long for a notebook: each module makes the results of one run, see `bpbook/results.py`."""

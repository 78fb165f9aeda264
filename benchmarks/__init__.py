"""One program for each headline number, measured beside a real peer: ``python -m benchmarks.NAME --json FILE``."""

"""The applications that `benchmarks.applications` measures, a module each, which has ``run() -> (results, ratios)``."""

"""Neural networks in Keras, backend-neutral. Models and weight loaders; no training loops."""

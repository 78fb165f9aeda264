"""Makes models small: each method works on any Keras model."""

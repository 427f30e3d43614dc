"""The study file: frozen models of what it may say, and the studies read from it."""

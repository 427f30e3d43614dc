"""Fuzzing of every reader: small valid files, changed by rules that know their form, must give a result or one message."""

"""Numba loops: arrays in, arrays out, no checks.

Every other room reaches compiled code through these modules, and only here is numba imported. Callers check their
arguments first; a kernel trusts them. Times are int32 deciseconds, and `FAR` stands for "not reached".
"""

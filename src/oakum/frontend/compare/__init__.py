"""Compares what a contract grants, what traffic shows to be sent, and what pages use.

The law of this package: what was not seen is *not known*, never *fine* and never *excess*.
"""

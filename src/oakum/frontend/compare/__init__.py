"""Compares what a contract grants, what traffic shows to be sent, and what pages use.

What was not observed is *not known*, never *fine* and never *excess*.
"""

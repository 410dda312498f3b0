"""Faults on purpose: files from strangers, and kills."""

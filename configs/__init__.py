"""Configs, one a method and data set, for --config=configs/NAME.py."""

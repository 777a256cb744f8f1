"""The record: what happened. Imports nothing of ours."""

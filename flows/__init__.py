"""Prefect flows: thin shells around the domain, one flow a file."""

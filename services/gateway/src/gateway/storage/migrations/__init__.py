"""Migrations of schema gateway."""

"""Credentials of both sides, tokens, keys, consent grants and partner configuration."""

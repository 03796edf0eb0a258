"""SQL of the schema credentials, applied by `bridge database migrate`."""

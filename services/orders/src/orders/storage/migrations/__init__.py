"""SQL of the schema `orders`, in order."""

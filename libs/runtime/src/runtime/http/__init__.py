"""HTTP servers: the internal one each service has, problems, request ids."""

"""Everything SmartRecruiters, candidates and administrators reach from outside."""

from gateway.http.server.application import create_app

__all__ = ["create_app"]

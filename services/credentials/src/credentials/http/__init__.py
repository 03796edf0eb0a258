"""HTTP in (server) and out (client of SmartRecruiters)."""

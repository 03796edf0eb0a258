"""Everything SmartRecruiters, candidates and administrators reach from outside."""

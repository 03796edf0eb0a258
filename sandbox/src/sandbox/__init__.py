"""A SmartRecruiters simulator: what we call and what calls us."""

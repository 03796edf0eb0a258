"""Use cases: what SmartRecruiters does of its own accord."""

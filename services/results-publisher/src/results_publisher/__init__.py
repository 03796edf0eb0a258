"""Updates of engines, published to SmartRecruiters."""

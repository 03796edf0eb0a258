"""What the sandbox serves: SmartRecruiters' API, the admin API, and pages for a person."""

"""HTTP: SmartRecruiters' resources (out), the API and the console (in)."""

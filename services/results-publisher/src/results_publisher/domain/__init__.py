"""Pure rules: how updates become deliveries, what SmartRecruiters is sent, and when it is tried again."""

"""Events and SmartRecruiters wire models of the assessment bridge."""

"""Events and SmartRecruiters wire models of the assessment bridge.

An engine team installs this package alone: it needs pydantic and nothing else.
"""

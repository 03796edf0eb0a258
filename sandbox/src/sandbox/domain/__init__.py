"""SmartRecruiters' rules and memory, without clock, randomness or network of their own."""

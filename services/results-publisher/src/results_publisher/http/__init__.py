"""HTTP: out to SmartRecruiters and to engines' files, in from operators."""

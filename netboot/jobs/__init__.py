"""Values and pure rules of a job: profile, policy, which PC and disks it is about, and what a report proves."""

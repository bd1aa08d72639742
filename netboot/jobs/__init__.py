"""The parts of a job, as values and pure rules: profile, policy, which PC, which disks, and what a report proves."""

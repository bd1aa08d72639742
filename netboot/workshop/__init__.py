"""The heart of the server: it meets each PC's agent (greeting.py) and turns a person's choice into a job."""

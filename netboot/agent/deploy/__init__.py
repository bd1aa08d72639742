"""The deploy stage (stage.py): a signed master onto the disk that was ordered, chunk by chunk."""

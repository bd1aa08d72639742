"""The customise stage (stage.py): a deployed master becomes this PC's own system, grown to its disk."""

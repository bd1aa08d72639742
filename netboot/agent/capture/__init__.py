"""The capture stage (stage.py): the disk of a prepared PC, read and sent to the server, which makes a master of it."""

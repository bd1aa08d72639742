"""The erase stage (stage.py): each ordered disk by its method, with evidence of its own."""

"""Making a master: built from a recipe (build.py), or taken in from a disk image (importing.py).

`command_line.py` is what `netboot master` does, with masters that are in the store as well.
Loads none of them: the command line reads `options.py` whatever command is given.
"""

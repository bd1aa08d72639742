"""python -m netboot: the same as the command `netboot`."""

import sys

from netboot.cli import main

sys.exit(main())

"""The boot menu of one PC, from menus/: its entries, its digits, and the ticket that proves what was picked."""

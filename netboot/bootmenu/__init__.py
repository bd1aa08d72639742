"""The boot menu of one PC: its entries, the code it asks for, and the ticket that proves what was picked."""

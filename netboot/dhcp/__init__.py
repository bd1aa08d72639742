"""DHCP for PCs that boot from the network: what each is told, whoever gives the addresses.

Three modes: beside the building's server (proxy_offer.py), one offer made together with it (merged.py), or as the DHCP
server of a switch of our own (full.py). Each is one `DhcpCore` (core.py), which decides without I/O; service.py has the
sockets for any of them.
"""

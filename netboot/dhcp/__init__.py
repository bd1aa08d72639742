"""DHCP for PCs that boot from the network: what each is told, whoever gives the addresses.

Beside the building's server (netboot/dhcp/proxy_offer.py), as one offer made with it (merged.py), or as the server of a
switch of our own (full.py): every way is one core behind the seam of core.py, and service.py has the sockets of any of
them.
"""

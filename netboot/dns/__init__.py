"""DNS: the name server of an isolated switch, and updates of the building's DNS."""

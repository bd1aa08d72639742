"""Who a person is to the page (passwords, sessions), and the keys that this server signs with."""

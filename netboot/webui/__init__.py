"""The web page for people: handlers, texts and templates; the routes are in netboot/web.py."""
